import { type FailureCode, isRefusal, SealpartError } from '../errors.ts';
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
const signalCodes: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** Named one by one, so that no code is without a decision. */
const ofFailures: Readonly<Record<FailureCode, number>> = {
  aborted: exitCodes.failure,
  exists: exitCodes.failure,
  'not-found': exitCodes.failure,
  'not-seekable': exitCodes.failure,
  io: exitCodes.failure,
  manifest: exitCodes.failure,
  'manifest-corrupt': exitCodes.failure,
  worker: exitCodes.failure,
  // On the command line these come from what was asked for: flags, key files, names, ranges.
  'bad-parameters': exitCodes.usage,
  'bad-key': exitCodes.usage,
  'bad-name': exitCodes.usage,
  'bad-range': exitCodes.usage,
  store: exitCodes.store,
  denied: exitCodes.store,
  conflict: exitCodes.store,
  'invalid-part': exitCodes.store,
  precondition: exitCodes.store,
  'kms-unavailable': exitCodes.store,
  'source-changed': exitCodes.sourceChanged,
  owned: exitCodes.owned,
};

const storeFailures = new WeakSet<SealpartError>();

/** Remembers that a code which files and stores share (`not-found`) was a store's. */
export function blameStore(error: unknown): void {
  if (error instanceof SealpartError) storeFailures.add(error);
}

/**
 * True for what was found out at a segment: that this data needs more memory than was given. Nobody could have known it
 * from the command line, and whoever made the data decides it: a script must not take it for a mistake of its own.
 */
export function isForWantOfMemory({ code, segment }: SealpartError): boolean {
  return code === 'bad-parameters' && segment !== undefined;
}

/** @param signal what the command was to stop at: if it fired, that is why the command ended. */
export function exitCodeOf(error: unknown, signal: AbortSignal): number {
  if (signal.aborted && signal.reason instanceof SealpartError) {
    return signalCodes[String(signal.reason.cause)] ?? exitCodes.failure;
  }
  if (error instanceof UsageError) return exitCodes.usage;
  if (!(error instanceof SealpartError)) return exitCodes.failure;
  if (isRefusal(error)) return isForWantOfKey(error) ? exitCodes.noKey : exitCodes.refused;
  if (isForWantOfMemory(error)) return exitCodes.failure;
  if (error.code === 'not-found' && storeFailures.has(error)) return exitCodes.store;
  return ofFailures[error.code as FailureCode];
}

function isForWantOfKey({ code }: SealpartError): boolean {
  return code === 'no-recipient' || code === 'header-auth';
}
