import { s3Error } from '../errors/s3-error.ts';

/** The longest key, in bytes of UTF-8. */
export const maxKeyBytes = 1024;
/** What stands under this prefix of a bucket is the gateway's own: no client reads, writes or lists it. */
export const reservedKeyPrefix = '.sealpart/';
const reservedFolder = '.sealpart';

// S3 keeps these for names that it makes itself.
const reservedPrefixes = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const reservedSuffixes = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

/** True if there can be a bucket of that name. */
export function isBucketName(name: string): boolean {
  if (name.length < 3 || name.length > 63) return false;
  if (!/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(name) || name.includes('..')) return false;
  return !/^\d{1,3}(?:\.\d{1,3}){3}$/.test(name);
}

/** True if a bucket of that name can be made. */
export function isNewBucketName(name: string): boolean {
  if (reservedPrefixes.some((prefix) => name.startsWith(prefix))) return false;
  return isBucketName(name) && !reservedSuffixes.some((suffix) => name.endsWith(suffix));
}

/** True for keys, and common prefixes of keys, that are the gateway's own, also as a store takes them that makes paths of keys. */
export function isReservedKey(key: string): boolean {
  return resolvedSegments(key)[0] === reservedFolder;
}

/** @throws S3Error InvalidBucketName */
export function checkBucketName(name: string): void {
  if (!isBucketName(name)) throw s3Error('InvalidBucketName', { BucketName: name });
}

/** @throws S3Error KeyTooLongError */
export function checkKey(key: string): void {
  const sizeBytes = new TextEncoder().encode(key).length;
  if (sizeBytes > maxKeyBytes) {
    throw s3Error('KeyTooLongError', { Size: sizeBytes, MaxSizeAllowed: maxKeyBytes });
  }
}

/** What is left of a key where `//` and `.` are nothing, and `..` takes back what stands before it. */
function resolvedSegments(key: string): readonly string[] {
  const segments: string[] = [];
  for (const segment of key.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return segments;
}
