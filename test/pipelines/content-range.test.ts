import { describe, expect, it } from 'vitest';
import { isInside, type RangeRequest, resolveRange } from '../../src/pipelines/content-range.ts';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { randomLooking } from '../support/content.ts';
import { failureOf } from '../support/refusal.ts';
import { access, calm, makeIndexed, makeScheduled, parametersOf } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

const none: readonly unknown[] = [
  undefined,
  null,
  '0-5',
  {},
  { last: 5 },
  { first: -5 },
  { first: -5, last: 3 },
  { first: 1.5 },
  { first: 1.5, last: 3 },
  { first: 0, last: 2.5 },
  { first: Number.NaN },
  { first: 0, last: Number.NaN },
  { first: 0, last: undefined },
  { first: undefined, last: 5 },
  { first: '0', last: '9' },
  { first: 0, last: 1e300 },
  { first: Number.POSITIVE_INFINITY },
  { suffix: Number.NaN },
  { suffix: -1 },
  { suffix: 1.5 },
  { suffix: undefined },
  { suffix: 5, first: 0 },
  { suffix: 5, last: 9 },
];

describe('a range', () => {
  it.each(none.map((range) => ({ range })))('is none: $range', ({ range }) => {
    const refused = expect.objectContaining({ code: 'bad-range' });
    expect(() => resolveRange(range as RangeRequest, 100)).toThrow(refused);
    expect(() => isInside(range as RangeRequest, 100)).toThrow(refused);
  });

  it('that is none is refused for streams of every kind, and nothing is given to the sink', async () => {
    const content = randomLooking(40_000, 'ranges');
    const streams = [
      await makeScheduled(content),
      await makeScheduled(new Uint8Array(40_000), parametersOf({ compression: 1 })),
      await makeIndexed(content, [{ partNumber: 1, lengths: [16_384, 16_384, 7_232] }]),
    ];
    for (const { bytes } of streams) {
      for (const range of none) {
        for (const knownContentLength of [undefined, content.length]) {
          const sink = new WatchedSink();
          const request = { input: createMemorySource(bytes), sink, access, range, workers: 0, knownContentLength };
          const failure = await failureOf(decryptRange(request as Parameters<typeof decryptRange>[0], calm));
          expect([failure.code, sink.givenBytes]).toEqual(['bad-range', 0]);
        }
      }
    }
  });

  it('that is one is cut to what there is', () => {
    expect(resolveRange({ first: 0, last: Number.MAX_SAFE_INTEGER }, 100)).toEqual({ first: 0, last: 99 });
    expect(resolveRange({ suffix: Number.MAX_SAFE_INTEGER }, 100)).toEqual({ first: 0, last: 99 });
    expect(resolveRange({ first: 99 }, 100)).toEqual({ first: 99, last: 99 });
    for (const range of [{ first: 100 }, { suffix: 0 }, { first: 2, last: 1 }]) {
      expect(() => resolveRange(range, 100)).toThrow(expect.objectContaining({ code: 'bad-range' }));
    }
  });
});
