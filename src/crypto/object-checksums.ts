import { concatBytes, joinBytes } from '../format/bytes.ts';
import { u8 } from '../format/little-endian.ts';

/** Checksums as a record numbers them; a number is never used again for another. Lengths in bytes. */
const algorithms: ReadonlyMap<number, { readonly name: string; readonly length: number }> = new Map([
  [1, { name: 'CRC32', length: 4 }],
  [2, { name: 'CRC32C', length: 4 }],
  [3, { name: 'CRC64NVME', length: 8 }],
  [4, { name: 'SHA1', length: 20 }],
  [5, { name: 'SHA256', length: 32 }],
  [6, { name: 'SHA512', length: 64 }],
  [7, { name: 'MD5', length: 16 }],
  [8, { name: 'XXHASH64', length: 8 }],
  [9, { name: 'XXHASH3', length: 8 }],
  [10, { name: 'XXHASH128', length: 16 }],
]);

/** @throws RangeError for an algorithm that has no number, or what is no checksum of its */
export function encodeChecksums(checksums: Readonly<Record<string, string>>): Uint8Array {
  const names = new Set(Object.keys(checksums));
  const encoded: Uint8Array[] = [];
  for (const [number, { name, length }] of algorithms) {
    if (!names.delete(name)) continue;
    const value = Buffer.from(checksums[name]!, 'base64');
    if (value.length !== length || value.toString('base64') !== checksums[name]) {
      throw new RangeError(`a checksum ${name} must be ${length} bytes in base64, not "${checksums[name]}"`);
    }
    encoded.push(concatBytes(u8(number), value));
  }
  for (const name of names) throw new RangeError(`an object record has no place for a checksum ${name}`);
  return concatBytes(u8(encoded.length), joinBytes(encoded));
}

/** The checksums that these bytes are, to the last of them; undefined if they are something else. */
export function decodeChecksums(bytes: Uint8Array): Record<string, string> | undefined {
  const checksums: Record<string, string> = {};
  let offset = 1;
  let before = 0;
  for (let left = bytes[0] ?? 0; left > 0; left--) {
    const number = bytes[offset] ?? 0;
    const algorithm = algorithms.get(number);
    if (algorithm === undefined || number <= before) return undefined;
    const value = bytes.subarray(offset + 1, offset + 1 + algorithm.length);
    if (value.length < algorithm.length) return undefined;
    checksums[algorithm.name] = Buffer.from(value).toString('base64');
    offset += 1 + value.length;
    before = number;
  }
  return bytes.length === offset ? checksums : undefined;
}
