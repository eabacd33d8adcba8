import { SealpartError } from '../errors.ts';
import { textBytes } from '../format/bytes.ts';
import { u16 } from '../format/little-endian.ts';
import { sha256 } from './sha256.ts';

const label = textBytes('sealpart/2 object');
const maxBucketBytes = 0xffff;

/**
 * What field 0x03 holds: the name that a stream may be served under (docs/format.md §1).
 *
 * @throws SealpartError `bad-name` for a name that is not one text only, or whose bucket has a length over 16 bits: two of
 *   those would have one hash
 */
export function objectNameHash(bucket: string, key: string): Uint8Array {
  // What is not well-formed all becomes the same replacement character.
  if (!bucket.isWellFormed() || !key.isWellFormed()) {
    throw new SealpartError('bad-name', 'The name of the object is not valid Unicode text: give another one.');
  }
  // §1.18.
  const bucketBytes = textBytes(bucket);
  if (bucketBytes.length > maxBucketBytes) {
    throw new SealpartError(
      'bad-name',
      `The name of the bucket has ${bucketBytes.length} bytes, and ${maxBucketBytes} at most can be bound to a stream: shorten it.`,
    );
  }
  return sha256(label, u16(bucketBytes.length), bucketBytes, textBytes(key));
}
