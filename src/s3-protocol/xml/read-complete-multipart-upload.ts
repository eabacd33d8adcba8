import { s3Error } from '../errors/s3-error.ts';
import { checkRoot, readFields, readInteger, readOptionalText, readText } from './element-fields.ts';
import { parseXml } from './parse-xml.ts';
import { completionLimits, malformedXml, type XmlElement } from './xml-element.ts';

/** The elements of a part that hold a checksum of it, in base64. */
export const partChecksumElements = [
  'ChecksumCRC32',
  'ChecksumCRC32C',
  'ChecksumCRC64NVME',
  'ChecksumSHA1',
  'ChecksumSHA256',
  'ChecksumSHA512',
  'ChecksumMD5',
  'ChecksumXXHASH64',
  'ChecksumXXHASH3',
  'ChecksumXXHASH128',
] as const;

export type PartChecksumElement = (typeof partChecksumElements)[number];

export interface ListedPart {
  readonly partNumber: number;
  /** Without its quotes. */
  readonly etag: string;
  readonly checksums: Readonly<Partial<Record<PartChecksumElement, string>>>;
}

const maxParts = 10_000;
const shape = {
  PartNumber: 'one',
  ETag: 'one',
  ...(Object.fromEntries(partChecksumElements.map((name) => [name, 'optional'])) as Record<
    PartChecksumElement,
    'optional'
  >),
} as const;

/**
 * Reads the body of CompleteMultipartUpload: at least one part, numbered from 1 to 10,000 in ascending order.
 *
 * @throws S3Error MalformedXML, InvalidPartOrder, InvalidPart for a number over 10,000, InvalidArgument for one under 1.
 */
export function readCompleteMultipartUpload(bytes: Uint8Array): readonly ListedPart[] {
  const root = parseXml(bytes, completionLimits);
  checkRoot(root, 'CompleteMultipartUpload');
  const parts = readFields(root, { Part: 'many' }).Part.map(readPart);
  if (parts.length === 0 || parts.length > maxParts) throw malformedXml(`${parts.length} parts`);
  for (let i = 1; i < parts.length; i++) {
    if (parts[i]!.partNumber <= parts[i - 1]!.partNumber) throw s3Error('InvalidPartOrder');
  }
  return parts;
}

function readPart(element: XmlElement): ListedPart {
  const fields = readFields(element, shape);
  const partNumber = readInteger(fields.PartNumber[0]!);
  const etag = unquoted(readText(fields.ETag[0]!).trim());
  if (partNumber < 1) {
    const message = 'PartNumber must be >= 1';
    throw s3Error('InvalidArgument', { message, ArgumentName: 'PartNumber', ArgumentValue: partNumber });
  }
  if (partNumber > maxParts) throw s3Error('InvalidPart', { PartNumber: partNumber, ETag: etag });
  const checksums: Partial<Record<PartChecksumElement, string>> = {};
  for (const name of partChecksumElements) {
    const value = readOptionalText(fields[name])?.trim();
    if (value !== undefined && value !== '') checksums[name] = value;
  }
  return { partNumber, etag, checksums };
}

function unquoted(etag: string): string {
  return etag.length >= 2 && etag.startsWith('"') && etag.endsWith('"') ? etag.slice(1, -1) : etag;
}
