import { type ErrorCode, SealpartError } from '../../errors.ts';
import { objectLabel, quoted } from '../directory/names.ts';
import { checksumDiffers, type Failure, unreadableAnswer } from './failure.ts';
import { regionOf, remedyFor } from './retry-policy.ts';

/** What a request is about, for the message of its error. */
export interface Subject {
  readonly bucket: string;
  readonly key?: string;
  readonly uploadId?: string;
  /** The operation that was asked for by its name. */
  readonly operation?: string;
}

/** A request that failed for good. */
export interface FailedCall {
  readonly storeName: string;
  /** Completes the sentence "the store could not …". */
  readonly doing: string;
  readonly subject: Subject;
  /** How often it was sent. */
  readonly attempts: number;
  /** True if an attempt before the last one may have had its effect. */
  readonly mayHaveHappened: boolean;
  /** Why it was not tried again, if it might have been. */
  readonly gaveUp?: string;
}

const codesOfWords: Readonly<Record<string, ErrorCode>> = {
  NoSuchBucket: 'not-found',
  NoSuchKey: 'not-found',
  NoSuchUpload: 'not-found',
  NoSuchVersion: 'not-found',
  PreconditionFailed: 'precondition',
  BucketNotEmpty: 'conflict',
  ConditionalRequestConflict: 'conflict',
  InvalidPart: 'invalid-part',
  InvalidPartOrder: 'invalid-part',
  EntityTooSmall: 'invalid-part',
  InvalidRange: 'bad-range',
  InvalidArgument: 'bad-parameters',
  InvalidRequest: 'bad-parameters',
  InvalidStorageClass: 'bad-parameters',
  InvalidTag: 'bad-parameters',
  MetadataTooLarge: 'bad-parameters',
  BucketAlreadyExists: 'exists',
  BucketAlreadyOwnedByYou: 'exists',
  KeyTooLongError: 'bad-name',
  InvalidBucketName: 'bad-name',
  // What stores say that keep objects in files of their names.
  DirectoryObjectContainsData: 'bad-name',
  ExistingObjectIsDirectory: 'bad-name',
  ObjectParentIsFile: 'bad-name',
  XMinioInvalidObjectName: 'bad-name',
  AccessDenied: 'denied',
  AllAccessDisabled: 'denied',
  AccountProblem: 'denied',
  AuthorizationHeaderMalformed: 'denied',
  ExpiredToken: 'denied',
  ExpiredTokenException: 'denied',
  InvalidAccessKeyId: 'denied',
  InvalidSecurity: 'denied',
  InvalidToken: 'denied',
  NotSignedUp: 'denied',
  RequestExpired: 'denied',
  RequestTimeTooSkewed: 'denied',
  SignatureDoesNotMatch: 'denied',
  TokenRefreshRequired: 'denied',
};

const codesOfStatuses: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'denied'],
  [403, 'denied'],
  [404, 'not-found'],
  [412, 'precondition'],
  [416, 'bad-range'],
]);

const advice: Readonly<Record<string, string>> = {
  AccessDenied: 'these credentials may not do that, give others or a permission to them',
  ExpiredToken: 'the session of these credentials is over, log in again',
  InvalidAccessKeyId: 'the store does not know this access key, look at the credentials and the endpoint',
  SignatureDoesNotMatch: 'look at the secret access key',
  NotImplemented: 'the store cannot do that',
  XAmzContentChecksumMismatch: 'the bytes that arrived are not those that were meant (BadDigest)',
  EntityTooSmall: 'all parts but the last must be larger',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "give the certificate of the store's authority",
  SELF_SIGNED_CERT_IN_CHAIN: "give the certificate of the store's authority",
  DEPTH_ZERO_SELF_SIGNED_CERT: "give the store's certificate as its authority",
  ECONNREFUSED: 'nothing listens there, look at the endpoint',
  ENOTFOUND: 'there is no such host, look at the endpoint and the region',
};

/** What a caller is told of a request that failed. */
export function storeError(failure: Failure, call: FailedCall): SealpartError {
  const code = codeOf(failure, call.subject);
  const missing = failure.code === 'NoSuchBucket' ? 'bucket' : undefined;
  return new SealpartError(code, messageOf(code, failure, call), {
    cause: failure.cause,
    missing,
    said: wordOf(failure),
    saidWhy: failure.message || undefined,
  });
}

/** The store's own word, if it was the store that said it and it looks like one. */
function wordOf({ status, code }: Failure): string | undefined {
  if (status === undefined || code === unreadableAnswer || code === checksumDiffers) return undefined;
  return /^[A-Za-z0-9.]{1,64}$/.test(code) ? code : undefined;
}

