import { s3Error } from '../errors/s3-error.ts';
import { type HeaderField, headerValues } from '../signature/raw-request.ts';
import { type EtagList, matchesStrongly, parseEtagList } from './etag-list.ts';
import { parseHttpDate } from './http-date.ts';
import type { ObjectState } from './read-conditions.ts';

/** What a write asks of the object that it would replace. */
export type WriteConditions =
  | { readonly kind: 'none' }
  /** Nothing may stand there. */
  | { readonly kind: 'absent' }
  /** What stands there must be this. */
  | { readonly kind: 'match'; readonly etags: EtagList };

type Headers = readonly HeaderField[];

/**
 * Reads the conditions of a PutObject, and so of a Complete.
 *
 * @throws S3Error NotImplemented for an If-None-Match that is not `*`, and for both headers at once.
 */
export function readWriteConditions(headers: Headers): WriteConditions {
  const ifMatch = value(headers, 'if-match');
  const ifNoneMatch = value(headers, 'if-none-match');
  if (ifNoneMatch !== undefined && parseEtagList(ifNoneMatch) !== '*') {
    // With a backslash, as S3 has it.
    const additionalMessage = "We don\\'t accept the provided value of If-None-Match header for this API";
    throw s3Error('NotImplemented', { Header: 'If-None-Match', additionalMessage });
  }
  if (ifNoneMatch !== undefined && ifMatch !== undefined) {
    const additionalMessage = 'Multiple conditional request headers present in the request';
    throw s3Error('NotImplemented', { Header: 'If-Match,If-None-Match', additionalMessage });
  }
  if (ifNoneMatch !== undefined) return { kind: 'absent' };
  return ifMatch === undefined ? { kind: 'none' } : { kind: 'match', etags: parseEtagList(ifMatch) };
}

/**
 * Compares a write's conditions with what stands there, undefined for nothing.
 *
 * @throws S3Error PreconditionFailed, or NoSuchKey if what must match is not there.
 */
export function evaluateWrite(
  conditions: WriteConditions,
  current: Pick<ObjectState, 'etag'> | undefined,
  key: string,
): void {
  if (conditions.kind === 'none') return;
  if (conditions.kind === 'absent') {
    if (current !== undefined) throw failed('If-None-Match');
    return;
  }
  if (current === undefined) throw s3Error('NoSuchKey', { Key: key });
  if (!matchesStrongly(conditions.etags, current.etag)) throw failed('If-Match');
}

/** What a delete asks of the object that it would remove. */
export interface DeleteConditions {
  readonly ifMatch?: EtagList;
  readonly lastModifiedMs?: number;
  readonly sizeBytes?: number;
}

/** Reads the conditions of a DeleteObject. @throws S3Error InvalidArgument for one that cannot be read. */
export function readDeleteConditions(headers: Headers): DeleteConditions {
  const size = value(headers, 'x-amz-if-match-size');
  if (size !== undefined && !/^\d{1,15}$/.test(size)) throw unreadable('x-amz-if-match-size', size);
  return parseDeleteConditions({
    etag: value(headers, 'if-match'),
    lastModifiedTime: value(headers, 'x-amz-if-match-last-modified-time'),
    sizeBytes: size === undefined ? undefined : Number(size),
  });
}

/** The same from what an object in the body of DeleteObjects has. */
export function parseDeleteConditions(given: {
  readonly etag?: string | undefined;
  readonly lastModifiedTime?: string | undefined;
  readonly sizeBytes?: number | undefined;
}): DeleteConditions {
  const { etag, lastModifiedTime, sizeBytes } = given;
  // A condition that is left out deletes what it was to protect: unlike those of reads, none may be ignored.
  if (etag === '') throw unreadable('if-match', etag);
  const lastModifiedMs = lastModifiedTime === undefined ? undefined : parseHttpDate(lastModifiedTime);
  if (lastModifiedTime !== undefined && lastModifiedMs === undefined) {
    throw unreadable('x-amz-if-match-last-modified-time', lastModifiedTime);
  }
  return {
    ...(etag === undefined ? {} : { ifMatch: parseEtagList(etag) }),
    ...(lastModifiedMs === undefined ? {} : { lastModifiedMs }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
  };
}

/** True if nothing is asked. */
export function isUnconditional(conditions: DeleteConditions): boolean {
  return Object.keys(conditions).length === 0;
}

/** Compares a delete's conditions with what stands there. @throws S3Error PreconditionFailed */
export function evaluateDelete(
  { ifMatch, lastModifiedMs, sizeBytes }: DeleteConditions,
  current: ObjectState & { readonly sizeBytes: number },
): void {
  if (ifMatch !== undefined && !matchesStrongly(ifMatch, current.etag)) throw failed('If-Match');
  const seconds = Math.floor(current.lastModifiedMs / 1000);
  if (lastModifiedMs !== undefined && Math.floor(lastModifiedMs / 1000) !== seconds) {
    throw failed('If-Match-Last-Mod-Time');
  }
  if (sizeBytes !== undefined && sizeBytes !== current.sizeBytes) throw failed('If-Match-Size');
}

function value(headers: Headers, name: string): string | undefined {
  const values = headerValues({ headers }, name);
  if (values.length === 0) return undefined;
  const text = values.join(',').trim();
  // A variable that is empty by mistake must not do away with the condition it was to be.
  if (text === '') throw unreadable(name, text);
  return text;
}

function failed(condition: string): Error {
  return s3Error('PreconditionFailed', { Condition: condition });
}

function unreadable(name: string, text: string): Error {
  const message = `Value for ${name} header is invalid.`;
  return s3Error('InvalidArgument', { message, ArgumentName: name, ArgumentValue: text });
}
