import { textBytes } from '../format/bytes.ts';
import { u16 } from '../format/little-endian.ts';
import { sha256 } from './sha256.ts';

const label = textBytes('sealpart/2 object');

/** What field 0x03 holds: the name that a stream may be served under (docs/format.md §1). */
export function objectNameHash(bucket: string, key: string): Uint8Array {
  // §1.18.
  const bucketBytes = textBytes(bucket);
  return sha256(label, u16(bucketBytes.length), bucketBytes, textBytes(key));
}
