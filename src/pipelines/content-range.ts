import { SealpartError } from '../errors.ts';

/** A range of content as it is asked for: counted from 0, both ends included. */
export type RangeRequest =
  | { readonly first: number; readonly last: number }
  /** From a byte to the end. */
  | { readonly first: number }
  /** The last so many bytes. */
  | { readonly suffix: number };

/** Bytes that exist: both ends included. */
export interface ContentRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Refuses what is no range of anything, whatever the content: for before any arithmetic is done with it.
 *
 * @throws SealpartError `bad-range`
 */
export function judgeRange(range: RangeRequest): void {
  if (isRange(range)) return;
  throw new SealpartError(
    'bad-range',
    'That is no range of bytes. Give { first, last }, { first } or { suffix }, as whole numbers from 0 on.',
  );
}

function isRange(range: unknown): boolean {
  if (typeof range !== 'object' || range === null) return false;
  if ('suffix' in range) return isCount(range.suffix) && !('first' in range || 'last' in range);
  return 'first' in range && isCount(range.first) && (!('last' in range) || isCount(range.last));
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * @throws SealpartError `bad-range` if it is none, or the content has none of these bytes
 */
export function resolveRange(range: RangeRequest, contentLength: number): ContentRange {
  judgeRange(range);
  const first = 'suffix' in range ? Math.max(0, contentLength - range.suffix) : range.first;
  const last = 'last' in range ? Math.min(range.last, contentLength - 1) : contentLength - 1;
  if (first > last) {
    throw new SealpartError(
      'bad-range',
      `The content has ${contentLength} bytes and none of those that were asked for.`,
    );
  }
  return { first, last };
}

/**
 * True for a range that lies inside of any content at least `hintedLength` long: it needs no authenticated length.
 *
 * @throws SealpartError `bad-range` if it is none
 */
export function isInside(range: RangeRequest, hintedLength: number): range is ContentRange {
  judgeRange(range);
  return 'first' in range && 'last' in range && range.first <= range.last && range.last < hintedLength;
}
