import { checksumDiffers, type Failure, timeoutCode, unreadableAnswer } from './failure.ts';

/**
 * What to do about a failure. `retry`: the same again after a while. `throttled`: the same, and fewer requests at a time.
 * `clock`: the same with the store's time. `expired`: the same with fresh credentials. `redirect`: the same in the region
 * that the answer names. `final`: nothing.
 */
export type Remedy = 'retry' | 'throttled' | 'clock' | 'expired' | 'redirect' | 'final';

const throttlingCodes = new Set([
  'SlowDown',
  'SlowDownRead',
  'SlowDownWrite',
  'ServiceUnavailable',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestLimitExceeded',
  'BandwidthLimitExceeded',
  'TooManyRequests',
  'TooManyRequestsException',
]);

/** What goes wrong on the way, whatever status says so: the next time it may go well. */
const transientCodes = new Set([
  'InternalError',
  // Another request to the same thing was in the way: S3 asks to try again.
  'OperationAborted',
  'RequestTimeout',
  'IncompleteBody',
  'BadDigest',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
  unreadableAnswer,
  checksumDiffers,
]);

const expiredCodes = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'RequestExpired']);

const corruptionCodes = new Set([
  'BadDigest',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
  checksumDiffers,
]);

/** True if bytes arrived as others than were sent: on the way if it does not happen every time, before it otherwise. */
export function isCorruption(failure: Failure): boolean {
  return corruptionCodes.has(failure.code);
}

/** What the network says that trying again does not change: the other side is not who it should be. */
const untrustedPeer = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT)/;

export function remedyFor(failure: Failure): Remedy {
  const { code, status } = failure;
  if (status === undefined) return untrustedPeer.test(code) ? 'final' : 'retry';
  if (throttlingCodes.has(code)) return 'throttled';
  if (transientCodes.has(code)) return 'retry';
  if (expiredCodes.has(code)) return 'expired';
  if (code === 'RequestTimeTooSkewed') return 'clock';
  if (regionOf(failure) !== undefined) return 'redirect';
  // The answer to a HEAD has no body to say that credentials have expired.
  if (status === 400 && code === '' && failure.message === '') return 'expired';
  // An error inside of an answer that began with 200 is given 500 for a status: only its code counts.
  if (code !== '' && isRefusal(code)) return 'final';
  if (status === 503 || status === 429) return 'throttled';
  return status === 500 || status === 502 || status === 504 ? 'retry' : 'final';
}

/** The region that an answer says the bucket is in, if that is the error. */
export function regionOf(failure: Failure): string | undefined {
  const { code, status = 0, headers } = failure;
  const isRedirect = status === 301 || status === 307 || code === 'AuthorizationHeaderMalformed';
  // The answer to a HEAD has no body, so nothing but the header says why it is refused.
  const isBareRefusal = status === 400 && code === '';
  if (!isRedirect && !isBareRefusal) return undefined;
  const region = headers['x-amz-bucket-region'] ?? failure.region;
  // It becomes part of a host name that is sent signed requests.
  return region !== undefined && /^[a-z]{2,}(?:-[a-z0-9]+){1,5}$/.test(region) ? region : undefined;
}

export function isTimeout(failure: Failure): boolean {
  return failure.code === timeoutCode || failure.code === 'RequestTimeout';
}

/** True if the request may have had its effect all the same: the store did not refuse it, its answer was lost. */
export function mayHaveHappened(failure: Failure): boolean {
  const { status, code } = failure;
  if (status === undefined) return failure.isUnsent !== true;
  return status < 300 || (status >= 500 && status !== 501) || code === checksumDiffers;
}

const refusalCodes = new Set([
  'AccessDenied',
  'InvalidPart',
  'InvalidPartOrder',
  'EntityTooSmall',
  'EntityTooLarge',
  'MalformedXML',
  'InvalidArgument',
  'InvalidRequest',
  'NoSuchBucket',
  'NoSuchKey',
  'NoSuchUpload',
  'PreconditionFailed',
  'ConditionalRequestConflict',
  'SignatureDoesNotMatch',
  'InvalidAccessKeyId',
  'NotImplemented',
]);

function isRefusal(code: string): boolean {
  return refusalCodes.has(code);
}
