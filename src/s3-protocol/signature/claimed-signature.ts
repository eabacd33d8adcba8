import { s3Error } from '../errors/s3-error.ts';
import { type AmzDate, formatServerTime, parseAmzDate, parseDateHeader } from './amz-date.ts';
import {
  malformedAuthorization,
  parseAuthorization,
  type SignatureClaim,
  unsupportedMechanism,
} from './authorization-header.ts';
import {
  checkPresignedScope,
  checkPresignedTime,
  claimsVersion2,
  malformedQueryCredential,
  type Parameters,
  parsePresignedQuery,
} from './presigned-query.ts';
import { headerValues, type RawRequest } from './raw-request.ts';
import { singleHeader } from './signed-headers.ts';

/** A claim for this time and place. Its signature was not looked at. */
export interface Claimed extends SignatureClaim {
  readonly date: AmzDate;
  readonly presigned: boolean;
}

/** The regions that a signature may be for. Undefined or empty: any. */
type Regions = readonly string[] | undefined;

const maxSkewMs = 15 * 60 * 1000;

/** @throws S3Error if the Authorization header is wrong in itself, or for another time or place. */
export function claimInHeader(request: RawRequest, authorization: string, regions: Regions, nowMs: number): Claimed {
  const claim = parseAuthorization(authorization);
  if (singleHeader(request, 'x-amz-security-token') !== undefined) throw s3Error('InvalidToken');
  const date = requestDate(request);
  const skewMs = Math.abs(date.timeMs - nowMs);
  if (skewMs > maxSkewMs) {
    throw s3Error('RequestTimeTooSkewed', {
      RequestTime: date.timestamp,
      ServerTime: formatServerTime(nowMs),
      MaxAllowedSkewMilliseconds: String(maxSkewMs),
    });
  }
  checkRegion(claim.credential.region, regions, malformedAuthorization);
  if (claim.credential.date !== date.timestamp.slice(0, 8)) {
    throw malformedAuthorization(
      'The authorization header is malformed; Invalid credential date. Date is not the same as X-Amz-Date.',
    );
  }
  return { ...claim, date, presigned: false };
}

/** @throws S3Error if the presigned URL is wrong in itself, or for another time or place. */
export function claimInQuery(request: RawRequest, parameters: Parameters, regions: Regions, nowMs: number): Claimed {
  if (claimsVersion2(parameters)) throw unsupportedMechanism();
  // A name without a signature, over a body that vouches for itself: nobody has signed this.
  const streams = headerValues(request, 'x-amz-content-sha256').some((value) => value.startsWith('STREAMING-'));
  if (streams && !parameters.some(([name]) => name === 'X-Amz-Signature')) throw s3Error('AccessDenied');
  const claim = parsePresignedQuery(parameters);
  checkRegion(claim.credential.region, regions, malformedQueryCredential);
  checkPresignedScope(claim.credential, claim.date);
  checkPresignedTime(claim, nowMs);
  return { ...claim, presigned: true };
}

function requestDate(request: RawRequest): AmzDate {
  const amzDate = singleHeader(request, 'x-amz-date');
  const dateHeader = amzDate === undefined ? singleHeader(request, 'date') : undefined;
  const date = amzDate === undefined ? parseDateHeader(dateHeader ?? '') : parseAmzDate(amzDate);
  if (date !== undefined) return date;
  throw s3Error('AccessDenied', {
    message: 'AWS authentication requires a valid Date or x-amz-date header.',
  });
}

function checkRegion(
  region: string,
  regions: Regions,
  refuse: (fault: string, fields?: Readonly<Record<string, string>>) => Error,
): void {
  const expected = regions?.[0];
  if (expected === undefined || regions?.includes(region)) return;
  throw refuse(`the region "${region}" is wrong; expecting "${expected}"`, { Region: expected });
}
