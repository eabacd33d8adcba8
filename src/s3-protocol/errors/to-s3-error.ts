import { type ErrorCode, isRefusal, SealpartError } from '../../errors.ts';
import { S3Error, type S3ErrorDetails, s3Error } from './s3-error.ts';
import type { S3ErrorCode } from './s3-error-codes.ts';

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

/** What a store says that a client may be told in the same words, because it is about the client's request. */
const passedOn: ReadonlySet<string> = new Set<S3ErrorCode>([
  'AccessDenied',
  'BucketAlreadyExists',
  'EntityTooLarge',
  'EntityTooSmall',
  'InvalidObjectState',
  'InvalidPartOrder',
  'InvalidTag',
  'MetadataTooLarge',
  'NoSuchVersion',
  'SlowDown',
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
      return { code: subject.conditional ? 'ConditionalRequestConflict' : 'OperationAborted', Key: subject.key };
    case 'bad-name':
      return badName(subject);
    case 'denied':
      // A store that denies what was asked for speaks of the request: a locked object, a policy. One that denies our
      // own credentials does not, and the client's are right.
      return { code: word === 'AccessDenied' ? word : 'ServiceUnavailable' };
    default:
      if (word !== undefined && passedOn.has(word)) return { code: word as S3ErrorCode };
      return { code: plainCodes[error.code] ?? 'InternalError' };
  }
}

function notFound(error: SealpartError, word: string | undefined, subject: ErrorSubject): Translation {
  const { bucket, key, uploadId, versionId } = subject;
  if (bucket === undefined) return { code: 'InternalError' };
  const isBucket = key === undefined || error.missing === 'bucket' || word === 'NoSuchBucket';
  if (isBucket) return { code: 'NoSuchBucket', BucketName: bucket };
  if (uploadId !== undefined) return { code: 'NoSuchUpload', UploadId: uploadId };
  if (versionId !== undefined) return { code: 'NoSuchVersion', Key: key, VersionId: versionId };
  return { code: 'NoSuchKey', Key: key };
}

function badName({ bucket, key }: ErrorSubject): Translation {
  if (key === undefined) return { code: 'InvalidBucketName', BucketName: bucket };
  const sizeBytes = new TextEncoder().encode(key).length;
  if (sizeBytes > maxKeyBytes) return { code: 'KeyTooLongError', Size: sizeBytes, MaxSizeAllowed: maxKeyBytes };
  return { code: 'InvalidURI' };
}

/** S3's word for it, if the error comes from a store that has said one. */
function wordOfStore(error: SealpartError): string | undefined {
  // Causes are few: the depth keeps a ring of them from being followed for ever.
  let cause = error.cause;
  for (let depth = 0; depth < 8 && cause instanceof Error; depth++) {
    if (passedOn.has(cause.name) || cause.name === 'NoSuchBucket') return cause.name;
    cause = cause.cause;
  }
  return undefined;
}
