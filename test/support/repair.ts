import { crc32 } from 'node:zlib';
import { writeU32 } from '../../src/format/little-endian.ts';
import { segmentHeaderLength } from '../../src/format/segment-header.ts';

// Checksums keep nobody out: whoever changes a stream can make them fit again. So does a test, to see what is behind.

/** Makes the CRC-32 of a stream header fit, in place. */
export function repairHeader(header: Uint8Array): Uint8Array {
  writeU32(header, header.length - 36, crc32(header.subarray(0, header.length - 36)));
  return header;
}

/** Makes both CRC-32s of a segment fit, in place. */
export function repairSegment(segment: Uint8Array): Uint8Array {
  writeU32(segment, 48, crc32(segment.subarray(segmentHeaderLength)));
  writeU32(segment, 60, crc32(segment.subarray(0, 60)));
  return segment;
}

/** Makes the CRC-32 of a footer fit, in place. */
export function repairFooter(footer: Uint8Array): Uint8Array {
  writeU32(footer, 16, crc32(footer.subarray(0, 16)));
  return footer;
}
