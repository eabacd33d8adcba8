import type { Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { equalBytes, toHex } from '../../src/format/bytes.ts';
import { encodeFooter, footerLength, parseFooter } from '../../src/format/footer.ts';
import { encodeFields, parseFields } from '../../src/format/header-fields.ts';
import {
  encodeIndexEntries,
  type IndexEntry,
  indexedDigests,
  parseIndexEntries,
} from '../../src/format/index-entries.ts';
import { parseSegmentHeader, segmentHeaderLength, writeSegmentHeader } from '../../src/format/segment-header.ts';
import { encodeCore, parseCore } from '../../src/format/stream-core.ts';
import { headerOverhead, layOutHeader, parseHeaderLength, parseStreamHeader } from '../../src/format/stream-header.ts';
import { fc } from '../support/properties.ts';
import { bytesOf, cores, fields, indexEntries, segmentFacts } from './arbitraries.ts';

/** What a parser makes of bytes, or undefined where it refuses them. */
function accepted<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SealpartError) return undefined;
    throw error;
  }
}

/** Valid bytes with some of them replaced: most are refused, and what is not must still have one form only. */
function damaged(valid: Arbitrary<Uint8Array>): Arbitrary<Uint8Array> {
  const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 });
  return fc.tuple(valid, edits).map(([bytes, chosen]) => {
    const edited = bytes.slice();
    for (const [at, value] of chosen) if (edited.length > 0) edited[at % edited.length] = value;
    return edited;
  });
}

describe('what parses re-encodes to the same bytes', () => {
  it('a core', () => {
    fc.assert(
      fc.property(damaged(cores().map(encodeCore)), (bytes) => {
        const core = accepted(() => parseCore(bytes));
        if (core !== undefined) expect(toHex(encodeCore(core))).toBe(toHex(bytes));
      }),
    );
  });

  it('a core that a writer made, to the same values', () => {
    fc.assert(
      fc.property(cores(), (core) => {
        expect(parseCore(encodeCore(core))).toEqual(core);
      }),
    );
  });

  it('header fields', () => {
    fc.assert(
      fc.property(damaged(fields().map(encodeFields)), (bytes) => {
        const parsed = accepted(() => parseFields(bytes));
        if (parsed !== undefined) expect(toHex(encodeFields(parsed))).toBe(toHex(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('header fields that a writer made, in whatever order it named them', () => {
    fc.assert(
      fc.property(fields(), (made) => {
        const parsed = parseFields(encodeFields(made));
        expect(parsed).toHaveLength(made.length);
        expect(equalBytes(encodeFields(parsed), encodeFields(made))).toBe(true);
      }),
    );
  });

  it('a whole stream header', () => {
    fc.assert(
      fc.property(cores(), fields(), (core, made) => {
        const { headerLen } = core.parameters;
        fc.pre(encodeFields(made).length + headerOverhead <= headerLen);
        const bytes = layOutHeader(core, made);
        const parsed = parseStreamHeader(bytes);
        expect(bytes).toHaveLength(headerLen);
        expect(parseHeaderLength(bytes)).toBe(headerLen);
        expect(toHex(layOutHeader(parsed.core, parsed.fields))).toBe(toHex(bytes));
        expect(equalBytes(parsed.bytes, bytes)).toBe(true);
      }),
    );
  });

  it('a segment header', () => {
    fc.assert(
      fc.property(segmentFacts(), fc.integer({ min: 12, max: 20 }), fc.nat(0xffffffff), (facts, frameSizeLog2, crc) => {
        const bytes = new Uint8Array(segmentHeaderLength).fill(0xee);
        writeSegmentHeader(bytes, facts, frameSizeLog2, crc);
        const parsed = parseSegmentHeader(bytes, 0);
        expect(parsed).toMatchObject({ ...facts, wireCrc32: crc, reservedIsZero: true });
        const again = new Uint8Array(segmentHeaderLength);
        writeSegmentHeader(again, parsed, frameSizeLog2, parsed.wireCrc32);
        expect(toHex(again)).toBe(toHex(bytes));
      }),
    );
  });

  it('index entries', () => {
    const valid = fc.integer({ min: 14, max: 20 }).chain((log2) => indexEntries(log2).map(encodeIndexEntries));
    fc.assert(
      fc.property(damaged(valid), (bytes) => {
        const parsed = accepted(() => parseIndexEntries(bytes, 20));
        if (parsed === undefined) return;
        expect(toHex(encodeIndexEntries(parsed))).toBe(toHex(bytes));
        const own = new Uint8Array(32).fill(9);
        const digests = [...parsed].map(({ digest }) => toHex(digest));
        expect(toHex(indexedDigests(bytes, own))).toBe([...digests, toHex(own)].join(''));
      }),
      { numRuns: 500 },
    );
  });

  it('index entries that a writer made, to the same values', () => {
    fc.assert(
      fc.property(indexEntries(14), (entries) => {
        const parsed = parseIndexEntries(encodeIndexEntries(entries), 14);
        expect([...parsed]).toEqual(entries);
        const sum = (of: (entry: IndexEntry) => number): number => entries.reduce((all, entry) => all + of(entry), 0);
        expect(parsed).toMatchObject({
          length: entries.length,
          contentLength: sum(({ contentLength }) => contentLength),
          totalLength: sum(({ totalLength }) => totalLength),
        });
      }),
    );
  });

  it('a footer', () => {
    const footer = fc.record({ indexTotalLength: fc.nat(0xffffffff), headerLen: fc.nat(0xffff) });
    fc.assert(
      fc.property(footer, (made) => {
        const bytes = encodeFooter(made);
        expect(parseFooter(bytes)).toEqual(made);
        expect(bytes).toHaveLength(footerLength);
      }),
    );
    fc.assert(
      fc.property(fc.oneof(damaged(footer.map(encodeFooter)), bytesOf(footerLength)), (bytes) => {
        const parsed = accepted(() => parseFooter(bytes));
        if (parsed !== undefined) expect(toHex(encodeFooter(parsed))).toBe(toHex(bytes));
      }),
    );
  });
});
