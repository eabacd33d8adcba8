import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { writeU16, writeU32 } from '../../src/format/little-endian.ts';
import { coreLength, parseCore } from '../../src/format/stream-core.ts';
import {
  headerStartLength,
  layOutHeader,
  macInput,
  macOf,
  parseHeaderLength,
  parseStreamHeader,
  withMac,
} from '../../src/format/stream-header.ts';
import { judgeParameters, type StreamParameters } from '../../src/format/stream-parameters.ts';
import { randomLooking } from '../support/content.ts';
import { codeOf } from '../support/refusal.ts';
import { parametersOf, sealedHeader } from '../support/streams.ts';

const good = sealedHeader(parametersOf({ headerLen: 1024 }), 'header').header.bytes;

/** The good header with bytes replaced, and a CRC-32 that fits: what an adversary without a key can make. */
function changed(edit: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = good.slice();
  edit(bytes);
  writeU32(bytes, bytes.length - 36, crc32(bytes.subarray(0, bytes.length - 36)));
  return bytes;
}

describe('a stream header', () => {
  it('is told apart from what it is not at the first byte that differs (§1.2, §6.5)', () => {
    expect(codeOf(() => parseCore(new Uint8Array(0)))).toBe('truncated');
    for (let length = 1; length < 8; length++) {
      expect(codeOf(() => parseCore(good.subarray(0, length)))).toBe('truncated');
      const other = good.slice(0, length);
      other[length - 1]! ^= 0x20;
      expect(codeOf(() => parseCore(other))).toBe('bad-magic');
    }
  });

  it('is truncated wherever it ends, once magic and version were there', () => {
    for (let length = 0; length < good.length; length++) {
      expect(codeOf(() => parseStreamHeader(good.subarray(0, length)))).toBe('truncated');
      expect(codeOf(() => parseHeaderLength(good.subarray(0, length)))).toBe(
        length < coreLength + 2 ? 'truncated' : undefined,
      );
    }
    expect(parseHeaderLength(good.subarray(0, headerStartLength))).toBe(1024);
  });

  it.each([
    ['version 1', 8, 1],
    ['version 3', 8, 3],
    ['suite 0', 9, 0],
    ['suite 3', 9, 3],
    ['digest_alg 0', 10, 0],
    ['digest_alg 4', 10, 4],
    ['layout 2', 11, 2],
    ['compression 2', 15, 2],
  ])('of %s is unsupported as soon as that byte is at hand (§1.3)', (_, offset, value) => {
    const bytes = good.slice();
    bytes[offset] = value;
    expect(codeOf(() => parseCore(bytes.subarray(0, offset + 1)))).toBe('unsupported');
    expect(codeOf(() => parseStreamHeader(bytes))).toBe('unsupported');
  });

  it('judges its parameters before it needs the rest (§6.6)', () => {
    const bytes = good.slice();
    bytes[12] = 31;
    expect(codeOf(() => parseCore(bytes.subarray(0, 23)))).toBe('truncated');
    expect(codeOf(() => parseCore(bytes.subarray(0, 24)))).toBe('bad-header');
    // What a later version might have changed is told first.
    bytes[15] = 9;
    expect(codeOf(() => parseCore(bytes))).toBe('unsupported');
  });

  const wrongParameters: [string, Partial<StreamParameters>][] = [
    ['F below 12 (§1.4)', { frameSizeLog2: 11 }],
    ['F above 20', { frameSizeLog2: 21, segmentSizeLog2: 22, segmentSizeMaxLog2: 22 }],
    ['S below 14', { segmentSizeLog2: 13, segmentSizeMaxLog2: 13 }],
    ['S above 30', { segmentSizeLog2: 31, segmentSizeMaxLog2: 31 }],
    ['S below F', { frameSizeLog2: 15, segmentSizeLog2: 14 }],
    ['M below S (§1.5)', { segmentSizeLog2: 15, segmentSizeMaxLog2: 14 }],
    ['M above 30', { segmentSizeMaxLog2: 31, growEvery: 1 }],
    ['G without growth', { growEvery: 1 }],
    ['growth without G', { segmentSizeMaxLog2: 15 }],
    ['growth in layout 1', { layout: 1, segmentSizeMaxLog2: 15, growEvery: 1 }],
    ['compression in layout 1', { layout: 1, compression: 1 }],
    ['header_len 600 (§1.6)', { headerLen: 600 }],
    ['header_len 0', { headerLen: 0 }],
    ['header_len above 32768', { segmentSizeLog2: 20, segmentSizeMaxLog2: 20, headerLen: 33280 }],
    ['header_len over half of segment 0', { headerLen: 8704 }],
  ];
  it.each(wrongParameters)('with %s is not well-formed', (_, chosen) => {
    const parameters = parametersOf(chosen);
    expect(codeOf(() => judgeParameters(parameters))).toBe('bad-header');
    const bytes = changed((header) => {
      header[11] = parameters.layout;
      header[12] = parameters.frameSizeLog2;
      header[13] = parameters.segmentSizeLog2;
      header[14] = parameters.segmentSizeMaxLog2;
      header[15] = parameters.compression;
      writeU16(header, 16, parameters.growEvery);
      writeU16(header, 18, parameters.headerLen);
    });
    expect(codeOf(() => parseStreamHeader(bytes))).toBe('bad-header');
  });

  it('can be as long as half of segment 0', () => {
    judgeParameters(parametersOf({ headerLen: 8192 }));
  });

  it('has zeros where nothing else belongs (§1.1)', () => {
    const fieldsEnd = 108 + (good[104]! | (good[105]! << 8));
    for (const offset of [20, 21, 22, 23, 106, 107, fieldsEnd, good.length - 37]) {
      const bytes = changed((header) => {
        header[offset] = 1;
      });
      expect(
        codeOf(() => parseStreamHeader(bytes)),
        `byte ${offset}`,
      ).toBe('bad-header');
    }
  });

  it('is damaged if its CRC-32 differs, before any field is looked at (§1.8)', () => {
    const bytes = good.slice();
    bytes[108] = 0x40;
    expect(codeOf(() => parseStreamHeader(bytes))).toBe('crc-mismatch');
    expect(codeOf(() => parseStreamHeader(changed((header) => header.set([0x40], 108))))).toBe('unsupported');
  });

  it('has no more fields than it has room for (§1.9)', () => {
    const most = good.length - 144;
    const bytes = changed((header) => writeU16(header, 104, most + 1));
    expect(codeOf(() => parseHeaderLength(bytes.subarray(0, 108)))).toBe('bad-header');
    expect(codeOf(() => parseHeaderLength(changed((header) => writeU16(header, 104, most))))).toBeUndefined();
  });

  it('is not laid out if its fields do not fit, and says what does', () => {
    const { core } = sealedHeader(parametersOf(), 'small').header;
    const context = { kind: 'context', name: 'n', value: 'v'.repeat(600) } as const;
    expect(() => layOutHeader(core, [context])).toThrow('608 bytes and a header of 512 bytes has room for 368');
    expect(codeOf(() => layOutHeader(core, [context]))).toBe('bad-parameters');
  });

  it('has its MAC behind all that the MAC covers', () => {
    const mac = randomLooking(32, 'mac');
    const bytes = withMac(good, mac);
    expect(macOf(bytes)).toEqual(mac);
    expect(macInput(bytes)).toEqual(macInput(good));
    expect(() => withMac(good, mac.subarray(1))).toThrow('32 bytes');
  });
});
