import { s3Error } from '../errors/s3-error.ts';

/** What a Range header asks for, before the size is known. */
export type RequestedRange = { readonly text: string } & (
  | { readonly kind: 'from'; readonly first: number; readonly last?: number }
  | { readonly kind: 'suffix'; readonly length: number }
);

/** Bytes of an object, both ends counted. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** The largest number that S3 reads in a range. */
const maxPosition = 2n ** 63n - 1n;

/**
 * Reads a Range header. S3 ignores one that it does not understand, and gives the whole object: another unit, several
 * ranges, an end before its beginning, anything that is no number.
 */
export function parseRange(header: string | undefined): RequestedRange | undefined {
  const text = header ?? '';
  const match = /^bytes=(\d*)-(\d*)$/.exec(text);
  if (match === null) return undefined;
  const [first, last] = [position(match[1]!), position(match[2]!)];
  if (first === 'too large' || last === 'too large') return undefined;
  if (first === undefined) return last === undefined ? undefined : { text, kind: 'suffix', length: last };
  if (last === undefined) return { text, kind: 'from', first };
  return first > last ? undefined : { text, kind: 'from', first, last };
}

/** Positions beyond what a number holds exactly are beyond every object, whichever they are. */
function position(digits: string): number | undefined | 'too large' {
  if (digits === '') return undefined;
  const significant = digits.replace(/^0+(?=\d)/, '');
  if (significant.length > 19 || BigInt(significant) > maxPosition) return 'too large';
  return Math.min(Number(significant), Number.MAX_SAFE_INTEGER);
}

/**
 * The bytes that a range is, of an object of that size.
 *
 * @returns undefined if it is the whole object, as without a range: the last bytes of an object that has none.
 * @throws S3Error InvalidRange if it has none of the object's bytes.
 */
export function resolveRange(range: RequestedRange, sizeBytes: number): ByteRange | undefined {
  if (range.kind === 'suffix') {
    if (range.length === 0) throw invalidRange(range, sizeBytes);
    if (sizeBytes === 0) return undefined;
    return { first: Math.max(0, sizeBytes - range.length), last: sizeBytes - 1 };
  }
  const { first, last = Number.MAX_SAFE_INTEGER } = range;
  if (first >= sizeBytes) throw invalidRange(range, sizeBytes);
  return { first, last: Math.min(last, sizeBytes - 1) };
}

function invalidRange({ text }: RequestedRange, sizeBytes: number): Error {
  return s3Error('InvalidRange', { RangeRequested: text, ActualObjectSize: sizeBytes });
}

/** The value of a Content-Range header: `bytes 0-9/100`, or of an answer 416 `bytes *\/100`. */
export function contentRange(range: ByteRange | undefined, sizeBytes: number): string {
  return range === undefined ? `bytes */${sizeBytes}` : `bytes ${range.first}-${range.last}/${sizeBytes}`;
}
