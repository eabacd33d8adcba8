import { createHash, createSecretKey } from 'node:crypto';
import { crc32, zstdCompressSync } from 'node:zlib';
import { equalBytes } from '../../src/format/bytes.ts';
import { encodeFooter, parseFooter } from '../../src/format/footer.ts';
import { encodeFields, parseFields } from '../../src/format/header-fields.ts';
import { encodeIndexEntries, parseIndexEntries, partSegmentIndex } from '../../src/format/index-entries.ts';
import { judgeSegmentHeader, scheduledPlace } from '../../src/format/judge-segment-header.ts';
import { writeU32 } from '../../src/format/little-endian.ts';
import { parseSegmentHeader, segmentHeaderLength, writeSegmentHeader } from '../../src/format/segment-header.ts';
import { layOutHeader, macInput, parseStreamHeader } from '../../src/format/stream-header.ts';
import type { StreamParameters } from '../../src/format/stream-parameters.ts';
import { zstdFrameFault } from '../../src/format/zstd-frame.ts';
import { runBatch } from '../../src/workers/run-batch.ts';
import { decompressAtOnce } from '../../src/workers/run-compression.ts';

/** A parser under fire. */
export interface FuzzTarget {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** Makes checksums fit again, so that what stands behind them is reached. */
  readonly repair?: (bytes: Uint8Array) => void;
  /**
   * Reads the input. Returns true if it was accepted and, for parsers with an encoder, re-encodes to the same bytes;
   * false if it was accepted and does not; throws what the parser throws; undefined if the target refused by answer.
   */
  readonly run: (bytes: Uint8Array) => boolean | undefined;
  /** Executions of this target for each of a cheap one: the dear ones run less often. */
  readonly share: number;
}

const parameters: StreamParameters = {
  suite: 1,
  digestAlg: 2,
  layout: 0,
  frameSizeLog2: 12,
  segmentSizeLog2: 14,
  segmentSizeMaxLog2: 14,
  compression: 1,
  growEvery: 0,
  headerLen: 512,
};

function crcAt(offset: number): (bytes: Uint8Array) => void {
  return (bytes) => {
    if (bytes.length >= offset + 4) writeU32(bytes, offset, crc32(bytes.subarray(0, offset)));
  };
}

/** The header says itself how long it is, and so where its checksum stands. */
function repairHeader(bytes: Uint8Array): void {
  const length = (bytes[18] ?? 0) | ((bytes[19] ?? 0) << 8);
  if (length >= 36 && length <= bytes.length) crcAt(length - 36)(bytes);
}

export function headerTarget(headers: readonly Uint8Array[]): FuzzTarget {
  return {
    name: 'stream header',
    seeds: headers,
    repair: repairHeader,
    share: 1,
    run(bytes) {
      const header = parseStreamHeader(bytes);
      return equalBytes(macInput(layOutHeader(header.core, header.fields)), macInput(header.bytes));
    },
  };
}

export function fieldsTarget(fields: readonly Uint8Array[]): FuzzTarget {
  return {
    name: 'header fields',
    seeds: fields,
    share: 1,
    run: (bytes) => equalBytes(encodeFields(parseFields(bytes)), bytes),
  };
}

export function segmentHeaderTarget(headers: readonly Uint8Array[]): FuzzTarget {
  return {
    name: 'segment header',
    seeds: headers,
    repair: crcAt(60),
    share: 1,
    run(bytes) {
      const header = parseSegmentHeader(bytes.subarray(0, segmentHeaderLength), 1);
      judgeSegmentHeader(header, parameters, scheduledPlace(header.segmentIndex));
      const again = new Uint8Array(segmentHeaderLength);
      writeSegmentHeader(again, header, parameters.frameSizeLog2, header.wireCrc32);
      return equalBytes(again, bytes.subarray(0, segmentHeaderLength));
    },
  };
}

export const footerTarget: FuzzTarget = {
  name: 'footer',
  seeds: [encodeFooter({ indexTotalLength: 304, headerLen: 1024 })],
  repair: crcAt(16),
  share: 1,
  run: (bytes) => equalBytes(encodeFooter(parseFooter(bytes)), bytes),
};

export const indexTarget: FuzzTarget = {
  name: 'index entries',
  seeds: [
    encodeIndexEntries(
      [partSegmentIndex(1, 0), partSegmentIndex(1, 1), partSegmentIndex(7, 0)].map((segmentIndex) => ({
        segmentIndex,
        contentLength: 5,
        totalLength: 245,
        salt: new Uint8Array(16).fill(3),
        digest: new Uint8Array(32).fill(4),
      })),
    ),
  ],
  share: 1,
  run(bytes) {
    const whole = bytes.subarray(0, bytes.length - (bytes.length % 64));
    return equalBytes(encodeIndexEntries(parseIndexEntries(whole, 14)), whole);
  },
};

const content = new Uint8Array(3000).map((_, i) => i % 7);
/** Nothing is gained on this: zstd stores it as raw blocks, whose bytes may be any. */
const incompressible = new Uint8Array(createHash('shake256', { outputLength: 3000 }).update('incompressible').digest());

export const zstdTarget: FuzzTarget = {
  name: 'zstd frame',
  seeds: [content, incompressible].map((plain) => zstdCompressSync(plain, { pledgedSrcSize: plain.length })),
  share: 1 / 4,
  /** What passes the walk goes to the decoder, which must answer as well. */
  run(bytes) {
    if (zstdFrameFault(bytes, content.length) !== undefined) return undefined;
    const result = decompressAtOnce(bytes, new Uint8Array(content.length));
    return 'fault' in result ? undefined : true;
  },
};

const payload = 2 * 4096 + 100;
const wireLength = payload + 3 * 36;
const memory = { plain: new SharedArrayBuffer(payload), wire: new SharedArrayBuffer(wireLength) };
const batch = {
  suite: 1,
  digestAlg: 2,
  key: createSecretKey(new Uint8Array(32).fill(9)),
  segmentIndex: 1,
  aadPrefix: new Uint8Array(72).fill(8),
  frameSizeBytes: 4096,
  firstFrame: 0,
  plain: { offset: 0, length: payload },
  wire: { offset: 0, length: wireLength },
} as const;

/** Any change of a frame must be found, and nothing of the frame nor of those behind it may have become plaintext. */
export const framesTarget: FuzzTarget = {
  name: 'frames',
  seeds: [
    (() => {
      runBatch({ ...batch, operation: 'encrypt' }, memory);
      return new Uint8Array(memory.wire).slice();
    })(),
  ],
  share: 1 / 20,
  run(bytes) {
    const wire = new Uint8Array(memory.wire);
    wire.fill(0);
    wire.set(bytes.subarray(0, wireLength));
    const plain = new Uint8Array(memory.plain).fill(0xee);
    const { fault } = runBatch({ ...batch, operation: 'decrypt' }, memory);
    if (fault === undefined) return equalBytes(wire, framesTarget.seeds[0]!);
    const untouched = plain.subarray(fault.frame * 4096).every((byte) => byte === 0xee);
    return untouched ? undefined : false;
  },
};
