import { s3Error } from '../errors/s3-error.ts';
import { decodePercent, queryParameters, splitTarget } from '../signature/canonical-uri.ts';
import { checkBucketName, checkKey } from './names.ts';

/** What a request is about. */
export interface RequestTarget {
  /** Undefined for the service itself. */
  readonly bucket?: string;
  /** Undefined for a bucket; never empty. */
  readonly key?: string;
  /** Parameters by their names, each of which stands there once. */
  readonly query: ReadonlyMap<string, string>;
}

/**
 * Reads a request target as it stood on the wire. Nothing in it is normalised: `//`, `.` and `..` are parts of keys, and
 * only a slash that stands there as such divides a bucket from a key.
 *
 * @param target one character a byte, as node:http gives it.
 * @param host the Host header.
 * @param domains under which buckets are names of hosts, `bucket.s3.example.com`; a host that is in none of them is
 *   addressed with the bucket in the path.
 * @throws S3Error InvalidURI, InvalidBucketName, KeyTooLongError, or InvalidArgument for a parameter that comes twice.
 */
export function parseRequestTarget(target: string, host?: string, domains: readonly string[] = []): RequestTarget {
  const halves = splitTarget(target);
  if (halves === undefined) throw s3Error('InvalidURI');
  const query = readQuery(halves.query);
  const path = halves.path.slice(1);
  const hostBucket = bucketOfHost(host, domains);
  if (hostBucket !== undefined) return namesOf(hostBucket, path, query);
  if (path === '') return { query };
  const slash = path.indexOf('/');
  if (slash < 0) return namesOf(decodeText(path), '', query);
  return namesOf(decodeText(path.slice(0, slash)), path.slice(slash + 1), query);
}

function namesOf(bucket: string, encodedKey: string, query: ReadonlyMap<string, string>): RequestTarget {
  checkBucketName(bucket);
  const key = decodeText(encodedKey);
  if (key === '') return { bucket, query };
  checkKey(key);
  return { bucket, key, query };
}

function readQuery(text: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const [nameBytes, valueBytes] of queryParameters(text)) {
    const name = utf8(nameBytes);
    // Whoever reads the first would not do what whoever reads the last was asked.
    if (query.has(name)) {
      throw s3Error('InvalidArgument', { message: 'A parameter was given more than once.', ArgumentName: name });
    }
    query.set(name, utf8(valueBytes));
  }
  return query;
}

/** The bucket that a host names; undefined if the host is the service's, or none that we know. */
function bucketOfHost(host: string | undefined, domains: readonly string[]): string | undefined {
  const name = host?.replace(/:\d*$/, '').toLowerCase();
  const suffixes = domains.map((domain) => `.${domain.toLowerCase()}`).filter((suffix) => name?.endsWith(suffix));
  const longest = suffixes.sort((a, b) => b.length - a.length)[0];
  // A domain can be itself within another one that is served: its own name is no bucket of that.
  if (longest === undefined || domains.some((domain) => domain.toLowerCase() === name)) return undefined;
  return name?.slice(0, -longest.length);
}

function decodeText(encoded: string): string {
  return utf8(decodePercent(encoded));
}

/** The text that bytes (one character each) are in UTF-8. */
function utf8(byteCharacters: string): string {
  if (/^[ -~]*$/.test(byteCharacters)) return byteCharacters;
  const bytes = Uint8Array.from(byteCharacters, (character) => character.charCodeAt(0));
  try {
    // A byte order mark at the beginning is part of a key as well.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw s3Error('InvalidURI', {}, error);
  }
}
