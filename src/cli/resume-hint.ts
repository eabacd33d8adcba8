import { SealpartError } from '../errors.ts';
import type { CliContext } from './cli-context.ts';

/** The command line that goes on with what this one has left, as a shell takes it. */
export function resumeCommand(argv: readonly string[]): string {
  const once: ReadonlySet<string> = new Set(['--no-resume', '--take-over']);
  return ['sealpart', ...argv.filter((argument) => !once.has(argument))].map(shellWord).join(' ');
}

/** A word that no shell takes apart. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
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
