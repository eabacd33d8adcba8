import type { ObjectName } from '../objects/object-store.ts';
import { UsageError } from './usage-error.ts';

/** A directory store and what stands behind the `//`. */
export interface StoreLocation {
  /** The store's folder. */
  readonly path: string;
  readonly bucket: string;
  /** Everything behind the bucket's slash, as it is: nothing in it is decoded or tidied up. */
  readonly key: string;
}

const shape = 'dir:PATH//bucket/key';

/** True for what names an object in a store, and not a file. A file of such a name can be given as `./dir:…`. */
export function isStoreUrl(text: string): boolean {
  return text.startsWith('dir:') || text.startsWith('s3:');
}

/**
 * Takes `dir:PATH//bucket/key` apart: PATH ends at the first `//`, the bucket at the first slash after it. The key may
 * be missing or empty here.
 *
 * @throws UsageError
 */
export function parseStoreUrl(url: string): StoreLocation {
  if (url.startsWith('s3:')) {
    throw new UsageError(`"${url}": this version has no S3 yet. Use a store in a folder: ${shape}.`);
  }
  if (!url.startsWith('dir:')) throw new UsageError(`"${url}" is not the URL of an object. Write ${shape}.`);
  const rest = url.slice('dir:'.length);
  const separator = rest.indexOf('//');
  if (separator < 0) {
    throw new UsageError(`"${url}" does not say where the store's folder ends. Write ${shape}, with a double slash.`);
  }
  const path = rest.slice(0, separator);
  if (path === '') throw new UsageError(`"${url}" names no folder. Write ${shape}; the current folder is dir:.//…`);
  const name = rest.slice(separator + 2);
  const slash = name.indexOf('/');
  const bucket = slash < 0 ? name : name.slice(0, slash);
  if (bucket === '') throw new UsageError(`"${url}" names no bucket. Write ${shape}.`);
  return { path, bucket, key: slash < 0 ? '' : name.slice(slash + 1) };
}

/** The location of one object. @throws UsageError */
export function parseObjectUrl(url: string): StoreLocation {
  const location = parseStoreUrl(url);
  if (location.key === '') throw new UsageError(`"${url}" names no object. Write ${shape}.`);
  return location;
}

/** The format gives a bucket's bytes 16 bits for their number; no store takes names anywhere near as long. */
const maxBucketChars = 1024;

/** BUCKET/KEY of --object-name. @throws UsageError */
export function parseObjectName(text: string): ObjectName {
  const slash = text.indexOf('/');
  if (slash < 1 || slash === text.length - 1 || slash > maxBucketChars) {
    throw new UsageError(`"${text}" is not the name of an object. Write BUCKET/KEY.`);
  }
  return { bucket: text.slice(0, slash), key: text.slice(slash + 1) };
}
