import {
  commonPrefixElements,
  keyElement,
  type ListedObject,
  type Owner,
  objectElements,
  ownerElement,
} from './listed-elements.ts';
import type { EncodingType } from './url-encoding.ts';
import { element, type Markup, textElement, timeElement, xmlDocument } from './write-xml.ts';

export interface ListedBucket {
  readonly name: string;
  readonly createdMs: number;
  readonly region?: string;
}

export interface BucketListing {
  readonly owner: Owner;
  readonly buckets: readonly ListedBucket[];
  readonly prefix?: string;
  readonly continuationToken?: string;
}

/** The answer to ListBuckets. */
export function writeListBuckets(listing: BucketListing): string {
  return xmlDocument(
    'ListAllMyBucketsResult',
    element('Buckets', listing.buckets.map(bucketElement)),
    ownerElement(listing.owner),
    textElement('ContinuationToken', listing.continuationToken),
    textElement('Prefix', listing.prefix),
  );
}

function bucketElement({ name, createdMs, region }: ListedBucket): Markup {
  return element(
    'Bucket',
    textElement('Name', name),
    timeElement('CreationDate', createdMs),
    textElement('BucketRegion', region),
  );
}

/** What every listing of a bucket repeats of its request, and what it found. */
interface Listing {
  readonly bucket: string;
  readonly prefix: string;
  readonly delimiter?: string | undefined;
  readonly encoding?: EncodingType;
  readonly maxKeys: number;
  readonly isTruncated: boolean;
  readonly commonPrefixes: readonly string[];
}

export interface ObjectListing extends Listing {
  readonly objects: readonly ListedObject[];
  readonly marker: string;
  readonly nextMarker?: string | undefined;
}

/** The answer to ListObjects. */
export function writeListObjects(listing: ObjectListing): string {
  const { encoding } = listing;
  return xmlDocument(
    'ListBucketResult',
    textElement('Name', listing.bucket),
    keyElement('Prefix', listing.prefix, encoding),
    keyElement('Marker', listing.marker, encoding),
    keyElement('NextMarker', listing.nextMarker, encoding),
    ...limitElements(listing),
    listing.objects.map((object) => contentsElement(object, encoding)),
    commonPrefixElements(listing.commonPrefixes, encoding),
  );
}

export interface ObjectListingV2 extends Listing {
  readonly objects: readonly ListedObject[];
  readonly startAfter?: string | undefined;
  readonly continuationToken?: string | undefined;
  readonly nextContinuationToken?: string | undefined;
}

/** The answer to ListObjectsV2. */
export function writeListObjectsV2(listing: ObjectListingV2): string {
  const { encoding, objects, commonPrefixes } = listing;
  return xmlDocument(
    'ListBucketResult',
    textElement('Name', listing.bucket),
    keyElement('Prefix', listing.prefix, encoding),
    keyElement('StartAfter', listing.startAfter, encoding),
    textElement('ContinuationToken', listing.continuationToken),
    textElement('NextContinuationToken', listing.nextContinuationToken),
    textElement('KeyCount', objects.length + commonPrefixes.length),
    ...limitElements(listing),
    objects.map((object) => contentsElement(object, encoding)),
    commonPrefixElements(commonPrefixes, encoding),
  );
}

function limitElements({ maxKeys, delimiter, encoding, isTruncated }: Listing): (Markup | undefined)[] {
  return [
    textElement('MaxKeys', maxKeys),
    keyElement('Delimiter', delimiter, encoding),
    textElement('EncodingType', encoding),
    textElement('IsTruncated', isTruncated),
  ];
}

function contentsElement(object: ListedObject, encoding: EncodingType): Markup {
  return element('Contents', keyElement('Key', object.key, encoding), objectElements(object));
}

/** A version, or a delete marker, which has neither ETag nor size. */
export type ListedVersion = (
  | (ListedObject & { readonly isDeleteMarker?: false })
  | (Pick<ListedObject, 'key' | 'lastModifiedMs' | 'owner'> & { readonly isDeleteMarker: true })
) & { readonly versionId: string; readonly isLatest: boolean };

export interface VersionListing extends Listing {
  /** Newest first for each key, delete markers in their places. */
  readonly versions: readonly ListedVersion[];
  readonly keyMarker: string;
  readonly versionIdMarker: string;
  readonly nextKeyMarker?: string | undefined;
  readonly nextVersionIdMarker?: string | undefined;
}

/** The answer to ListObjectVersions. */
export function writeListObjectVersions(listing: VersionListing): string {
  const { encoding } = listing;
  return xmlDocument(
    'ListVersionsResult',
    textElement('Name', listing.bucket),
    keyElement('Prefix', listing.prefix, encoding),
    keyElement('KeyMarker', listing.keyMarker, encoding),
    textElement('VersionIdMarker', listing.versionIdMarker),
    keyElement('NextKeyMarker', listing.nextKeyMarker, encoding),
    textElement('NextVersionIdMarker', listing.nextVersionIdMarker),
    ...limitElements(listing),
    listing.versions.map((version) => versionElement(version, encoding)),
    commonPrefixElements(listing.commonPrefixes, encoding),
  );
}

function versionElement(version: ListedVersion, encoding: EncodingType): Markup {
  const names = [
    keyElement('Key', version.key, encoding),
    textElement('VersionId', version.versionId),
    textElement('IsLatest', version.isLatest),
  ];
  if (version.isDeleteMarker !== true) return element('Version', names, objectElements(version));
  return element(
    'DeleteMarker',
    names,
    timeElement('LastModified', version.lastModifiedMs),
    ownerElement(version.owner),
  );
}
