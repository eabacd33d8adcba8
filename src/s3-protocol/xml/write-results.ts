import type { S3Error } from '../errors/s3-error.ts';
import { type PartChecksumElement, partChecksumElements } from './read-complete-multipart-upload.ts';
import type { Tag } from './read-tagging.ts';
import { element, etagElement, type Markup, textDocument, textElement, timeElement, xmlDocument } from './write-xml.ts';

/** Checksums in base64 by the names of their elements. */
export type ChecksumValues = Readonly<Partial<Record<PartChecksumElement, string>>>;

export function checksumElements(checksums: ChecksumValues = {}): (Markup | undefined)[] {
  return partChecksumElements.map((name) => textElement(name, checksums[name]));
}

export interface CopyResult {
  readonly lastModifiedMs: number;
  readonly etag: string;
  readonly checksums?: ChecksumValues;
  readonly checksumType?: string;
}

/** The answer to CopyObject, or with the other root to UploadPartCopy. */
export function writeCopyResult(root: 'CopyObjectResult' | 'CopyPartResult', result: CopyResult): string {
  return xmlDocument(
    root,
    timeElement('LastModified', result.lastModifiedMs),
    etagElement(result.etag),
    checksumElements(result.checksums),
    textElement('ChecksumType', result.checksumType),
  );
}

/** What became of one object of a DeleteObjects. */
export type DeleteOutcome = { readonly key: string; readonly versionId?: string | undefined } & (
  | { readonly error: S3Error }
  | { readonly error?: undefined; readonly deleteMarker?: boolean; readonly deleteMarkerVersionId?: string }
);

/** The answer to DeleteObjects: everything, or with `quiet` what failed. */
export function writeDeleteResult(outcomes: readonly DeleteOutcome[], quiet: boolean): string {
  const told = quiet ? outcomes.filter(({ error }) => error !== undefined) : outcomes;
  return xmlDocument('DeleteResult', told.map(outcomeElement));
}

function outcomeElement(outcome: DeleteOutcome): Markup {
  const names = [textElement('Key', outcome.key), textElement('VersionId', outcome.versionId)];
  if (outcome.error !== undefined) {
    const { code, message } = outcome.error;
    return element('Error', names, textElement('Code', code), textElement('Message', message));
  }
  return element(
    'Deleted',
    names,
    textElement('DeleteMarker', outcome.deleteMarker),
    textElement('DeleteMarkerVersionId', outcome.deleteMarkerVersionId),
  );
}

/** The answer to GetObjectTagging and GetBucketTagging. */
export function writeTagging(tags: readonly Tag[]): string {
  const elements = tags.map(({ key, value }) => element('Tag', textElement('Key', key), textElement('Value', value)));
  return xmlDocument('Tagging', element('TagSet', elements));
}

export interface ObjectAttributesResult {
  readonly etag?: string;
  readonly checksums?: ChecksumValues;
  readonly checksumType?: string;
  readonly parts?: ObjectPartsResult;
  readonly storageClass?: string;
  readonly sizeBytes?: number;
}

export interface ObjectPartsResult {
  readonly totalPartsCount: number;
  readonly partNumberMarker?: number;
  readonly nextPartNumberMarker?: number;
  readonly maxParts?: number;
  readonly isTruncated?: boolean;
  readonly parts?: readonly {
    readonly partNumber: number;
    readonly sizeBytes: number;
    readonly checksums?: ChecksumValues;
  }[];
}

/** The answer to GetObjectAttributes: of what was asked for, what there is. */
export function writeObjectAttributes(result: ObjectAttributesResult): string {
  const { checksums } = result;
  return xmlDocument(
    'GetObjectAttributesResponse',
    // The one document in which an ETag has no quotes.
    textElement('ETag', result.etag),
    checksums === undefined
      ? undefined
      : element('Checksum', checksumElements(checksums), textElement('ChecksumType', result.checksumType)),
    result.parts === undefined ? undefined : objectPartsElement(result.parts),
    textElement('StorageClass', result.storageClass),
    textElement('ObjectSize', result.sizeBytes),
  );
}

function objectPartsElement(list: ObjectPartsResult): Markup {
  return element(
    'ObjectParts',
    textElement('PartsCount', list.totalPartsCount),
    textElement('PartNumberMarker', list.partNumberMarker),
    textElement('NextPartNumberMarker', list.nextPartNumberMarker),
    textElement('MaxParts', list.maxParts),
    textElement('IsTruncated', list.isTruncated),
    (list.parts ?? []).map((part) =>
      element(
        'Part',
        textElement('PartNumber', part.partNumber),
        textElement('Size', part.sizeBytes),
        checksumElements(part.checksums),
      ),
    ),
  );
}

/** The answer to GetBucketLocation. The oldest region has no name there. */
export function writeLocationConstraint(region: string): string {
  return textDocument('LocationConstraint', region === 'us-east-1' ? '' : region);
}

/** The answer to GetBucketVersioning; a bucket that never had versions says nothing. */
export function writeVersioningConfiguration(status?: 'Enabled' | 'Suspended'): string {
  return xmlDocument('VersioningConfiguration', textElement('Status', status));
}
