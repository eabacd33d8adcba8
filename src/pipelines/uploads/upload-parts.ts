import { crc32 } from 'node:zlib';
import { freshBytes } from '../../crypto/fresh-bytes.ts';
import { attemptLength, type PartRecord } from '../../crypto/manifest-records.ts';
import { combineCrc32, crc32Shift } from '../../format/crc32.ts';
import type { CheckedBytes } from '../../objects/object-store.ts';
import type { WireSegment } from '../../segments/segment-encryption.ts';

const none = new Uint8Array(0);

/** The part that a segment makes: segment i is part i + 1, and the stream header stands before segment 0. */
export interface SegmentPart {
  readonly partNumber: number;
  readonly body: CheckedBytes;
}

export function partOf(segment: WireSegment, header: Uint8Array): SegmentPart {
  const { facts, pieces, totalLength, crc32: segmentCrc } = segment;
  if (facts.segmentIndex > 0) return { partNumber: facts.segmentIndex + 1, body: { pieces, crc32: segmentCrc } };
  const whole = combineCrc32(crc32(header), segmentCrc, crc32Shift(totalLength));
  return { partNumber: 1, body: { pieces: [header, ...pieces], crc32: whole } };
}

/** What is written down of a part that the store has answered for. */
export function recordOf(segment: WireSegment, part: SegmentPart, etag: string): PartRecord {
  const { facts, totalLength, digest } = segment;
  const { segmentIndex, contentLength, salt } = facts;
  return {
    partNumber: part.partNumber,
    attempt: freshBytes(attemptLength),
    segments: [{ segmentIndex, contentLength, totalLength, salt, digest }],
    etag,
    checksum: crc32Text(part.body.crc32),
    clientEtag: none,
    clientChecksums: none,
  };
}

/** A CRC-32 as S3 writes it, big-endian in base64, with its name (docs/format.md §10.5). */
export function crc32Text(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return `crc32=${bytes.toString('base64')}`;
}

/** Bytes of a part in the store. */
export function storedLength(part: PartRecord, headerLen: number): number {
  return (part.partNumber === 1 ? headerLen : 0) + part.segments.reduce((sum, s) => sum + s.totalLength, 0);
}
