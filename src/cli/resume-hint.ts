import { SealpartError } from '../errors.ts';
import type { CliContext } from './cli-context.ts';
import { oneLine } from './one-line.ts';

/** The command line that goes on with what this one has left, as a shell takes it. */
export function resumeCommand(argv: readonly string[]): string {
  const once: ReadonlySet<string> = new Set(['--no-resume', '--take-over']);
  return ['sealpart', ...argv.filter((argument) => !once.has(argument))].map(shellWord).join(' ');
}

/** A word that no shell takes apart. */
function shellWord(text: string): string {
  // What a message has to escape would be another name then: in this form shells know escapes too.
  if (oneLine(text) !== text) return `$'${Array.from(text, inEscapes).join('')}'`;
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Bytes and not code points, which shells write as their locale says. */
function inEscapes(character: string): string {
  if (oneLine(character) === character && !`\\'`.includes(character)) return character;
  return Buffer.from(character).toString('hex').replace(/../g, '\\x$&');
}

/**
 * The error of a run whose upload can be gone on with, and how.
 *
 * @param left the ids of its uploads
 */
export function withResumeHint(error: unknown, left: readonly string[], { argv, signal }: CliContext): unknown {
  if (left.length === 0 || !(error instanceof SealpartError)) return error;
  const stopped = signal.aborted ? `Stopped by ${signal.reason.cause ?? 'its caller'}.` : error.message;
  const kept = left.length === 1 ? `What was sent is kept as upload ${left[0]}` : 'What was sent is kept';
  const text = `${stopped} ${kept}. To go on: ${resumeCommand(argv)}`;
  return new SealpartError(error.code, text, { cause: error, segment: error.segment, frame: error.frame });
}
