import type { ObjectName } from '../objects/object-store.ts';
import { UsageError } from './usage-error.ts';

/** What stands behind the store in a URL. */
interface PlaceInStore {
  readonly bucket: string;
  /** Everything behind the bucket's slash, as it is: nothing in it is decoded or tidied up. */
  readonly key: string;
}

/** An object, a bucket, or the beginning of a bucket's keys, in a store in a folder. */
export interface DirectoryLocation extends PlaceInStore {
  readonly kind: 'dir';
  /** The store's folder. */
  readonly path: string;
}

/** The same on S3: which server that is, flags and environment say. */
export interface S3Location extends PlaceInStore {
  readonly kind: 's3';
}

export type StoreLocation = DirectoryLocation | S3Location;

const directoryShape = 'dir:PATH//bucket/key';
const s3Shape = 's3://bucket/key';
/** How objects are written on the command line. */
export const urlShapes: string = `${directoryShape} or ${s3Shape}`;

/** True for what names an object in a store, and not a file. A file of such a name can be given as `./dir:…`. */
export function isStoreUrl(text: string): boolean {
  return text.startsWith('dir:') || text.startsWith('s3:');
}

/**
 * Takes `dir:PATH//bucket/key` or `s3://bucket/key` apart: PATH ends at the first `//`, the bucket at the first slash
 * after it. The key may be missing or empty here.
 *
 * @throws UsageError
 */
export function parseStoreUrl(url: string): StoreLocation {
  if (url.startsWith('dir:')) return parseDirectoryUrl(url);
  if (url.startsWith('s3:')) return parseS3Url(url);
  throw new UsageError(`"${url}" is not the URL of an object. Write ${urlShapes}.`);
}

function parseDirectoryUrl(url: string): DirectoryLocation {
  const rest = url.slice('dir:'.length);
  const separator = rest.indexOf('//');
  if (separator < 0) {
    throw new UsageError(
      `"${url}" does not say where the store's folder ends. Write ${directoryShape}, with a double slash.`,
    );
  }
  const path = rest.slice(0, separator);
  if (path === '') {
    throw new UsageError(`"${url}" names no folder. Write ${directoryShape}; the current folder is dir:.//…`);
  }
  return { kind: 'dir', path, ...parsePlace(rest.slice(separator + 2), url, directoryShape) };
}

function parseS3Url(url: string): S3Location {
  if (!url.startsWith('s3://')) throw new UsageError(`"${url}" lacks the double slash. Write ${s3Shape}.`);
  return { kind: 's3', ...parsePlace(url.slice('s3://'.length), url, s3Shape) };
}

function parsePlace(name: string, url: string, shape: string): PlaceInStore {
  const slash = name.indexOf('/');
  const bucket = slash < 0 ? name : name.slice(0, slash);
  if (bucket === '') throw new UsageError(`"${url}" names no bucket. Write ${shape}.`);
  return { bucket, key: slash < 0 ? '' : name.slice(slash + 1) };
}

/** The location of one object. @throws UsageError */
export function parseObjectUrl(url: string): StoreLocation {
  const location = parseStoreUrl(url);
  if (location.key !== '') return location;
  throw new UsageError(`"${url}" names no object. Write ${location.kind === 'dir' ? directoryShape : s3Shape}.`);
}

/**
 * The location of a tree: a bucket, or the beginning of keys up to a slash.
 *
 * @throws UsageError
 */
export function parseTreeUrl(url: string): StoreLocation {
  const location = parseStoreUrl(url);
  if (location.key === '' || location.key.endsWith('/')) return location;
  throw new UsageError(`"${url}" is one object. With -r the URL stands for a folder: end it with a slash, "${url}/".`);
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
