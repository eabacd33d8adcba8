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
 * @throws SealpartError `bad-range` if the content has none of these bytes
 */
export function resolveRange(range: RangeRequest, contentLength: number): ContentRange {
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

/** True for a range that lies inside of any content at least `hintedLength` long: it needs no authenticated length. */
export function isInside(range: RangeRequest, hintedLength: number): range is ContentRange {
  return 'first' in range && 'last' in range && range.first <= range.last && range.last < hintedLength;
}
