/**
 * What a reader of the stream format refuses (docs/format.md §6). Each means that the bytes at hand, or the keys
 * for them, are not what the reader was promised; none is worth a retry with the same bytes.
 */
export const refusalCodes = [
  'truncated',
  'bad-magic',
  'unsupported',
  'bad-header',
  'crc-mismatch',
  'no-recipient',
  'header-auth',
  'wrong-object',
  'segment-order',
  'bad-segment',
  'bad-frame',
  'frame-auth',
  'digest-mismatch',
  'bad-payload',
  'stream-digest-mismatch',
  'bad-index',
  'trailing-data',
] as const;

export type RefusalCode = (typeof refusalCodes)[number];

/**
 * Everything else that can go wrong in the world around a stream.
 *
 * | code | what happened |
 * |---|---|
 * | `aborted` | the caller's AbortSignal fired |
 * | `bad-parameters` | sizes, suites or names that the format or the memory budget does not allow |
 * | `bad-key` | a key, identity, recipient or passphrase that cannot be read or does not parse |
 * | `bad-name` | a bucket or a key that a store cannot hold, or a stream not be bound to |
 * | `bad-range` | a range that the content does not have |
 * | `kms-unavailable` | a key service did not answer or denied: worth a retry |
 * | `not-found` | no such file, bucket, object or upload |
 * | `exists` | something stands where a new thing should be made |
 * | `not-seekable` | an indexed stream from an input that cannot be sought |
 * | `io` | the file system or a pipe failed |
 * | `store` | the object store failed, or cannot be reached |
 * | `denied` | the object store refused the credentials, or what they asked for |
 * | `conflict` | another write to the same object stood in the way of this one |
 * | `invalid-part` | the store does not hold a part as the list given to complete says |
 * | `precondition` | a condition on an object's present state did not hold |
 * | `source-changed` | the source is not what it was when the work began |
 * | `owned` | another process owns the upload |
 * | `manifest` | the manifest cannot be opened, read or written |
 * | `manifest-corrupt` | an item of the manifest is not what was written, or was written under another key |
 * | `worker` | a worker thread died or failed, and sealing again did not help |
 */
export const failureCodes = [
  'aborted',
  'bad-parameters',
  'bad-key',
  'bad-name',
  'bad-range',
  'kms-unavailable',
  'not-found',
  'exists',
  'not-seekable',
  'io',
  'store',
  'denied',
  'conflict',
  'invalid-part',
  'precondition',
  'source-changed',
  'owned',
  'manifest',
  'manifest-corrupt',
  'worker',
] as const;

export type FailureCode = (typeof failureCodes)[number];
export type ErrorCode = RefusalCode | FailureCode;

/** What an error can say about where it happened. */
export interface ErrorEvidence {
  /** The segment_index that was met, as the stream numbers it. */
  readonly segment?: number | undefined;
  /** The frame_index inside that segment. */
  readonly frame?: number | undefined;
  /** Set if it is a bucket that is not found, and not what stands in it. */
  readonly missing?: 'bucket' | undefined;
  /** The object store's own word for it (`NoSuchVersion`), if it was the store that said so. */
  readonly said?: string | undefined;
  /** The sentence that the store said with it, which is about what it was asked for. */
  readonly saidWhy?: string | undefined;
  /** The error that this one explains. */
  readonly cause?: unknown;
}

/** The one error class of the library: a stable `code`, where it happened, and the cause it explains (docs/format.md §6.1). */
export class SealpartError extends Error {
  override readonly name = 'SealpartError';
  readonly code: ErrorCode;
  readonly segment?: number;
  readonly frame?: number;
  readonly missing?: 'bucket';
  readonly said?: string;
  readonly saidWhy?: string;

  constructor(code: ErrorCode, message: string, evidence: ErrorEvidence = {}) {
    super(message, evidence.cause === undefined ? undefined : { cause: evidence.cause });
    this.code = code;
    if (evidence.segment !== undefined) this.segment = evidence.segment;
    if (evidence.frame !== undefined) this.frame = evidence.frame;
    if (evidence.missing !== undefined) this.missing = evidence.missing;
    if (evidence.said !== undefined) this.said = evidence.said;
    if (evidence.saidWhy !== undefined) this.saidWhy = evidence.saidWhy;
  }
}

const refusals: ReadonlySet<string> = new Set(refusalCodes);

/** True for an error that says the data or the keys were refused, as opposed to a failure around them. */
export function isRefusal(error: unknown): error is SealpartError & { readonly code: RefusalCode } {
  return error instanceof SealpartError && refusals.has(error.code);
}

/** The error that a wait ends with when its signal fires: keeps a reason that is already typed. */
export function abortError(signal: AbortSignal): SealpartError {
  if (signal.reason instanceof SealpartError) return signal.reason;
  return new SealpartError('aborted', 'The operation was cancelled.', { cause: signal.reason });
}

/** Throws the abort error if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}
