import { type S3ErrorCode, s3ErrorCodes } from './s3-error-codes.ts';

/**
 * What an error says beside its code: the elements that S3 adds to the document (`Key`, `BucketName`, `Condition`, …)
 * in the order in which they are written, and a `message` in place of the code's own. Undefined ones are left out.
 */
export interface S3ErrorDetails {
  readonly message?: string;
  readonly [element: string]: string | number | undefined;
}

/** An error as a client of S3 is told of it. Its cause is for the log alone. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: S3ErrorCode;
  readonly status: number;
  /** What the document holds between Message and RequestId, in order. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(code: S3ErrorCode, message: string, fields: Readonly<Record<string, string>>, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = s3ErrorCodes[code].status;
    this.fields = fields;
  }
}

/** The error of a code, in S3's words unless others are given. */
export function s3Error(code: S3ErrorCode, details: S3ErrorDetails = {}, cause?: unknown): S3Error {
  const { message = s3ErrorCodes[code].message, ...elements } = details;
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(elements)) {
    if (value !== undefined) fields[name] = String(value);
  }
  return new S3Error(code, message, fields, cause);
}
