import { s3Error } from '../errors/s3-error.ts';
import { type HeaderField, headerValues } from '../signature/raw-request.ts';
import { type ByteRange, parseRange, resolveRange } from './byte-range.ts';
import { type EtagList, matchesStrongly, matchesWeakly, parseEtagList } from './etag-list.ts';
import { parseHttpDate } from './http-date.ts';

/** An object as its conditions are about it. */
export interface ObjectState {
  /** Without quotes. */
  readonly etag: string;
  readonly lastModifiedMs: number;
}

/** What a GET or a HEAD asks of the object before it is answered. */
export interface ReadConditions {
  readonly ifMatch?: EtagList;
  readonly ifNoneMatch?: EtagList;
  readonly ifModifiedSinceMs?: number;
  readonly ifUnmodifiedSinceMs?: number;
}

type Headers = readonly HeaderField[];

/** Reads the conditions of a GET or a HEAD. Dates that are none, or are still to come, are left out, as S3 does. */
export function readConditions(headers: Headers, nowMs: number): ReadConditions {
  const [ifMatch, ifNoneMatch] = [etags(headers, 'if-match'), etags(headers, 'if-none-match')];
  const ifModifiedSinceMs = date(headers, 'if-modified-since', nowMs);
  const ifUnmodifiedSinceMs = date(headers, 'if-unmodified-since', nowMs);
  return {
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
    ...(ifModifiedSinceMs === undefined ? {} : { ifModifiedSinceMs }),
    ...(ifUnmodifiedSinceMs === undefined ? {} : { ifUnmodifiedSinceMs }),
  };
}

function etags(headers: Headers, name: string): EtagList | undefined {
  const text = headerValues({ headers }, name).join(',').trim();
  return text === '' ? undefined : parseEtagList(text);
}

function date(headers: Headers, name: string, nowMs: number): number | undefined {
  const timeMs = parseHttpDate(headerValues({ headers }, name)[0]?.trim() ?? '');
  return timeMs === undefined || timeMs > nowMs ? undefined : timeMs;
}

/**
 * Whether an object is to be given. An ETag that matches makes dates that would refuse it not matter, and one that does
 * not match makes those not matter that would refuse it for being too old.
 *
 * @returns `not-modified` if the client has it: 304.
 * @throws S3Error PreconditionFailed
 */
export function evaluateRead(conditions: ReadConditions, object: ObjectState): 'proceed' | 'not-modified' {
  const { ifMatch, ifNoneMatch, ifModifiedSinceMs, ifUnmodifiedSinceMs } = conditions;
  if (ifMatch !== undefined) {
    if (!matchesStrongly(ifMatch, object.etag)) throw failed('If-Match');
  } else if (isModifiedSince(ifUnmodifiedSinceMs, object) === true) {
    throw failed('If-Unmodified-Since');
  }
  const isNew =
    ifNoneMatch === undefined ? isModifiedSince(ifModifiedSinceMs, object) : !matchesWeakly(ifNoneMatch, object.etag);
  return isNew === false ? 'not-modified' : 'proceed';
}

/** Undefined if nothing was asked. Headers tell whole seconds, and so that is what is compared. */
function isModifiedSince(timeMs: number | undefined, { lastModifiedMs }: ObjectState): boolean | undefined {
  return timeMs === undefined ? undefined : Math.floor(lastModifiedMs / 1000) > Math.floor(timeMs / 1000);
}

function failed(condition: string): Error {
  return s3Error('PreconditionFailed', { Condition: condition });
}

/** What a GET or a HEAD is answered with. */
export type ReadPlan =
  | { readonly status: 304 }
  | { readonly status: 200 }
  | { readonly status: 206; readonly range: ByteRange };

/**
 * Decides what a read is answered with: first its conditions, then its range.
 *
 * @param nowMs dates after it are ignored.
 * @throws S3Error PreconditionFailed, InvalidRange
 */
export function planRead(
  headers: Headers,
  object: ObjectState & { readonly sizeBytes: number },
  nowMs: number,
): ReadPlan {
  if (evaluateRead(readConditions(headers, nowMs), object) === 'not-modified') return { status: 304 };
  const requested = rangeApplies(headers, object)
    ? parseRange(headerValues({ headers }, 'range')[0]?.trim())
    : undefined;
  const range = requested === undefined ? undefined : resolveRange(requested, object.sizeBytes);
  return range === undefined ? { status: 200 } : { status: 206, range };
}

/** A read asks for a part by its number or by its bytes. @throws S3Error InvalidRequest for both */
export function checkRangeAndPart(headers: Headers, partNumber: number | undefined): void {
  if (partNumber === undefined || headerValues({ headers }, 'range').length === 0) return;
  throw s3Error('InvalidRequest', { message: 'Cannot specify both Range header and partNumber query parameter' });
}

/** False if the range is of another state of the object (If-Range): then the whole is given. */
function rangeApplies(headers: Headers, object: ObjectState): boolean {
  const text = headerValues({ headers }, 'if-range')[0]?.trim() ?? '';
  if (text === '') return true;
  const timeMs = parseHttpDate(text);
  if (timeMs !== undefined) return Math.floor(object.lastModifiedMs / 1000) * 1000 === timeMs;
  const list = parseEtagList(text);
  return list !== '*' && matchesStrongly(list, object.etag);
}
