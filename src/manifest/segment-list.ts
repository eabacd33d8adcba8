import { assert } from '../assert.ts';
import type { RecordedSegment } from '../crypto/manifest-records.ts';

const saltLength = 16;
const digestLength = 32;

/** segment_index, content_len, total_len (u32 each, little-endian), salt, digest: as they enter the MAC (docs/format.md §10.1). */
const recordLength = 3 * 4 + saltLength + digestLength;

/** A part's segments one after the other, in as many records of 60 bytes. */
export function encodeSegmentList(segments: readonly RecordedSegment[]): Uint8Array {
  const bytes = new Uint8Array(segments.length * recordLength);
  const view = new DataView(bytes.buffer);
  segments.forEach((segment, number) => {
    assert(segment.salt.length === saltLength, 'a salt has 16 bytes');
    assert(segment.digest.length === digestLength, 'a digest has 32 bytes');
    const { segmentIndex, contentLength, totalLength } = segment;
    let offset = number * recordLength;
    for (const value of [segmentIndex, contentLength, totalLength]) {
      assert(Number.isInteger(value) && value >= 0 && value <= 0xffffffff, 'a segment is numbered and measured in u32');
      view.setUint32(offset, value, true);
      offset += 4;
    }
    bytes.set(segment.salt, offset);
    bytes.set(segment.digest, offset + saltLength);
  });
  return bytes;
}

/** The segments of a list, in memory of their own; undefined if the bytes are not a whole number of records. */
export function decodeSegmentList(bytes: Uint8Array): RecordedSegment[] | undefined {
  if (bytes.length % recordLength !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / recordLength }, (_, number) => {
    const offset = number * recordLength;
    const saltOffset = offset + 12;
    const digestOffset = saltOffset + saltLength;
    return {
      segmentIndex: view.getUint32(offset, true),
      contentLength: view.getUint32(offset + 4, true),
      totalLength: view.getUint32(offset + 8, true),
      salt: new Uint8Array(bytes.subarray(saltOffset, digestOffset)),
      digest: new Uint8Array(bytes.subarray(digestOffset, digestOffset + digestLength)),
    };
  });
}
