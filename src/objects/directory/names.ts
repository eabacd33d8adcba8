import { SealpartError } from '../../errors.ts';
import type { ObjectName } from '../object-store.ts';

/** The longest key, in bytes of UTF-8. */
export const maxKeyBytes = 1024;

/** The longest name that a message shows whole, in characters. */
const shownChars = 200;

// S3 keeps these for names that it makes itself, so a bucket called like that could never move there.
const reservedPrefixes = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const reservedSuffixes = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

/** What is wrong with a bucket's name by S3's rules, or undefined. */
function bucketNameFault(bucket: string): string | undefined {
  if (bucket.length < 3 || bucket.length > 63) return 'it must have 3 to 63 characters';
  if (!/^[a-z0-9.-]+$/.test(bucket)) return 'it may hold only lower case letters, digits, dots and hyphens';
  if (!/^[a-z0-9].*[a-z0-9]$/.test(bucket)) return 'it must begin and end with a letter or a digit';
  if (bucket.includes('..')) return 'it must not hold two dots side by side';
  if (/^\d+\.\d+\.\d+\.\d+$/.test(bucket)) return 'it must not look like an IP address';
  const prefix = reservedPrefixes.find((reserved) => bucket.startsWith(reserved));
  if (prefix !== undefined) return `names that begin with ${prefix} are reserved by S3`;
  const suffix = reservedSuffixes.find((reserved) => bucket.endsWith(reserved));
  if (suffix !== undefined) return `names that end with ${suffix} are reserved by S3`;
  return undefined;
}

/** @throws SealpartError `bad-name` if S3 would not take this name for a bucket. */
export function checkBucketName(bucket: string): void {
  const fault = bucketNameFault(bucket);
  if (fault === undefined) return;
  const said = 'InvalidBucketName';
  throw new SealpartError('bad-name', `${quoted(bucket)} cannot be the name of a bucket: ${fault}.`, { said });
}

/** @throws SealpartError `bad-name` if the bucket or the key can be none. */
export function checkName(name: ObjectName): void {
  checkBucketName(name.bucket);
  encodeKey(name.key);
}

/**
 * The bytes under which the catalogue files a key.
 *
 * @throws SealpartError `bad-name` if it is empty, longer than 1,024 bytes of UTF-8, or holds half a surrogate pair,
 *   which UTF-8 cannot say: two such keys would become one.
 */
export function encodeKey(key: string): Uint8Array {
  if (key === '') throw new SealpartError('bad-name', 'The key of an object must not be empty.');
  const bytes = encodeKeyText(key);
  if (bytes.length > maxKeyBytes) {
    const reason = `it has ${bytes.length} bytes, and ${maxKeyBytes} is the most`;
    const said = 'KeyTooLongError';
    throw new SealpartError('bad-name', `${quoted(key)} cannot be the key of an object: ${reason}.`, { said });
  }
  return bytes;
}

/** The bytes of a text that keys are compared with: of any length, the empty one included. */
export function encodeKeyText(text: string): Uint8Array {
  if (!text.isWellFormed()) {
    throw new SealpartError('bad-name', `${quoted(text)} cannot be (part of) a key: it holds half a surrogate pair.`);
  }
  return Buffer.from(text, 'utf8');
}

/** The key that was filed under these bytes. */
export function decodeKey(bytes: Uint8Array): string {
  // Not a TextDecoder, which by default drops a byte order mark at the beginning: it is part of the key.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** An object as messages name it: on one line and of bounded length, whatever the key holds. */
export function objectLabel(name: ObjectName): string {
  return quoted(`${name.bucket}/${name.key}`);
}

/** A name as messages show it: on one line and of bounded length, whatever it holds. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > shownChars ? `${name.slice(0, shownChars)}…` : name);
}
