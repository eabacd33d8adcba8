import { type ErrorCode, isRefusal, SealpartError } from '../../errors.ts';
import { S3Error, type S3ErrorDetails, s3Error } from './s3-error.ts';
import { type S3ErrorCode, s3ErrorCodes } from './s3-error-codes.ts';

/** What a request was about, for the words and the elements of its error. */
export interface ErrorSubject {
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly versionId?: string | undefined;
  readonly uploadId?: string | undefined;
  /** True if the request had a condition, so that a conflict is about that. */
  readonly conditional?: boolean | undefined;
  /** The header whose condition it was, for PreconditionFailed. */
  readonly condition?: string | undefined;
}

/** The longest key that S3 takes, in bytes of UTF-8. */
const maxKeyBytes = 1024;

/** Errors of ours that are one error of S3's whatever the request was. What is not listed is nobody's business outside. */
const plainCodes: Readonly<Partial<Record<ErrorCode, S3ErrorCode>>> = {
  aborted: 'ServiceUnavailable',
  'bad-parameters': 'InvalidRequest',
  'kms-unavailable': 'ServiceUnavailable',
  exists: 'BucketAlreadyOwnedByYou',
  store: 'ServiceUnavailable',
  'invalid-part': 'InvalidPart',
  'bad-range': 'InvalidRange',
  owned: 'OperationAborted',
  manifest: 'ServiceUnavailable',
};

/**
 * What a store says of the credentials, the signature or the bytes that it was sent. Those were not the client's, who
 * is told that the service failed and not that its own were wrong.
 */
const notOfTheClient: ReadonlySet<string> = new Set<S3ErrorCode>([
  'AuthorizationHeaderMalformed',
  'AuthorizationQueryParametersError',
  'BadDigest',
  'ExpiredToken',
  'IncompleteBody',
  'InternalError',
  'InvalidAccessKeyId',
  'InvalidDigest',
  'InvalidSecurity',
  'InvalidToken',
  'MissingContentLength',
  'NotModified',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
]);

/**
 * The error that a client is told for anything that was thrown: S3's own pass as they are, ours are translated, and
 * everything else is an internal error. The original stays as the cause, for the log.
 */
export function toS3Error(error: unknown, subject: ErrorSubject = {}): S3Error {
  if (error instanceof S3Error) return error;
  // What was refused may be an attack: which check refused it is not for the one who sent it to learn.
  if (!(error instanceof SealpartError) || isRefusal(error)) return s3Error('InternalError', {}, error);
  const { code, ...details } = translate(error, subject);
  return s3Error(code, details, error);
}

type Translation = S3ErrorDetails & { readonly code: S3ErrorCode };

function translate(error: SealpartError, subject: ErrorSubject): Translation {
  const word = wordOfStore(error);
  switch (error.code) {
    case 'not-found':
      return notFound(error, word, subject);
    case 'precondition':
      return { code: 'PreconditionFailed', Condition: subject.condition };
    case 'conflict':
      if (word !== undefined) return inItsWords(word, error);
      return { code: subject.conditional ? 'ConditionalRequestConflict' : 'OperationAborted', Key: subject.key };
    case 'bad-name':
      return badName(error, subject, word);
    case 'denied':
      // A store that denies what was asked for speaks of the request: a locked object, a policy. One that denies our
      // own credentials does not, and the client's are right.
      return { code: word ?? 'ServiceUnavailable' };
    default:
      if (word !== undefined) return inItsWords(word, error);
      return { code: plainCodes[error.code] ?? 'InternalError' };
  }
}

const manySentences: ReadonlySet<S3ErrorCode> = new Set([
  'BadRequest',
  'InvalidArgument',
  'InvalidRequest',
  'InvalidTag',
  'MissingSecurityHeader',
]);

/** What is missing of these is named by what the request was about. */
const namedByRequest: ReadonlySet<S3ErrorCode> = new Set([
  'NoSuchBucket',
  'NoSuchKey',
  'NoSuchVersion',
  'NoSuchUpload',
]);

/** Where S3 has one sentence for a word, that is the one that clients know; else the store's tells more. */
function inItsWords(word: S3ErrorCode, { saidWhy }: SealpartError): Translation {
  return saidWhy === undefined || !manySentences.has(word) ? { code: word } : { code: word, message: saidWhy };
}

function notFound(error: SealpartError, word: S3ErrorCode | undefined, subject: ErrorSubject): Translation {
  const { bucket, key, uploadId, versionId } = subject;
  if (bucket === undefined) return { code: 'InternalError' };
  // Of what is missing there are many kinds: a policy, a set of tags, an upload, a version.
  if (word !== undefined && !namedByRequest.has(word)) return { code: word };
  const isBucket = key === undefined || error.missing === 'bucket' || word === 'NoSuchBucket';
  if (isBucket) return { code: 'NoSuchBucket', BucketName: bucket };
  if (uploadId !== undefined) return { code: 'NoSuchUpload', UploadId: uploadId };
  if (versionId !== undefined) return { code: 'NoSuchVersion', Key: key, VersionId: versionId };
  return { code: 'NoSuchKey', Key: key };
}

function badName(
  { saidWhy }: SealpartError,
  { bucket, key }: ErrorSubject,
  word: S3ErrorCode | undefined,
): Translation {
  if (key === undefined) return { code: 'InvalidBucketName', BucketName: bucket };
  const sizeBytes = new TextEncoder().encode(key).length;
  if (sizeBytes > maxKeyBytes) return { code: 'KeyTooLongError', Size: sizeBytes, MaxSizeAllowed: maxKeyBytes };
  // A store may take less, and does not say how much.
  if (word === 'KeyTooLongError') return { code: word };
  // Of a name that S3 would take, and this store does not, only the store knows what is wrong with it.
  return saidWhy === undefined ? { code: 'InvalidURI' } : { code: 'InvalidURI', message: saidWhy };
}

/** S3's word for it, if a store has said one that is about what the client asked for. */
function wordOfStore({ said }: SealpartError): S3ErrorCode | undefined {
  if (said === undefined || !Object.hasOwn(s3ErrorCodes, said) || notOfTheClient.has(said)) return undefined;
  return said as S3ErrorCode;
}