function codeOf(failure: Failure, { operation }: Subject): ErrorCode {
  const { code, status = 0 } = failure;
  if (regionOf(failure) !== undefined) return 'store';
  // hasOwn, because a store may call its error "constructor".
  if (Object.hasOwn(codesOfWords, code)) return codesOfWords[code]!;
  // What was asked for by name is made up by whoever asked: the store finds fault with that.
  const isRefused = code === 'NotImplemented' || (status === 400 && code !== '' && remedyFor(failure) === 'final');
  if (operation !== undefined && isRefused) return 'bad-parameters';
  return codesOfStatuses.get(status) ?? 'store';
}

function messageOf(code: ErrorCode, failure: Failure, call: FailedCall): string {
  const { storeName, doing, subject } = call;
  const said = whatWasSaid(failure, call);
  if (code === 'not-found' && isAboutName(failure, subject))
    return `${whatIsMissing(failure, subject, storeName)}${afterDoubt(call)} (${said}).`;
  if (code === 'precondition') {
    return `${storeName} could not ${doing}: the object is not in the state that was asked for${afterDoubt(call)} (${said}).`;
  }
  if (failure.code === 'RequestTimeTooSkewed')
    return `${storeName} could not ${doing}: ${clockText(failure)} (${said}).`;
  const redirect = redirectText(failure);
  if (redirect !== undefined) return `${storeName} could not ${doing}: ${redirect} (${said}).`;
  const hint = Object.hasOwn(advice, failure.code) ? `; ${advice[failure.code]}` : '';
  return `${storeName} could not ${doing}: ${said}${hint}${afterDoubt(call)}.`;
}

/** False if it is a configuration that is missing, and not what has a name. */
function isAboutName({ code }: Failure, { operation }: Subject): boolean {
  return operation === undefined || code === '' || Object.hasOwn(codesOfWords, code);
}

function whatIsMissing(failure: Failure, subject: Subject, storeName: string): string {
  const { bucket, key, uploadId } = subject;
  const isBucket = failure.code === 'NoSuchBucket' || key === undefined;
  if (isBucket) return `There is no bucket ${quoted(bucket)} in ${storeName}`;
  const label = objectLabel({ bucket, key });
  if (uploadId !== undefined) {
    // Not every store has the word for it.
    const word = failure.code === 'NoSuchUpload' ? '' : ' (NoSuchUpload)';
    const upload = `There is no upload ${quoted(uploadId)} of ${label} in ${storeName}${word}`;
    return `${upload}: it was completed, aborted or never begun`;
  }
  const bare = failure.code === 'NoSuchKey' || failure.code === 'NoSuchVersion' ? '' : ', or no such bucket';
  return `There is no object ${label} in ${storeName}${bare}`;
}

/** What the store said, and how often it was asked: `503 SlowDown, "Please …", 8 attempts, request 17A`. */
function whatWasSaid(failure: Failure, call: FailedCall): string {
  const { status, code, message, requestId } = failure;
  const parts: string[] = [];
  if (status === undefined) parts.push(message === '' ? code : message[0]!.toLowerCase() + message.slice(1));
  else parts.push(`the store answered ${status}${code === '' ? '' : ` ${code}`}`, ...(message === '' ? [] : [message]));
  if (call.attempts > 1) parts.push(`${call.attempts} attempts`);
  if (call.gaveUp !== undefined) parts.push(call.gaveUp);
  if (requestId !== undefined) parts.push(`request ${requestId}`);
  return parts.map((part) => part.replace(/[.,;\s]+$/, '')).join(', ');
}

function afterDoubt(call: FailedCall): string {
  return call.mayHaveHappened ? '; an attempt whose answer was lost may have done it all the same' : '';
}

function clockText(failure: Failure): string {
  const dateMs = Date.parse(failure.headers.date ?? '');
  if (Number.isNaN(dateMs)) return "this machine's clock and the store's differ: set the clock";
  const aheadMs = Date.now() - dateMs;
  const off = `${durationText(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} the store's`;
  return `this machine's clock is ${off}: set the clock`;
}

function durationText(durationMs: number): string {
  const minutes = Math.round(durationMs / 60_000);
  if (minutes < 1) return `${Math.round(durationMs / 1000)} s`;
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** Where else the bucket is, if the answer says so: nothing is sent there, because anybody could say so. */
function redirectText(failure: Failure): string | undefined {
  const region = regionOf(failure);
  if (region !== undefined) return `the bucket is in the region ${region}: give that region`;
  const { status = 0 } = failure;
  if (status < 300 || status >= 400) return undefined;
  const place = failure.endpoint ?? failure.headers.location;
  if (place === undefined) return 'the store sent the request elsewhere without saying where: give the right endpoint';
  return `the bucket is served at ${quoted(place)}: give that endpoint if it can be trusted`;
}
