import type { ObjectAttributes } from '../../objects/object-store.ts';
import { storedContentEncoding } from '../../s3-protocol/chunked/content-encoding.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import { maxMetadataBytes, readUserMetadata } from '../../s3-protocol/routes/user-metadata.ts';
import { type HeaderField, headerValues } from '../../s3-protocol/signature/raw-request.ts';
import { checkLockHeaders } from './check-lock-headers.ts';
import { readTaggingHeader } from './read-tagging-header.ts';

/** What S3 calls content of which nobody says what it is. */
const defaultContentType = 'binary/octet-stream';

/** Where a web site that the bucket is leads to instead of the object. */
const redirectHeader = 'x-amz-website-redirect-location';

const keptHeaders = [
  'cache-control',
  'content-disposition',
  'content-language',
  'expires',
  'x-amz-storage-class',
  redirectHeader,
];

/** What tells the store what to do with the object. That it is encrypted is the gateway's own work. */
const instruction = /^x-amz-(?:acl$|grant-|object-lock-)/;

/**
 * What a client says of an object that it writes, as a store keeps it.
 *
 * @throws S3Error MetadataTooLarge, InvalidArgument, InvalidTag, BadRequest, InvalidRedirectLocation
 */
export function readAttributes(headers: readonly HeaderField[]): ObjectAttributes {
  const metadata = [...readUserMetadata(headers)].map(([name, value]) => [name, storableValue(value)] as const);
  const tags = readTaggingHeader(headerValue(headers, 'x-amz-tagging'));
  return {
    metadata: Object.fromEntries(metadata),
    headers: readHeaders(headers),
    ...(tags === undefined ? {} : { tags }),
  };
}

function readHeaders(headers: readonly HeaderField[]): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': headerValue(headers, 'content-type') || defaultContentType };
  const encoding = storedContentEncoding(headerValue(headers, 'content-encoding'));
  if (encoding !== undefined && encoding !== '') kept['content-encoding'] = encoding;
  for (const name of keptHeaders) {
    const value = headerValue(headers, name);
    if (value !== undefined && value !== '') kept[name] = value;
  }
  if (!/^(?:https?:\/\/|\/)/.test(kept[redirectHeader] ?? '/')) throw s3Error('InvalidRedirectLocation');
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (instruction.test(lower)) kept[lower] = value.trim();
  }
  checkLockHeaders(kept);
  return kept;
}

function headerValue(headers: readonly HeaderField[], name: string): string | undefined {
  const values = headerValues({ headers }, name);
  return values.length === 0 ? undefined : values.join(',').trim();
}

const plainValue = /^$|^[!-~](?:[ -~]*[!-~])?$/;

/**
 * A value as every store gives it back: what is not printable ASCII stands in it as S3 answers it, encoded (RFC 2047).
 *
 * @param value one character a byte, UTF-8 as a rule
 */
function storableValue(value: string): string {
  if (plainValue.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  const isUtf8 = Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes);
  return `=?UTF-8?B?${(isUtf8 ? bytes : Buffer.from(value, 'utf8')).toString('base64')}?=`;
}

/** True if metadata has room for another entry. */
export function hasRoomFor(metadata: Readonly<Record<string, string>>, name: string, value: string): boolean {
  const entries = [...Object.entries(metadata), [name, value] as const];
  return entries.reduce((sum, [key, text]) => sum + key.length + text.length, 0) <= maxMetadataBytes;
}
