import { type ErrorCode, isRefusal, SealpartError } from '../errors.ts';
import { UsageError } from './usage-error.ts';

/** What the process ends with; the help lists them. */
export const exitCodes = {
  done: 0,
  failure: 1,
  usage: 2,
  refused: 3,
  noKey: 4,
  store: 5,
  sourceChanged: 6,
  owned: 7,
} as const;

/** What a shell reports for a process that a signal ended: 128 and the signal's number. */
const signalCodes: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

const byCode: Partial<Record<ErrorCode, number>> = {
  'no-recipient': exitCodes.noKey,
  'header-auth': exitCodes.noKey,
  store: exitCodes.store,
  denied: exitCodes.store,
  conflict: exitCodes.store,
  'invalid-part': exitCodes.store,
  precondition: exitCodes.store,
  'kms-unavailable': exitCodes.store,
  'source-changed': exitCodes.sourceChanged,
  owned: exitCodes.owned,
  // On the command line these come from what was asked for: flags, key files, names, ranges.
  'bad-parameters': exitCodes.usage,
  'bad-key': exitCodes.usage,
  'bad-name': exitCodes.usage,
  'bad-range': exitCodes.usage,
};

const storeFailures = new WeakSet<SealpartError>();

/** Remembers that a code which files and stores share (`not-found`) was a store's. */
export function blameStore(error: unknown): void {
  if (error instanceof SealpartError) storeFailures.add(error);
}

/** @param signal what the command was to stop at: if it fired, that is why the command ended. */
export function exitCodeOf(error: unknown, signal: AbortSignal): number {
  if (signal.aborted && signal.reason instanceof SealpartError) {
    return signalCodes[String(signal.reason.cause)] ?? exitCodes.failure;
  }
  if (error instanceof UsageError) return exitCodes.usage;
  if (!(error instanceof SealpartError)) return exitCodes.failure;
  const known = byCode[error.code];
  if (known !== undefined) return known;
  if (isRefusal(error)) return exitCodes.refused;
  return error.code === 'not-found' && storeFailures.has(error) ? exitCodes.store : exitCodes.failure;
}
