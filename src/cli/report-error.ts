import { type ErrorCode, SealpartError } from '../errors.ts';
import type { TextOutput } from './cli-context.ts';
import { isForWantOfMemory } from './exit-codes.ts';
import { jsonLine, oneLine } from './one-line.ts';
import { UsageError } from './usage-error.ts';

/** What messages of the library call by the names of its options, and what the command line calls it. */
const flagNames: Readonly<Record<string, string>> = {
  allowPublicKeyRecipients: '--allow-public-key',
};

/** What a flag can do about a refusal, where the message cannot know of flags. */
const flagAdvice: Partial<Record<ErrorCode, string>> = {
  'wrong-object': '(On the command line: --any-name, or decrypt without --object-name.)',
  owned: '(On the command line: --take-over.)',
  denied: '(On the command line: --profile NAME.)',
  manifest: '(--manifest sqlite:PATH takes another one; put can do without, with --manifest none.)',
};

/** An error as it is told: what JSON has of it. */
export interface ReportedError {
  readonly code: ErrorCode | 'usage' | 'internal';
  readonly message: string;
  readonly segment?: number | undefined;
  readonly frame?: number | undefined;
}

/** Says what went wrong on one line: for people, or as `{"error":{…}}`. */
export function reportError(error: unknown, output: TextOutput, json: boolean): void {
  const reported = describeError(error);
  if (json) {
    output.write(`${jsonLine({ error: reported })}\n`);
    return;
  }
  output.write(`sealpart: ${reported.code}: ${reported.message}\n`);
  // Nobody can act on a bug but those who fix it, and they need to know where it is.
  if (reported.code === 'internal' && error instanceof Error && error.stack) output.write(`${error.stack}\n`);
}

export function describeError(error: unknown): ReportedError {
  if (error instanceof UsageError) return { code: 'usage', message: oneLine(error.message) };
  if (error instanceof SealpartError) {
    const { code, segment, frame } = error;
    return { code, message: messageOf(error), segment, frame };
  }
  const what = error instanceof Error ? error.message : String(error);
  return {
    code: 'internal',
    message: oneLine(`${what.replace(/\.$/, '')}. This is a bug in sealpart: please report it.`),
  };
}

function messageOf(error: SealpartError): string {
  let message = error.message;
  for (const [option, flag] of Object.entries(flagNames)) message = message.replaceAll(option, flag);
  const advice = isForWantOfMemory(error) ? '(On the command line: --memory SIZE.)' : flagAdvice[error.code];
  return oneLine(advice === undefined ? message : `${message} ${advice}`);
}
