import { expect, test } from 'vitest';
import { checkRange, cutRange, parseContentRange, rangeHeader } from '../../../src/objects/s3/content-range.ts';

test.each([
  ['bytes 0-99/1000', { first: 0, last: 99, totalBytes: 1000 }],
  [' Bytes 5-5/6', { first: 5, last: 5, totalBytes: 6 }],
  ['bytes 0-99/*', undefined],
  ['bytes 0-1000/1000', undefined],
  ['bytes 9-8/1000', undefined],
  ['bytes 0--1/0', undefined],
  ['bytes */1000', undefined],
  ['0-99/1000', undefined],
  ['bytes 0-99/99999999999999999999', undefined],
  [undefined, undefined],
])('Content-Range: %s', (text, expected) => {
  expect(parseContentRange(text)).toEqual(expected);
});

test('ranges as headers, and as the bytes that an object answers with', () => {
  expect(rangeHeader({ first: 3, last: 9 })).toBe('bytes=3-9');
  expect(rangeHeader({ suffixBytes: 7 })).toBe('bytes=-7');
  expect(cutRange({ first: 3, last: 99 }, 10)).toEqual({ first: 3, last: 9, totalBytes: 10 });
  expect(cutRange({ suffixBytes: 99 }, 10)).toEqual({ first: 0, last: 9, totalBytes: 10 });
  expect(cutRange({ suffixBytes: 2 }, 10)).toEqual({ first: 8, last: 9, totalBytes: 10 });
  expect(cutRange({ first: 10, last: 12 }, 10)).toBeUndefined();
  expect(cutRange(undefined, 0)).toEqual({ first: 0, last: -1, totalBytes: 0 });
});

test.each([
  { first: -1, last: 4 },
  { first: 5, last: 4 },
  { first: 0.5, last: 4 },
  { first: 0, last: Number.POSITIVE_INFINITY },
  { suffixBytes: 0 },
  { suffixBytes: -1 },
  { suffixBytes: Number.NaN },
])('%j is no range', (range) => {
  expect(() => checkRange(range, '"b/k"')).toThrow(expect.objectContaining({ code: 'bad-range' }));
});
