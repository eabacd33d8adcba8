import { s3Error } from '../errors/s3-error.ts';
import { isListHeader } from './list-header.ts';
import { headerValues, type RawRequest } from './raw-request.ts';

/**
 * Reads `host;x-amz-date`.
 *
 * @param refuse makes the error of what is wrong, which S3 words differently for headers and for URLs.
 */
export function parseSignedHeaders(text: string, refuse: (fault: string) => Error): string[] {
  const names = text.split(';');
  // Two orders or two spellings of one list would be two ways to sign the same request.
  const inOrder = names.every(
    (name, i) => /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) && (i === 0 || names[i - 1]! < name),
  );
  if (!inOrder) {
    throw refuse('the SignedHeaders are mal-formed; expecting names in lower case, sorted, each once, between ";".');
  }
  return names;
}

/**
 * Checks that a signature covers what decides what the request does: the host, and every x-amz- header that came.
 *
 * @throws S3Error AccessDenied with the names that are not covered, InvalidRequest if a covered one came twice that is
 *   no list.
 */
export function checkSignedHeaders(request: RawRequest, signedHeaders: readonly string[]): void {
  const signed = new Set(signedHeaders);
  const arrived = request.headers.map(([name]) => name.toLowerCase());
  const unsigned = [...arrived, 'host'].filter((name) => mustBeSigned(name) && !signed.has(name));
  if (unsigned.length > 0) {
    throw s3Error('AccessDenied', {
      message: 'There were headers present in the request which were not signed',
      HeadersNotSigned: [...new Set(unsigned)].sort().join(', '),
    });
  }
  const seen = new Set<string>();
  for (const name of arrived) {
    if (seen.has(name) && signed.has(name) && !isListHeader(name)) throw repeatedHeader(name);
    seen.add(name);
  }
}

/** The value of a header that must not come twice: what reads the first would not be what was checked of the second. */
export function singleHeader(request: Pick<RawRequest, 'headers'>, name: string): string | undefined {
  const values = headerValues(request, name);
  if (values.length > 1) throw repeatedHeader(name);
  return values[0];
}

function mustBeSigned(name: string): boolean {
  return name === 'host' || name.startsWith('x-amz-');
}

function repeatedHeader(name: string): Error {
  return s3Error('InvalidRequest', { message: `The request has more than one ${name} header.` });
}
