import type {
  KeyListRequest,
  KeyPage,
  KeyPosition,
  ListedKey,
  ListedVersion,
  VersionListRequest,
  VersionPage,
} from '../bucket-store.ts';
import type { Catalogue } from './catalogue.ts';
import { commonPrefix, type KeySelection, successor, walkKeys } from './key-walk.ts';
import { decodeToken, encodeToken } from './list-token.ts';
import { checkBucketName, encodeKeyText } from './names.ts';
import { endOfPrefix } from './object-table.ts';
import { refused } from './refusals.ts';
import { onlyVersion } from './versions.ts';

/** The most items of a page, which S3 has too. */
export const maxListed = 1000;

/** What both listings choose keys by. */
type Chosen = Pick<KeyListRequest, 'bucket' | 'prefix' | 'delimiter' | 'limit'>;

/** Reads a request, before the catalogue is asked. @throws SealpartError `bad-name`, `bad-parameters` */
export function selectKeys(request: KeyListRequest): KeySelection {
  return select(request, request.from);
}

/** To be called inside a view of the catalogue. */
export function listKeys(catalogue: Catalogue, selection: KeySelection): KeyPage {
  catalogue.requireBucket(selection.bucket);
  const { objects, commonPrefixes, last } = walkKeys(catalogue.objects, selection);
  if (last === undefined) return { objects, commonPrefixes };
  return { objects, commonPrefixes, next: { token: encodeToken(last), marker: last.text } };
}

/** Reads a request, before the catalogue is asked. @throws SealpartError `bad-name`, `bad-parameters` */
export function selectVersions(request: VersionListRequest): KeySelection {
  const { keyMarker = '', versionIdMarker } = request;
  if (versionIdMarker !== undefined && keyMarker === '') {
    throw refused('InvalidArgument', 'A version-id marker cannot be specified without a key marker');
  }
  // An object has but one version, so after it comes the next key.
  return select(request, { kind: 'marker', marker: keyMarker });
}

/** To be called inside a view of the catalogue. */
export function listVersions(catalogue: Catalogue, selection: KeySelection): VersionPage {
  catalogue.requireBucket(selection.bucket);
  const { objects, commonPrefixes, last } = walkKeys(catalogue.objects, selection);
  const versions = objects.map(versionOf);
  if (last === undefined) return { versions, commonPrefixes };
  const keyMarker = last.text;
  const next = last.kind === 'key' ? { keyMarker, versionIdMarker: onlyVersion } : { keyMarker };
  return { versions, commonPrefixes, next };
}

function versionOf(object: ListedKey): ListedVersion {
  return { ...object, versionId: onlyVersion, isLatest: true };
}

function select({ bucket, prefix, delimiter = '', limit }: Chosen, from: KeyPosition | undefined): KeySelection {
  checkBucketName(bucket);
  if (!Number.isInteger(limit) || limit < 0 || limit > maxListed) {
    throw new RangeError(`limit must be a whole number from 0 to ${maxListed}, got ${limit}`);
  }
  const selected = { bucket, prefix: encodeKeyText(prefix), delimiter: encodeKeyText(delimiter), limit };
  return { ...selected, first: firstOf(from, selected) };
}

/** The first bytes that a listing may tell of. */
function firstOf(
  from: KeyPosition | undefined,
  { prefix, delimiter }: Pick<KeySelection, 'prefix' | 'delimiter'>,
): Uint8Array {
  if (from === undefined) return prefix;
  if (from.kind === 'token') {
    const { kind, bytes } = decodeToken(from.token);
    return kind === 'key' ? successor(bytes) : endOfPrefix(bytes);
  }
  const after = encodeKeyText(from.kind === 'after' ? from.key : from.marker);
  const isBehindPrefix = Buffer.compare(after.subarray(0, prefix.length), prefix) === 0;
  const common = isBehindPrefix ? commonPrefix(after, prefix, delimiter) : undefined;
  // A marker that a common prefix stands for is that prefix's: it was told of before. Who names a key inside of one has
  // not been told of it, unless the name is the prefix itself.
  const isTold = common !== undefined && (from.kind === 'marker' || common.length === after.length);
  return isTold ? endOfPrefix(common) : successor(after);
}
