import { S3Error } from '../../src/s3-protocol/errors/s3-error.ts';

/** The S3Error that something ends with. Anything else, and no error at all, fails the test. */
export function refusalOf(work: () => unknown): S3Error {
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    if (error instanceof S3Error) return error;
    throw error;
  }
  throw new Error(`This was to be refused, and gave ${String(result)}.`);
}

/** `403 AccessDenied` */
export function codeOf(work: () => unknown): string {
  const { status, code } = refusalOf(work);
  return `${status} ${code}`;
}
