import { describe, expect, it } from 'vitest';
import {
  contentCapacity,
  contentLengthOf,
  contentOffset,
  locateContent,
  maxScheduledIndex,
  payloadOf,
  segmentCount,
  segmentSize,
  streamLength,
  wireOffset,
} from '../../src/format/schedule.ts';
import { totalLengthOf } from '../../src/format/segment-header.ts';
import type { StreamParameters } from '../../src/format/stream-parameters.ts';
import { fc } from '../support/properties.ts';
import { parametersOf } from '../support/streams.ts';
import { parameters } from './arbitraries.ts';

// Brute force is the format's own words (docs/format.md §2): a table of segments, one after the other.

interface Row {
  readonly contentStart: number;
  readonly wireStart: number;
  readonly capacity: number;
}

function capacityByTheWords(p: StreamParameters, index: number): number {
  const size =
    2 ** Math.min(p.segmentSizeMaxLog2, p.segmentSizeLog2 + (p.growEvery > 0 ? Math.floor(index / p.growEvery) : 0));
  return index === 0 ? size - p.headerLen : size;
}

function totalByTheWords(p: StreamParameters, content: number): number {
  return 64 + content + 36 * (Math.ceil(content / 2 ** p.frameSizeLog2) + 2) + 68;
}

function table(p: StreamParameters, segments: number): Row[] {
  const rows: Row[] = [];
  let contentStart = 0;
  let wireStart = p.headerLen;
  for (let i = 0; i < segments; i++) {
    const capacity = capacityByTheWords(p, i);
    rows.push({ contentStart, wireStart, capacity });
    contentStart += capacity;
    wireStart += totalByTheWords(p, capacity);
  }
  return rows;
}

/** Streams grow with their content, so the content of a length is found by halving. */
function bySearch(p: StreamParameters, length: number): number | undefined {
  let least = 0;
  let most = length;
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (streamLength(p, middle) <= length) least = middle;
    else most = middle - 1;
  }
  return streamLength(p, least) === length ? least : undefined;
}

const scheduled = parameters({ layouts: [0], compressions: [0] });
/** Growth within reach of brute force. */
const growing = parameters({ layouts: [0], compressions: [0], maxSegmentSizeLog2: 24 }).map((p) => ({
  ...p,
  growEvery: p.growEvery > 0 ? 1 + (p.growEvery % 7) : 0,
}));

/** Lengths at and around what matters: ends of frames and of segments. */
function lengthsIn(rows: readonly Row[], p: StreamParameters) {
  return fc
    .tuple(fc.nat(rows.length - 1), fc.nat(), fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([row, share, around, atFrame]) => {
      const { contentStart, capacity } = rows[row]!;
      const inside = atFrame
        ? (share % (Math.ceil(capacity / 2 ** p.frameSizeLog2) + 1)) * 2 ** p.frameSizeLog2 + around
        : share % capacity;
      return Math.max(0, contentStart + Math.min(capacity, Math.max(0, inside)));
    });
}

