import { crc32 } from 'node:zlib';
import { SealpartError } from '../errors.ts';
import { isZero, textBytes } from './bytes.ts';
import { digestPayloadLength, frameOverhead } from './frame-header.ts';
import { readU16, readU32, writeU16, writeU32 } from './little-endian.ts';
import { judgeMagic } from './stream-core.ts';
import type { Compression, DigestAlg } from './stream-parameters.ts';

export const segmentHeaderLength = 64;
export const segmentMagic: Uint8Array = textBytes('SEG2');
/** Bytes 0..39, which every frame of the segment authenticates. */
export const authenticatedSegmentHeaderLength = 40;

export const segmentFlags = { final: 1, index: 2 } as const;

/** What a segment header says that does not follow from the rest of it (docs/format.md §3). */
export interface SegmentFacts {
  readonly segmentIndex: number;
  /** Bits of segmentFlags. */
  readonly flags: number;
  readonly digestAlg: DigestAlg;
  readonly compression: Compression;
  /** Bytes before compression. */
  readonly contentLength: number;
  /** Bytes of DATA plaintext. */
  readonly payloadLength: number;
  /** 16 bytes. */
  readonly salt: Uint8Array;
}

/** A segment header as it stands, every field of it, believed by nobody yet. */
export interface SegmentHeader extends SegmentFacts {
  readonly dataFrames: number;
  readonly frameCount: number;
  /** Bytes of frames that follow the header. */
  readonly wireLength: number;
  readonly wireCrc32: number;
  readonly reservedIsZero: boolean;
  /** Bytes 0..39 as they stand. */
  readonly authenticated: Uint8Array;
}

/** DATA frames that so much payload takes: ceil(payload / 2^F). */
export function dataFramesOf(payloadLength: number, frameSizeLog2: number): number {
  return Math.ceil(payloadLength / 2 ** frameSizeLog2);
}

/** Bytes of frames that so much payload takes: DATA, DIGEST and TERMINATOR (§3, wire_len). */
export function wireLengthOf(payloadLength: number, frameSizeLog2: number): number {
  return payloadLength + frameOverhead * (dataFramesOf(payloadLength, frameSizeLog2) + 2) + digestPayloadLength;
}

/** Bytes of a whole segment, header included. */
export function totalLengthOf(payloadLength: number, frameSizeLog2: number): number {
  return segmentHeaderLength + wireLengthOf(payloadLength, frameSizeLog2);
}

/** Bytes 0..39, which are known before any frame is encrypted. */
export function encodeAuthenticatedHeader(facts: SegmentFacts, frameSizeLog2: number): Uint8Array {
  const bytes = new Uint8Array(authenticatedSegmentHeaderLength);
  bytes.set(segmentMagic, 0);
  writeU32(bytes, 4, facts.segmentIndex);
  writeU16(bytes, 8, facts.flags);
  bytes[10] = facts.digestAlg;
  bytes[11] = facts.compression;
  writeU32(bytes, 12, dataFramesOf(facts.payloadLength, frameSizeLog2));
  writeU32(bytes, 16, facts.contentLength);
  writeU32(bytes, 20, facts.payloadLength);
  bytes.set(facts.salt, 24);
  return bytes;
}

/** Writes a whole segment header at the start of `target`. */
export function writeSegmentHeader(
  target: Uint8Array,
  facts: SegmentFacts,
  frameSizeLog2: number,
  wireCrc32: number,
): void {
  target.fill(0, 0, segmentHeaderLength);
  target.set(encodeAuthenticatedHeader(facts, frameSizeLog2), 0);
  writeU32(target, 40, dataFramesOf(facts.payloadLength, frameSizeLog2) + 2);
  writeU32(target, 44, wireLengthOf(facts.payloadLength, frameSizeLog2));
  writeU32(target, 48, wireCrc32);
  writeU32(target, 60, crc32(target.subarray(0, 60)));
}

/**
 * Takes a segment header apart: magic and CRC are judged here, the rest by judgeSegmentHeader, which knows the stream.
 *
 * @param bytes the input from the header's first byte on, at most 64 of them; short input is `truncated`.
 * @param place the segment_index that belongs here, for messages.
 * @throws SealpartError `truncated`, `bad-magic`, `crc-mismatch`
 */
export function parseSegmentHeader(bytes: Uint8Array, place: number): SegmentHeader {
  // §3.2.
  judgeMagic(bytes, segmentMagic, `segment ${place}`, place);
  if (bytes.length < segmentHeaderLength) {
    throw new SealpartError('truncated', `The input ends inside the header of segment ${place}.`, { segment: place });
  }
  // §3.3.
  if (crc32(bytes.subarray(0, 60)) !== readU32(bytes, 60)) {
    throw new SealpartError(
      'crc-mismatch',
      `The header of segment ${place} is damaged: its CRC-32 differs. Fetch it again, or restore it from another copy.`,
      { segment: place },
    );
  }
  return {
    segmentIndex: readU32(bytes, 4),
    flags: readU16(bytes, 8),
    digestAlg: bytes[10] as DigestAlg,
    compression: bytes[11] as Compression,
    dataFrames: readU32(bytes, 12),
    contentLength: readU32(bytes, 16),
    payloadLength: readU32(bytes, 20),
    salt: bytes.slice(24, 40),
    frameCount: readU32(bytes, 40),
    wireLength: readU32(bytes, 44),
    wireCrc32: readU32(bytes, 48),
    reservedIsZero: isZero(bytes.subarray(52, 60)),
    authenticated: bytes.slice(0, authenticatedSegmentHeaderLength),
  };
}
