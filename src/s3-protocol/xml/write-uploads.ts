import { commonPrefixElements, keyElement, type Owner, ownerElement } from './listed-elements.ts';
import type { EncodingType } from './url-encoding.ts';
import { type ChecksumValues, checksumElements } from './write-results.ts';
import { element, etagElement, type Markup, textElement, timeElement, xmlDocument } from './write-xml.ts';

export interface ListedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiatedMs: number;
  readonly storageClass: string;
  readonly owner?: Owner;
  readonly checksumAlgorithm?: string;
  readonly checksumType?: string;
}

export interface UploadListing {
  readonly bucket: string;
  readonly prefix: string;
  readonly delimiter?: string | undefined;
  readonly encoding?: EncodingType;
  readonly keyMarker: string;
  readonly uploadIdMarker: string;
  readonly nextKeyMarker?: string | undefined;
  readonly nextUploadIdMarker?: string | undefined;
  readonly maxUploads: number;
  readonly isTruncated: boolean;
  readonly uploads: readonly ListedUpload[];
  readonly commonPrefixes: readonly string[];
}

/** The answer to ListMultipartUploads. */
export function writeListMultipartUploads(listing: UploadListing): string {
  const { encoding } = listing;
  return xmlDocument(
    'ListMultipartUploadsResult',
    textElement('Bucket', listing.bucket),
    keyElement('KeyMarker', listing.keyMarker, encoding),
    textElement('UploadIdMarker', listing.uploadIdMarker),
    keyElement('NextKeyMarker', listing.nextKeyMarker, encoding),
    textElement('NextUploadIdMarker', listing.nextUploadIdMarker),
    keyElement('Delimiter', listing.delimiter, encoding),
    keyElement('Prefix', listing.prefix, encoding),
    textElement('EncodingType', encoding),
    textElement('MaxUploads', listing.maxUploads),
    textElement('IsTruncated', listing.isTruncated),
    listing.uploads.map((upload) => uploadElement(upload, encoding)),
    commonPrefixElements(listing.commonPrefixes, encoding),
  );
}

function uploadElement(upload: ListedUpload, encoding: EncodingType): Markup {
  return element(
    'Upload',
    keyElement('Key', upload.key, encoding),
    textElement('UploadId', upload.uploadId),
    ownerElement(upload.owner, 'Initiator'),
    ownerElement(upload.owner),
    textElement('StorageClass', upload.storageClass),
    timeElement('Initiated', upload.initiatedMs),
    textElement('ChecksumAlgorithm', upload.checksumAlgorithm),
    textElement('ChecksumType', upload.checksumType),
  );
}

export interface ListedUploadPart {
  readonly partNumber: number;
  readonly lastModifiedMs: number;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly checksums?: ChecksumValues;
}

export interface PartListing {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly owner?: Owner;
  readonly storageClass: string;
  readonly partNumberMarker: number;
  readonly nextPartNumberMarker?: number | undefined;
  readonly maxParts: number;
  readonly isTruncated: boolean;
  readonly checksumAlgorithm?: string;
  readonly checksumType?: string;
  readonly parts: readonly ListedUploadPart[];
}

/** The answer to ListParts. */
export function writeListParts(listing: PartListing): string {
  return xmlDocument(
    'ListPartsResult',
    textElement('Bucket', listing.bucket),
    textElement('Key', listing.key),
    textElement('UploadId', listing.uploadId),
    ownerElement(listing.owner, 'Initiator'),
    ownerElement(listing.owner),
    textElement('StorageClass', listing.storageClass),
    textElement('PartNumberMarker', listing.partNumberMarker),
    textElement('NextPartNumberMarker', listing.nextPartNumberMarker),
    textElement('MaxParts', listing.maxParts),
    textElement('IsTruncated', listing.isTruncated),
    textElement('ChecksumAlgorithm', listing.checksumAlgorithm),
    textElement('ChecksumType', listing.checksumType),
    listing.parts.map(partElement),
  );
}

function partElement(part: ListedUploadPart): Markup {
  return element(
    'Part',
    textElement('PartNumber', part.partNumber),
    timeElement('LastModified', part.lastModifiedMs),
    etagElement(part.etag),
    textElement('Size', part.sizeBytes),
    checksumElements(part.checksums),
  );
}

/** The answer to CreateMultipartUpload. */
export function writeInitiateMultipartUpload(upload: {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
}): string {
  return xmlDocument(
    'InitiateMultipartUploadResult',
    textElement('Bucket', upload.bucket),
    textElement('Key', upload.key),
    textElement('UploadId', upload.uploadId),
  );
}

export interface CompletedUpload {
  /** The URL of the object. */
  readonly location: string;
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly checksums?: ChecksumValues;
  readonly checksumType?: string;
}

/** The answer to CompleteMultipartUpload. */
export function writeCompleteMultipartUpload(completed: CompletedUpload): string {
  return xmlDocument(
    'CompleteMultipartUploadResult',
    textElement('Location', completed.location),
    textElement('Bucket', completed.bucket),
    textElement('Key', completed.key),
    etagElement(completed.etag),
    checksumElements(completed.checksums),
    textElement('ChecksumType', completed.checksumType),
  );
}