describe('the schedule of layout 0', () => {
  it('places segments where a table of them does (§2.1, §2.2)', () => {
    fc.assert(
      fc.property(growing, (p) => {
        for (const [i, row] of table(p, 120).entries()) {
          expect(contentCapacity(p, i)).toBe(row.capacity);
          expect(contentOffset(p, i)).toBe(row.contentStart);
          expect(wireOffset(p, i)).toBe(row.wireStart);
          expect(segmentSize(p, i)).toBe(row.capacity + (i === 0 ? p.headerLen : 0));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('finds each byte of content in the segment that holds it', () => {
    const places = growing.chain((p) => {
      const rows = table(p, 60);
      return fc.tuple(fc.constant(p), fc.constant(rows), lengthsIn(rows.slice(0, -1), p));
    });
    fc.assert(
      fc.property(places, ([p, rows, offset]) => {
        const row = rows.findLastIndex(({ contentStart }) => contentStart <= offset);
        expect(locateContent(p, offset)).toEqual({ segmentIndex: row, offset: offset - rows[row]!.contentStart });
      }),
      { numRuns: 1000 },
    );
  });

  it('gives a stream the length of its segments, and takes the content back from that length (§2.3, §2.4)', () => {
    const lengths = growing.chain((p) => {
      const rows = table(p, 40);
      return fc.tuple(fc.constant(p), fc.constant(rows), lengthsIn(rows, p));
    });
    fc.assert(
      fc.property(lengths, ([p, rows, length]) => {
        const last = Math.max(
          0,
          rows.findLastIndex(({ contentStart }) => contentStart < length),
        );
        const whole = rows[last]!.wireStart + totalByTheWords(p, length - rows[last]!.contentStart);
        expect(segmentCount(p, length)).toBe(last + 1);
        expect(streamLength(p, length)).toBe(whole);
        expect(contentLengthOf(p, whole)).toBe(length);
      }),
      { numRuns: 1000 },
    );
  });

  it('knows every length that no stream has', () => {
    const p = parametersOf({ segmentSizeLog2: 14, segmentSizeMaxLog2: 15, growEvery: 1, headerLen: 4096 });
    const lengths = new Map<number, number>();
    for (let content = 0; content < 70_000; content++) lengths.set(streamLength(p, content), content);
    expect(lengths.size).toBe(70_000);
    for (let length = 0; length < streamLength(p, 69_999); length++) {
      if (contentLengthOf(p, length) !== lengths.get(length)) {
        expect([length, contentLengthOf(p, length)]).toEqual([length, lengths.get(length)]);
      }
    }
  });

  it('has content for a length exactly if a stream has it, whatever the sizes', () => {
    const cases = scheduled.chain((p) =>
      fc.tuple(fc.constant(p), fc.integer({ min: 0, max: 2 ** 44 }), fc.integer({ min: -80, max: 80 })),
    );
    fc.assert(
      fc.property(cases, ([p, content, around]) => {
        const length = streamLength(p, content) + around;
        expect(contentLengthOf(p, length)).toBe(bySearch(p, length));
      }),
      { numRuns: 1000 },
    );
  });

  it('grows to its last size and stays there', () => {
    const p = parametersOf({ segmentSizeLog2: 14, segmentSizeMaxLog2: 30, growEvery: 2 });
    const sizes = Array.from({ length: 40 }, (_, i) => Math.log2(segmentSize(p, i)));
    expect(sizes).toEqual(Array.from({ length: 40 }, (_, i) => Math.min(30, 14 + Math.floor(i / 2))));
  });

  it('is exact up to the last segment that a stream can have', () => {
    const p = parametersOf({ segmentSizeLog2: 14, segmentSizeMaxLog2: 15, growEvery: 0xffff });
    const end = contentOffset(p, maxScheduledIndex) + contentCapacity(p, maxScheduledIndex);
    expect(Number.isSafeInteger(streamLength(p, end + 1))).toBe(true);
    expect(segmentCount(p, end)).toBe(maxScheduledIndex + 1);
    expect(contentLengthOf(p, streamLength(p, end))).toBe(end);
    // One byte more would need the index of layout 1's index segment.
    expect(contentLengthOf(p, streamLength(p, end + 1))).toBeUndefined();
  });

  it('finds the payload of a segment from its length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 30 }), fc.integer({ min: 12, max: 20 }), (payload, frameSizeLog2) => {
        expect(payloadOf(totalLengthOf(payload, frameSizeLog2), frameSizeLog2)).toBe(payload);
      }),
    );
    const lengths = new Map<number, number>();
    for (let payload = 0; payload <= 9000; payload++) lengths.set(totalLengthOf(payload, 12), payload);
    for (let total = 0; total <= totalLengthOf(9000, 12); total++) {
      if (payloadOf(total, 12) !== lengths.get(total))
        expect([total, payloadOf(total, 12)]).toEqual([total, lengths.get(total)]);
    }
  });

  it('refuses offsets that are none', () => {
    for (const offset of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => locateContent(parametersOf(), offset)).toThrow('a content offset');
    }
  });
});
