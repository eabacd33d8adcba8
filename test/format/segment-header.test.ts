import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { IndexEntry } from '../../src/format/index-entries.ts';
import {
  indexedPlace,
  indexPlace,
  judgeSegmentHeader,
  type SegmentPlace,
  scheduledPlace,
  unlistedPlace,
} from '../../src/format/judge-segment-header.ts';
import { writeU32 } from '../../src/format/little-endian.ts';
import { maxScheduledIndex } from '../../src/format/schedule.ts';
import {
  parseSegmentHeader,
  type SegmentFacts,
  segmentHeaderLength,
  totalLengthOf,
  writeSegmentHeader,
} from '../../src/format/segment-header.ts';
import type { StreamParameters } from '../../src/format/stream-parameters.ts';
import { randomLooking } from '../support/content.ts';
import { codeOf } from '../support/refusal.ts';
import { parametersOf } from '../support/streams.ts';

const salt = randomLooking(16, 'salt');

function factsOf(chosen: Partial<SegmentFacts>): SegmentFacts {
  const contentLength = chosen.contentLength ?? 5000;
  return {
    segmentIndex: 0,
    flags: 1,
    digestAlg: 2,
    compression: 0,
    contentLength,
    payloadLength: contentLength,
    salt,
    ...chosen,
  };
}

function headerOf(chosen: Partial<SegmentFacts>, edit: (bytes: Uint8Array) => void = () => undefined): Uint8Array {
  const bytes = new Uint8Array(segmentHeaderLength);
  writeSegmentHeader(bytes, factsOf(chosen), 12, 0);
  edit(bytes);
  writeU32(bytes, 60, crc32(bytes.subarray(0, 60)));
  return bytes;
}

function judged(bytes: Uint8Array, place: SegmentPlace, parameters: StreamParameters = parametersOf()) {
  return codeOf(() => judgeSegmentHeader(parseSegmentHeader(bytes, place.segmentIndex), parameters, place));
}

const first = scheduledPlace(0);

