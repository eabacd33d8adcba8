import { type S3Error, s3Error } from '../errors/s3-error.ts';
import { type AmzDate, formatServerTime, parseAmzDate } from './amz-date.ts';
import { type SignatureClaim, signatureAlgorithm } from './authorization-header.ts';
import { type Credential, parseCredential } from './credential.ts';
import { parseSignedHeaders } from './signed-headers.ts';

/** A presigned URL's claim, with the time for which it was made. */
export interface PresignedClaim extends SignatureClaim {
  readonly date: AmzDate;
  readonly expiresSeconds: number;
}

export type Parameters = readonly (readonly [name: string, value: string])[];

const required = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Signature',
  'X-Amz-Date',
  'X-Amz-SignedHeaders',
  'X-Amz-Expires',
] as const;
/** Any of them makes a request one that says who it is from: it is never taken as an anonymous one. */
const claiming: ReadonlySet<string> = new Set(required.filter((name) => name !== 'X-Amz-Date'));
const claimingVersion2: ReadonlySet<string> = new Set(['AWSAccessKeyId', 'Signature']);
const ownParameters: ReadonlySet<string> = new Set([...required, 'X-Amz-Security-Token']);

const longestExpirySeconds = 7 * 24 * 60 * 60;
/** How far a URL's date may lie ahead of this clock. */
const skewMs = 15 * 60 * 1000;

export function claimsInQuery(parameters: Parameters): boolean {
  return parameters.some(([name]) => claiming.has(name));
}

export function claimsVersion2(parameters: Parameters): boolean {
  return parameters.some(([name]) => claimingVersion2.has(name));
}

/** Headers that were moved into a presigned URL: S3 takes an x-amz- parameter for the header of its name. */
export function hoistedHeaders(parameters: Parameters): readonly (readonly [name: string, value: string])[] {
  return parameters
    .filter(([name]) => /^x-amz-/i.test(name) && !ownParameters.has(name))
    .map(([name, value]) => [name.toLowerCase(), value] as const);
}

/** The error for a presigned URL that is wrong in itself. */
export function malformedQuery(message: string): S3Error {
  return s3Error('AuthorizationQueryParametersError', { message });
}

export function malformedQueryCredential(fault: string): S3Error {
  return malformedQuery(`Error parsing the X-Amz-Credential parameter; ${fault}`);
}

/**
 * Reads the X-Amz- parameters of a presigned URL.
 *
 * @throws S3Error AuthorizationQueryParametersError.
 */
export function parsePresignedQuery(parameters: Parameters): PresignedClaim {
  if (parameters.some(([name]) => name === 'X-Amz-Security-Token')) {
    throw malformedQuery('Authorization with X-Amz-Security-Token is not supported');
  }
  const value = (name: (typeof required)[number]): string => singleParameter(parameters, name);
  checkAlgorithm(value('X-Amz-Algorithm'));
  const credential = parseCredential(value('X-Amz-Credential'), malformedQueryCredential);
  const date = parseAmzDate(value('X-Amz-Date'));
  if (date === undefined) {
    throw malformedQuery(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`);
  }
  const [signature, signedHeaders] = [value('X-Amz-Signature'), value('X-Amz-SignedHeaders')];
  return {
    credential,
    date,
    signature,
    expiresSeconds: parseExpires(value('X-Amz-Expires')),
    signedHeaders: parseSignedHeaders(signedHeaders, (fault) =>
      malformedQuery(`Error parsing the X-Amz-SignedHeaders parameter; ${fault}`),
    ),
  };
}

/**
 * Checks that a presigned URL was made for this day and is neither too early nor too late.
 *
 * @throws S3Error AccessDenied, or AuthorizationQueryParametersError if its credential is of another day.
 */
export function checkPresignedTime(claim: Pick<PresignedClaim, 'date' | 'expiresSeconds'>, nowMs: number): void {
  const { date, expiresSeconds } = claim;
  if (date.timeMs - nowMs > skewMs) throw s3Error('AccessDenied', { message: 'Request is not valid yet.' });
  const expiresMs = date.timeMs + expiresSeconds * 1000;
  if (nowMs < expiresMs) return;
  throw s3Error('AccessDenied', {
    message: 'Request has expired.',
    'X-Amz-Expires': String(expiresSeconds),
    Expires: formatServerTime(expiresMs),
    ServerTime: formatServerTime(nowMs),
  });
}

export function checkPresignedScope(credential: Credential, date: AmzDate): void {
  const day = date.timestamp.slice(0, 8);
  if (credential.date === day) return;
  throw malformedQuery(
    `Invalid credential date "${credential.date}". This date is not the same as X-Amz-Date: "${day}".`,
  );
}

function singleParameter(parameters: Parameters, wanted: string): string {
  const values = parameters.filter(([name]) => name === wanted).map(([, value]) => value);
  if (values.length > 1) throw malformedQuery(`The query has more than one ${wanted} parameter.`);
  if (!values[0]) {
    throw malformedQuery(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    );
  }
  return values[0];
}

function checkAlgorithm(algorithm: string): void {
  if (algorithm === signatureAlgorithm) return;
  if (algorithm === 'AWS4-ECDSA-P256-SHA256') {
    throw malformedQuery(`X-Amz-Algorithm only supports "${signatureAlgorithm}"`);
  }
  throw malformedQuery(`X-Amz-Algorithm only supports "${signatureAlgorithm} and AWS4-ECDSA-P256-SHA256"`);
}

function parseExpires(text: string): number {
  if (!/^-?\d+$/.test(text)) throw malformedQuery('X-Amz-Expires should be a number');
  const seconds = Number(text);
  if (seconds < 0) throw malformedQuery('X-Amz-Expires must be non-negative');
  if (seconds > longestExpirySeconds) {
    throw malformedQuery(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    );
  }
  return seconds;
}
