import { writeU32 } from './little-endian.ts';

/** docs/format.md §4. */
export const frameTypes = { data: 1, digest: 2, terminator: 3 } as const;
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes];

export const frameHeaderLength = 20;
export const tagLength = 16;
/** What a frame takes on the wire beside its plaintext. */
export const frameOverhead: number = frameHeaderLength + tagLength;
/** The part of a frame header that its tag covers; what follows is ciphertext_len, which plaintext_len gives. */
export const authenticatedFrameHeaderLength = 16;
/** Plaintext bytes of a DIGEST frame (§5). */
export const digestPayloadLength = 68;

/** Writes the 20 bytes of a frame header into `target` at `offset`. */
export function writeFrameHeader(
  target: Uint8Array,
  offset: number,
  type: FrameType,
  segmentIndex: number,
  frameIndex: number,
  plaintextLength: number,
): void {
  // §4.2: the three bytes behind the type are flags and reserved, and zero.
  writeU32(target, offset, type);
  writeU32(target, offset + 4, segmentIndex);
  writeU32(target, offset + 8, frameIndex);
  writeU32(target, offset + 12, plaintextLength);
  writeU32(target, offset + 16, plaintextLength + tagLength);
}

/** The only 20 bytes that may stand in front of this frame: a reader compares, it does not parse (§6). */
export function frameHeader(
  type: FrameType,
  segmentIndex: number,
  frameIndex: number,
  plaintextLength: number,
): Uint8Array {
  const header = new Uint8Array(frameHeaderLength);
  writeFrameHeader(header, 0, type, segmentIndex, frameIndex, plaintextLength);
  return header;
}
