import { formatHttpDate } from '../../s3-protocol/conditions/http-date.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import { readCount, readVersionId } from '../../s3-protocol/routes/query-values.ts';
import { type HeaderField, headerValues } from '../../s3-protocol/signature/raw-request.ts';
import {
  type ChecksumValues,
  type ObjectAttributesResult,
  writeObjectAttributes,
} from '../../s3-protocol/xml/write-results.ts';
import type { GatewayAnswer } from '../http/gateway-answer.ts';
import type { OperationCall } from '../operation-call.ts';
import { againIfReplaced } from '../reading/again-if-replaced.ts';
import { describeObject } from '../reading/describe-object.ts';
import type { DescribedObject } from '../reading/described-object.ts';
import { headerText } from '../reading/header-text.ts';
import { judgeForeign } from '../reading/object-answer.ts';
import { versionRequest } from '../reading/object-version.ts';
import { xmlAnswer } from './xml-answer.ts';

const attributes = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const;
type Attribute = (typeof attributes)[number];

/** GetObjectAttributes: of content, as HeadObject tells it. */
export async function getObjectAttributes(call: OperationCall, signal: AbortSignal): Promise<GatewayAnswer> {
  const { ground, bucket, key, route } = call;
  const wanted = readAttributes(route.headers);
  checkPartHeaders(route.headers);
  const name = { bucket, key, versionId: readVersionId(route.target.query) };
  const { head, described } = await againIfReplaced(async () => {
    const found = await ground.store.head({ ...versionRequest(name), withTags: false }, signal);
    return { head: found, described: await describeObject(ground, name, found, signal) };
  });
  judgeForeign(ground, described);
  const headers: HeaderField[] = [['Last-Modified', formatHttpDate(head.lastModifiedMs)]];
  if (head.versionId !== undefined) headers.push(['x-amz-version-id', headerText(head.versionId)]);
  const storageClass = head.headers?.['x-amz-storage-class'] ?? 'STANDARD';
  return xmlAnswer(writeObjectAttributes(resultOf(wanted, described, storageClass)), headers);
}

/** @throws S3Error InvalidRequest, InvalidArgument */
function readAttributes(headers: readonly HeaderField[]): ReadonlySet<Attribute> {
  const named = headerValues({ headers }, 'x-amz-object-attributes')
    .flatMap((value) => value.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (named.length === 0) {
    const message =
      'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty';
    throw s3Error('InvalidRequest', { message });
  }
  for (const text of named) if (!isAttribute(text)) throw invalidAttribute(text);
  return new Set(named.filter(isAttribute));
}

function isAttribute(text: string): text is Attribute {
  return attributes.some((attribute) => attribute === text);
}

function invalidAttribute(text: string): Error {
  return s3Error('InvalidArgument', {
    message: 'Invalid attribute name specified.',
    ArgumentName: 'x-amz-object-attributes',
    ArgumentValue: text,
  });
}

/** They count for objects in parts, and are numbers for all. @throws S3Error InvalidArgument */
function checkPartHeaders(headers: readonly HeaderField[]): void {
  for (const name of ['x-amz-max-parts', 'x-amz-part-number-marker']) {
    const text = headerValues({ headers }, name)[0]?.trim() ?? '';
    if (text !== '') readCount(name, text);
  }
}

/** What an object does not have is left out, as S3 does: checksums that nobody gave, parts of one that was put whole. */
function resultOf(
  wanted: ReadonlySet<Attribute>,
  described: DescribedObject,
  storageClass: string,
): ObjectAttributesResult {
  const { etag, sizeBytes, partCount, checksumAlgorithms } = described;
  const hasChecksums = wanted.has('Checksum') && checksumAlgorithms.length > 0;
  return {
    ...(wanted.has('ETag') ? { etag } : {}),
    ...(hasChecksums ? { checksums: checksumsOf(described), checksumType: 'FULL_OBJECT' } : {}),
    ...(wanted.has('ObjectParts') && partCount > 0 ? { parts: { totalPartsCount: partCount } } : {}),
    ...(wanted.has('StorageClass') ? { storageClass } : {}),
    ...(wanted.has('ObjectSize') ? { sizeBytes } : {}),
  };
}

/** By the names of their elements: `ChecksumCRC32C`. */
function checksumsOf({ checksums }: DescribedObject): ChecksumValues {
  return Object.fromEntries(Object.entries(checksums).map(([name, value]) => [`Checksum${name}`, value]));
}
