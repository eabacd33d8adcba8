import { SealpartError } from '../../errors.ts';
import type { ByteRange } from '../object-store.ts';
import { type ContentRange, cutRange, parseContentRange } from './content-range.ts';
import { lengthOf } from './read-head.ts';
import type { StoreAnswer } from './signed/store-answer.ts';

/**
 * Which bytes an answer carries, after it was compared with which were asked for: a store, or a cache before it, that
 * answers other bytes would have them taken for the right ones.
 *
 * @throws SealpartError `store` if they are not those, `bad-range` if the object has none of them
 */
export function rangeOfAnswer(
  { status, headers }: Pick<StoreAnswer, 'status' | 'headers'>,
  asked: ByteRange | undefined,
  subject: { readonly label: string; readonly storeName: string },
): ContentRange {
  const length = lengthOf(headers);
  const text = headers['content-range'];
  const wrong = (what: string) => {
    const whose = `${subject.storeName} answered a request for ${askedText(asked)} of ${subject.label}`;
    return new SealpartError('store', `${whose} with ${what}: neither it nor what stands before it can be trusted.`);
  };
  if (length === undefined) throw wrong('an answer of unknown length');
  // Some stores do not refuse a range of an empty object.
  if (asked !== undefined && length === 0) {
    throw new SealpartError('bad-range', `${subject.label} is empty, and ${askedText(asked)} were asked for.`);
  }
  if (status !== 206) {
    if (asked === undefined) return { first: 0, last: length - 1, totalBytes: length };
    throw wrong('the whole object');
  }
  const given = parseContentRange(text);
  if (given === undefined) throw wrong(`the Content-Range ${JSON.stringify(text ?? '')}`);
  const expected = cutRange(asked, given.totalBytes);
  if (expected === undefined || given.first !== expected.first || given.last !== expected.last) {
    throw wrong(`bytes ${given.first} to ${given.last} of ${given.totalBytes}`);
  }
  if (length !== given.last - given.first + 1) throw wrong(`${length} bytes that it called ${JSON.stringify(text)}`);
  return given;
}

function askedText(asked: ByteRange | undefined): string {
  if (asked === undefined) return 'all';
  return 'suffixBytes' in asked ? `the last ${asked.suffixBytes} bytes` : `bytes ${asked.first} to ${asked.last}`;
}
