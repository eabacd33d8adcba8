import { crc32c } from '@node-rs/crc32';

/** CRC-32C (Castagnoli) of bytes that follow others, whose CRC is given: 0 for none. */
export function updateCrc32c(bytes: Uint8Array, crc: number): number {
  return crc32c(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), crc) >>> 0;
}
