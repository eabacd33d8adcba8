import { parseRange, type RequestedRange } from '../../s3-protocol/conditions/byte-range.ts';
import {
  checkRangeAndPart,
  evaluateRead,
  type ObjectState,
  planRead,
  type ReadPlan,
  readConditions,
} from '../../s3-protocol/conditions/read-conditions.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import {
  type OverridableHeader,
  readPartNumber,
  readResponseOverrides,
  readVersionId,
} from '../../s3-protocol/routes/query-values.ts';
import { type HeaderField, headerValues } from '../../s3-protocol/signature/raw-request.ts';
import type { OperationCall } from '../operation-call.ts';
import type { DescribedObject } from './described-object.ts';
import type { ObjectVersion } from './object-version.ts';

/** What a GET or a HEAD of an object asks for. */
export interface ObjectRequest {
  readonly name: ObjectVersion;
  readonly headers: readonly HeaderField[];
  readonly nowMs: number;
  /** Undefined also for one that S3 ignores. */
  readonly range: RequestedRange | undefined;
  readonly partNumber: number | undefined;
  readonly overrides: Readonly<Partial<Record<OverridableHeader, string>>>;
  readonly wantsChecksums: boolean;
  /** True if the answer is likely to be that nothing has changed. */
  readonly mayBeUnmodified: boolean;
}

/** @throws S3Error InvalidArgument, InvalidRequest */
export function readObjectRequest({ route, verified, ground, bucket, key }: OperationCall): ObjectRequest {
  const { headers, target } = route;
  const { query } = target;
  const partNumber = readPartNumber(query);
  checkRangeAndPart(headers, partNumber);
  const overrides = readResponseOverrides(query);
  if (verified === undefined && Object.keys(overrides).length > 0) {
    const message = 'Request specific response headers cannot be used for anonymous GET requests.';
    throw s3Error('InvalidRequest', { message });
  }
  const first = (name: string): string | undefined => headerValues({ headers }, name)[0]?.trim();
  return {
    name: { bucket, key, versionId: readVersionId(query) },
    headers,
    nowMs: ground.clock(),
    range: parseRange(first('range')),
    partNumber,
    overrides,
    wantsChecksums: readChecksumMode(first('x-amz-checksum-mode')),
    mayBeUnmodified: first('if-none-match') !== undefined || first('if-modified-since') !== undefined,
  };
}

function readChecksumMode(text: string | undefined): boolean {
  if (text === undefined || text === '') return false;
  if (text.toUpperCase() === 'ENABLED') return true;
  throw s3Error('InvalidArgument', {
    message: 'Value for x-amz-checksum-mode header is invalid.',
    ArgumentName: 'x-amz-checksum-mode',
    ArgumentValue: text,
  });
}

/**
 * What a request is answered with, by what clients are told of the object.
 *
 * @throws S3Error PreconditionFailed, InvalidRange, InvalidPartNumber, NotImplemented
 */
export function planAnswer(request: ObjectRequest, described: DescribedObject, lastModifiedMs: number): ReadPlan {
  const { headers, nowMs, partNumber } = request;
  const { etag, sizeBytes, partCount } = described;
  const state: ObjectState = { etag, lastModifiedMs };
  if (partNumber === undefined) return planRead(headers, { ...state, sizeBytes }, nowMs);
  if (evaluateRead(readConditions(headers, nowMs), state) === 'not-modified') return { status: 304 };
  if (partNumber > Math.max(1, partCount)) {
    throw s3Error('InvalidPartNumber', {
      PartNumberRequested: partNumber,
      ActualPartCount: Math.max(1, partCount),
    });
  }
  // An object that was put whole is its own only part; where the parts of others end, nothing here knows.
  if (partCount > 0) throw s3Error('NotImplemented', { ArgumentName: 'partNumber' });
  return sizeBytes === 0 ? { status: 200 } : { status: 206, range: { first: 0, last: sizeBytes - 1 } };
}