describe('a segment header', () => {
  it('is truncated at every length but its own (§3.1, §6.5)', () => {
    const bytes = headerOf({});
    for (let length = 0; length < 64; length++) expect(judged(bytes.subarray(0, length), first)).toBe('truncated');
    expect(judged(bytes, first)).toBeUndefined();
  });

  it('begins with its magic, which is judged before its length (§3.2)', () => {
    for (let length = 1; length <= 4; length++) {
      const bytes = headerOf({}).slice(0, length);
      bytes[length - 1]! ^= 1;
      expect(judged(bytes, first)).toBe('bad-magic');
    }
  });

  it('is damaged if its CRC-32 differs, before anything else is (§3.3, §6.7)', () => {
    const bytes = headerOf({ segmentIndex: 9, compression: 7 as never, flags: 0xffff });
    bytes[63]! ^= 1;
    expect(judged(bytes, first)).toBe('crc-mismatch');
    bytes[63]! ^= 1;
    expect(judged(bytes, first)).toBe('segment-order');
    expect(judged(bytes, scheduledPlace(9))).toBe('unsupported');
    expect(judged(headerOf({ segmentIndex: 9, flags: 0xffff }), scheduledPlace(9))).toBe('bad-segment');
  });

  it('has the flags of its place (§3.4)', () => {
    const layout1 = parametersOf({ layout: 1 });
    const highBits = [0, ...Array.from({ length: 14 }, (_, i) => 4 << i)];
    for (const flags of [0, 1, 2, 3].flatMap((low) => highBits.map((high) => low | high))) {
      const known = scheduledPlace(0, { final: true, contentLength: 5000 });
      expect(judged(headerOf({ flags }), known)).toBe(flags === 1 ? undefined : 'bad-segment');
      const part = headerOf({ flags, segmentIndex: 0x10000 });
      expect(judged(part, unlistedPlace(0x10000), layout1)).toBe(flags === 0 ? undefined : 'bad-segment');
      const index = headerOf({ flags, segmentIndex: 0xffffffff, contentLength: 64 });
      expect(judged(index, indexPlace, layout1)).toBe(flags === 3 ? undefined : 'bad-segment');
    }
  });

  it('is FINAL exactly where the length says so', () => {
    const notLast = { flags: 0, contentLength: 16384 - 512 };
    expect(judged(headerOf(notLast), scheduledPlace(0, { final: false, contentLength: 16384 - 512 }))).toBeUndefined();
    expect(judged(headerOf(notLast), scheduledPlace(0, { final: true, contentLength: 16384 - 512 }))).toBe(
      'bad-segment',
    );
    expect(judged(headerOf({}), scheduledPlace(0, { final: false, contentLength: 5000 }))).toBe('bad-segment');
    expect(judged(headerOf({}), scheduledPlace(0, { final: true, contentLength: 4999 }))).toBe('bad-segment');
  });

  it('names the digest and the compression of its stream (§3.5, §3.6)', () => {
    expect(judged(headerOf({ digestAlg: 1 }), first)).toBe('bad-segment');
    const compressed = { compression: 1, payloadLength: 100 } as const;
    expect(judged(headerOf(compressed), first)).toBe('bad-segment');
    expect(judged(headerOf(compressed), first, parametersOf({ compression: 1 }))).toBeUndefined();
    expect(judged(headerOf({ compression: 2 as never }), first)).toBe('unsupported');
  });

  it('has lengths that follow from payload_len (§3.7, §3.8)', () => {
    for (const offset of [12, 40, 44]) {
      const wrong = headerOf({}, (bytes) => {
        bytes[offset]! += 1;
      });
      expect(judged(wrong, first), `byte ${offset}`).toBe('bad-segment');
    }
    expect(judged(headerOf({ payloadLength: 4999 }), first)).toBe('bad-segment');
    const zstd = parametersOf({ compression: 1 });
    expect(judged(headerOf({ compression: 1, payloadLength: 5000 }), first, zstd)).toBe('bad-segment');
    expect(judged(headerOf({ compression: 1, payloadLength: 0 }), first, zstd)).toBe('bad-segment');
    expect(judged(headerOf({ compression: 1, payloadLength: 4999 }), first, zstd)).toBeUndefined();
    // A product that wraps around 2^32 is unequal, not small.
    const wrapped = headerOf({ contentLength: 0xffffffff, payloadLength: 0xffffffff }, (bytes) => {
      writeU32(bytes, 44, (0xffffffff + 36 * (2 ** 20 + 2) + 68) >>> 0);
    });
    expect(judged(wrapped, first)).toBe('bad-segment');
  });

  it('has zeros where nothing else belongs', () => {
    for (let offset = 52; offset < 60; offset++) {
      const wrong = headerOf({}, (bytes) => {
        bytes[offset] = 1;
      });
      expect(judged(wrong, first)).toBe('bad-segment');
    }
  });

  it('holds what the schedule gives it (§2.2, §2.3)', () => {
    const p = parametersOf();
    for (const [index, capacity] of [
      [0, 16384 - 512],
      [1, 16384],
      [7, 16384],
    ] as const) {
      const judge = (flags: number, contentLength: number) =>
        judged(headerOf({ segmentIndex: index, flags, contentLength }), scheduledPlace(index), p);
      expect(judge(0, capacity)).toBeUndefined();
      expect(judge(0, capacity - 1)).toBe('bad-segment');
      expect(judge(0, capacity + 1)).toBe('bad-segment');
      expect(judge(1, capacity)).toBeUndefined();
      expect(judge(1, capacity + 1)).toBe('bad-segment');
      expect(judge(1, 1)).toBeUndefined();
      expect(judge(1, 0)).toBe(index === 0 ? undefined : 'bad-segment');
    }
  });

  it('has no index beyond the last one of a schedule (§2.1)', () => {
    const last = { segmentIndex: maxScheduledIndex, contentLength: 16384 };
    expect(judged(headerOf(last), scheduledPlace(maxScheduledIndex))).toBeUndefined();
    const beyond = { segmentIndex: 0xffffffff, contentLength: 16384 };
    expect(judged(headerOf(beyond), scheduledPlace(0xffffffff))).toBe('bad-segment');
    expect(judged(headerOf({}), first, parametersOf({ layout: 1 }))).toBe('bad-segment');
  });

  it('agrees with its entry in the index (§7.8)', () => {
    const p = parametersOf({ layout: 1 });
    const segmentIndex = 0x10000;
    const entry: IndexEntry = {
      segmentIndex,
      contentLength: 5000,
      totalLength: totalLengthOf(5000, 12),
      salt,
      digest: new Uint8Array(32),
    };
    const header = headerOf({ segmentIndex, flags: 0 });
    expect(judged(header, indexedPlace(entry), p)).toBeUndefined();
    expect(judged(header, indexedPlace({ ...entry, segmentIndex: 0x10001 }), p)).toBe('segment-order');
    expect(judged(header, indexedPlace({ ...entry, contentLength: 4999 }), p)).toBe('bad-segment');
    expect(judged(header, indexedPlace({ ...entry, totalLength: entry.totalLength + 1 }), p)).toBe('bad-segment');
    expect(judged(header, indexedPlace({ ...entry, salt: new Uint8Array(16) }), p)).toBe('bad-segment');
  });

  it('of a part holds a segment size at most (§7.2)', () => {
    const p = parametersOf({ layout: 1 });
    const segmentIndex = 0x10000;
    for (const [contentLength, code] of [
      [16384, undefined],
      [16385, 'bad-segment'],
    ] as const) {
      const header = headerOf({ segmentIndex, flags: 0, contentLength });
      expect(judged(header, unlistedPlace(segmentIndex), p)).toBe(code);
      const totalLength = totalLengthOf(contentLength, 12);
      const entry = { segmentIndex, contentLength, totalLength, salt, digest: new Uint8Array(32) };
      expect(judged(header, indexedPlace(entry), p)).toBe(code);
    }
  });

  it('of the index holds 1 to 2^20 whole entries, uncompressed (§7.3)', () => {
    const p = parametersOf({ layout: 1 });
    const judge = (contentLength: number, chosen: Partial<SegmentFacts> = {}) =>
      judged(headerOf({ segmentIndex: 0xffffffff, flags: 3, contentLength, ...chosen }), indexPlace, p);
    expect(judge(64)).toBeUndefined();
    expect(judge(2 ** 26)).toBeUndefined();
    expect(judge(0)).toBe('bad-segment');
    expect(judge(63)).toBe('bad-segment');
    expect(judge(65)).toBe('bad-segment');
    expect(judge(2 ** 26 + 64)).toBe('bad-segment');
    const compressible = { ...p, compression: 1 } as const;
    const compressed = headerOf({
      segmentIndex: 0xffffffff,
      flags: 3,
      contentLength: 640,
      compression: 1,
      payloadLength: 64,
    });
    expect(judged(compressed, indexPlace, compressible)).toBe('bad-segment');
  });
});
