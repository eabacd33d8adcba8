import { SealpartError } from '../../errors.ts';
import type { ByteRange } from '../object-store.ts';

/** Bytes of an object that an answer carries, both ends counted, and how many the object has. */
export interface ContentRange {
  readonly first: number;
  /** One less than `first` if there are no bytes. */
  readonly last: number;
  readonly totalBytes: number;
}

/** Reads `bytes 0-99/1000`; undefined for anything else, an unknown total included. */
export function parseContentRange(text: string | undefined): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(text?.trim() ?? '');
  if (match === null) return undefined;
  const [first, last, totalBytes] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return first <= last && last < totalBytes ? { first, last, totalBytes } : undefined;
}

/** The Range header that asks for these bytes. */
export function rangeHeader(range: ByteRange): string {
  return 'suffixBytes' in range ? `bytes=-${range.suffixBytes}` : `bytes=${range.first}-${range.last}`;
}

/**
 * Refuses what no object could answer: stores take a range that makes no sense for no range at all.
 *
 * @throws SealpartError `bad-range`
 */
export function checkRange(range: ByteRange | undefined, label: string): void {
  if (range === undefined) return;
  const whole = (number: number) => Number.isSafeInteger(number) && number >= 0;
  if ('suffixBytes' in range) {
    if (whole(range.suffixBytes) && range.suffixBytes > 0) return;
    throw new SealpartError('bad-range', `The last ${range.suffixBytes} bytes of ${label} were asked for.`);
  }
  if (whole(range.first) && whole(range.last) && range.first <= range.last) return;
  throw new SealpartError('bad-range', `Bytes ${range.first} to ${range.last} of ${label} were asked for.`);
}

/** The bytes that an object of this size answers a range with, or undefined if it has none of them. */
export function cutRange(range: ByteRange | undefined, totalBytes: number): ContentRange | undefined {
  if (range === undefined) return { first: 0, last: totalBytes - 1, totalBytes };
  const first = 'suffixBytes' in range ? Math.max(0, totalBytes - range.suffixBytes) : range.first;
  const last = 'suffixBytes' in range ? totalBytes - 1 : Math.min(range.last, totalBytes - 1);
  return first <= last ? { first, last, totalBytes } : undefined;
}
