import { describe, expect, it } from 'vitest';
import { contentRange, parseRange, resolveRange } from '../../../src/s3-protocol/conditions/byte-range.ts';
import { fc } from '../../support/properties.ts';

/** What a GET of ten bytes with that header gives: first and last, the whole, or nothing that there is. */
function outcomeOf(header: string, sizeBytes = 10): unknown {
  const range = parseRange(header);
  if (range === undefined) return 'whole';
  try {
    const resolved = resolveRange(range, sizeBytes);
    return resolved === undefined ? 'whole' : [resolved.first, resolved.last];
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

describe('a range', () => {
  it.each<[string, unknown]>([
    ['bytes=0-0', [0, 0]],
    ['bytes=0-9', [0, 9]],
    ['bytes=0-', [0, 9]],
    ['bytes=9-', [9, 9]],
    ['bytes=3-5', [3, 5]],
    ['bytes=3-10', [3, 9]],
    ['bytes=003-0005', [3, 5]],
    ['bytes=-1', [9, 9]],
    ['bytes=-10', [0, 9]],
    ['bytes=-11', [0, 9]],
    ['bytes=-9007199254740993', [0, 9]],
    ['bytes=3-9007199254740993', [3, 9]],
    ['bytes=3-9223372036854775807', [3, 9]],
  ])('%s is a part', (header, expected) => {
    expect(outcomeOf(header)).toEqual(expected);
  });

  it.each([
    'bytes=10-',
    'bytes=10-10',
    'bytes=-0',
    'bytes=-00',
    'bytes=9007199254740993-',
    'bytes=9007199254740993-9007199254740994',
    'bytes=9223372036854775807-',
  ])('%s has none of its bytes', (header) => {
    expect(outcomeOf(header)).toBe('InvalidRange');
  });

  it.each([
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=--1',
    'bytes=5-3',
    'bytes=0-1,3-4',
    'bytes=0-0,-1',
    'bytes=0-1,',
    'bytes=a-b',
    'bytes=0-b',
    'bytes=0x0-0x1',
    'bytes=1e0-2',
    'bytes=+0-+1',
    'bytes=-+1',
    'bytes= 0-1',
    'bytes=0 - 1',
    'bytes =0-1',
    'bytes:0-1',
    'bytes=0-1=2',
    'Bytes=0-1',
    'items=0-1',
    'none',
    'bytes=0-99999999999999999999',
    'bytes=9223372036854775808-',
    `bytes=-${'9'.repeat(10_000)}`,
    'bytes=\u0661-\u0662',
  ])('%.60s is none, and the whole is given', (header) => {
    expect(outcomeOf(header)).toBe('whole');
  });

  it('of an object without bytes', () => {
    expect(outcomeOf('bytes=0-', 0)).toBe('InvalidRange');
    expect(outcomeOf('bytes=0-0', 0)).toBe('InvalidRange');
    expect(outcomeOf('bytes=-0', 0)).toBe('InvalidRange');
    expect(outcomeOf('bytes=-5', 0)).toBe('whole');
  });

  it('is told as it was asked', () => {
    expect(() => resolveRange(parseRange('bytes=010-20')!, 10)).toThrow(
      expect.objectContaining({ fields: { RangeRequested: 'bytes=010-20', ActualObjectSize: '10' } }),
    );
    expect(contentRange({ first: 1, last: 2 }, 10)).toBe('bytes 1-2/10');
    expect(contentRange(undefined, 10)).toBe('bytes */10');
  });

  it('is never outside of the object', () => {
    const number = fc.oneof(fc.nat(20), fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 70n })).map(String);
    const end = fc.oneof(number, fc.constant(''));
    fc.assert(
      fc.property(end, end, fc.nat(30), (first, last, sizeBytes) => {
        const outcome = outcomeOf(`bytes=${first}-${last}`, sizeBytes);
        if (!Array.isArray(outcome)) return;
        const [from, to] = outcome as [number, number];
        expect(0 <= from && from <= to && to < sizeBytes).toBe(true);
      }),
    );
  });
});
