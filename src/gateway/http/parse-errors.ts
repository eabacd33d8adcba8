import { type S3Error, s3Error } from '../../s3-protocol/errors/s3-error.ts';

/** What the parser, or the clock that watches it, says of a connection. */
export interface ParseError extends Error {
  readonly code?: string;
}

/** True if there is somebody to be answered: the connection itself is sound, and what came over it is not. */
export function isAnswerable({ code }: ParseError): boolean {
  return code !== undefined && (code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT');
}

/** What a client is told whose request could not be read. */
export function refusalOf({ code, message }: ParseError): S3Error {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return s3Error('RequestHeaderSectionTooLarge');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return s3Error('RequestTimeout');
    default:
      return s3Error('BadRequest', {}, new Error(`The request cannot be parsed: ${message}.`));
  }
}

/** What a body is refused for that breaks in the middle. */
export function bodyRefusalOf(error: ParseError): S3Error {
  // The other side has ended, and not where it said.
  if (error.code === 'HPE_INVALID_EOF_STATE') return s3Error('IncompleteBody');
  return refusalOf(error);
}
