import { describe, expect, it } from 'vitest';
import { encodeFooter, parseFooter } from '../../src/format/footer.ts';
import {
  encodeIndexEntries,
  type IndexEntry,
  parseIndexEntries,
  partSegmentIndex,
} from '../../src/format/index-entries.ts';
import { codeOf } from '../support/refusal.ts';

function entry(part: number, k: number, contentLength = 100): IndexEntry {
  return {
    segmentIndex: part * 65_536 + k,
    contentLength,
    totalLength: contentLength + 300,
    salt: new Uint8Array(16),
    digest: new Uint8Array(32),
  };
}

function judged(...entries: IndexEntry[]) {
  return codeOf(() => parseIndexEntries(encodeIndexEntries(entries), 14));
}

describe('the entries of an index', () => {
  it('ascend by part, and inside of a part count from 0 (§7.1)', () => {
    expect(judged(entry(1, 0), entry(1, 1), entry(2, 0), entry(9, 0), entry(9, 1), entry(9, 2))).toBeUndefined();
    expect(judged(entry(7, 0))).toBeUndefined();
    expect(judged(entry(1, 1))).toBe('bad-index');
    expect(judged(entry(1, 0), entry(1, 2))).toBe('bad-index');
    expect(judged(entry(1, 0), entry(1, 0))).toBe('bad-index');
    expect(judged(entry(1, 0), entry(2, 1))).toBe('bad-index');
    expect(judged(entry(2, 0), entry(1, 0))).toBe('bad-index');
    expect(judged(entry(1, 0), entry(1, 1), entry(1, 0))).toBe('bad-index');
  });

  it('are of the parts 1 to 10,000', () => {
    expect(judged(entry(10_000, 0))).toBeUndefined();
    expect(judged(entry(10_001, 0))).toBe('bad-index');
    expect(judged(entry(0, 0))).toBe('bad-index');
    expect(judged(entry(0, 5))).toBe('bad-index');
    expect(judged(entry(65_535, 65_535))).toBe('bad-index');
  });

  it('are empty only where nothing stands beside them, and hold a segment size at most (§7.2)', () => {
    expect(judged(entry(1, 0, 0), entry(2, 0))).toBeUndefined();
    expect(judged(entry(1, 0, 0), entry(1, 1))).toBe('bad-index');
    expect(judged(entry(1, 0), entry(1, 1, 0))).toBe('bad-index');
    expect(judged(entry(1, 0, 16_384))).toBeUndefined();
    expect(judged(entry(1, 0, 16_385))).toBe('bad-segment');
    // All that is bad-index comes first (§6.10).
    expect(judged(entry(1, 0, 16_385), entry(1, 5))).toBe('bad-index');
  });

  it('have zeros where nothing else belongs (§7.4)', () => {
    for (let offset = 12; offset < 16; offset++) {
      const bytes = encodeIndexEntries([entry(1, 0)]);
      bytes[offset] = 1;
      expect(codeOf(() => parseIndexEntries(bytes, 14))).toBe('bad-index');
    }
  });

  it('count the places of a part to the last one and no further', () => {
    expect(partSegmentIndex(1, 0)).toBe(65_536);
    expect(partSegmentIndex(10_000, 65_535)).toBe(655_425_535);
    for (const [part, k] of [
      [0, 0],
      [10_001, 0],
      [1, 65_536],
      [1, -1],
    ] as const) {
      expect(() => partSegmentIndex(part, k)).toThrow('a place in a part');
    }
  });
});

describe('a footer', () => {
  it('is refused with any bit flipped, too short or too long (§7.6)', () => {
    const good = encodeFooter({ indexTotalLength: 0x01020304, headerLen: 1024 });
    expect(parseFooter(good)).toEqual({ indexTotalLength: 0x01020304, headerLen: 1024 });
    for (let bit = 0; bit < 160; bit++) {
      const bytes = good.slice();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(codeOf(() => parseFooter(bytes))).toBe('bad-index');
    }
    expect(codeOf(() => parseFooter(good.subarray(1)))).toBe('bad-index');
    expect(codeOf(() => parseFooter(Uint8Array.of(...good, 0)))).toBe('bad-index');
  });
});
