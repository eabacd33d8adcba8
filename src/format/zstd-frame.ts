import { readU16, readU32, readU64 } from './little-endian.ts';

const zstdMagic = 0xfd2fb528;
/** docs/format.md §3: a decoder never needs more memory than this for its window. */
export const maxZstdWindowBytes: number = 8 * 2 ** 20;
const maxBlockBytes = 128 * 1024;

/**
 * Walks a compressed payload without decoding it (RFC 8878): exactly one frame, its content size present and right, no
 * dictionary, a window of at most 8 MiB, nothing before or after.
 *
 * @returns what is wrong with it, or undefined
 */
export function zstdFrameFault(payload: Uint8Array, contentLength: number): string | undefined {
  // §3.10.
  const header = readFrameHeader(payload);
  if (typeof header === 'string') return header;
  if (header.contentSize !== BigInt(contentLength)) return 'its content size is not content_len';
  if (header.windowSize > maxZstdWindowBytes) return 'it asks for a window over 8 MiB';
  let offset = header.length;
  for (;;) {
    if (payload.length - offset < 3) return 'it ends inside a block';
    const block = payload[offset]! | (payload[offset + 1]! << 8) | (payload[offset + 2]! << 16);
    const type = (block >> 1) & 3;
    const size = block >> 3;
    if (type === 3 || size > maxBlockBytes) return 'it has a block that no frame may have';
    offset += 3 + (type === 1 ? 1 : size);
    if (offset > payload.length) return 'it ends inside a block';
    if ((block & 1) === 1) break;
  }
  if (header.hasChecksum) offset += 4;
  return offset === payload.length ? undefined : 'it is not exactly one frame';
}

interface ZstdFrameHeader {
  readonly length: number;
  readonly contentSize: bigint;
  readonly windowSize: number;
  readonly hasChecksum: boolean;
}

/** RFC 8878 §3.1.1.1. */
function readFrameHeader(payload: Uint8Array): ZstdFrameHeader | string {
  if (payload.length < 5 || readU32(payload, 0) !== zstdMagic) return 'it is not a zstd frame';
  const descriptor = payload[4]!;
  const contentSizeFlag = descriptor >> 6;
  const singleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) return 'it has a reserved bit set';
  if ((descriptor & 0x03) !== 0) return 'it needs a dictionary';
  const contentSizeLength = contentSizeFlag === 0 ? (singleSegment ? 1 : 0) : 2 ** contentSizeFlag;
  if (contentSizeLength === 0) return 'it does not say its content size';
  const length = 5 + (singleSegment ? 0 : 1) + contentSizeLength;
  if (payload.length < length) return 'it ends inside its header';
  const contentSize = readContentSize(payload, length - contentSizeLength, contentSizeLength);
  return {
    length,
    contentSize,
    // RFC 8878 §3.1.1.1.2: the window of a frame of a single segment is its content.
    windowSize: singleSegment ? Number(contentSize) : windowSizeOf(payload[5]!),
    hasChecksum: (descriptor & 0x04) !== 0,
  };
}

function readContentSize(payload: Uint8Array, offset: number, length: number): bigint {
  switch (length) {
    case 1:
      return BigInt(payload[offset]!);
    case 2:
      return BigInt(readU16(payload, offset) + 256);
    case 4:
      return BigInt(readU32(payload, offset));
    default:
      return readU64(payload, offset);
  }
}

function windowSizeOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
