import { s3Error } from '../errors/s3-error.ts';
import type { EncodingType } from '../xml/url-encoding.ts';

/** The parameters of a request by their names. */
export type Query = ReadonlyMap<string, string>;

const maxInteger = 2 ** 31 - 1;
const mostListed = 1000;
const mostBuckets = 10_000;

/** Parameters that say how many at most are listed. */
export type LimitName = 'max-keys' | 'max-uploads' | 'max-parts' | 'part-number-marker';

/** How many at most are listed: 1,000 if nothing was said, or more. @throws S3Error InvalidArgument */
export function readLimit(query: Query, name: LimitName): number {
  const text = query.get(name) ?? '';
  if (text === '') return mostListed;
  return Math.min(readCount(name, text), mostListed);
}

/** The limit of ListObjectVersions, of which S3 says otherwise that it is negative. @throws S3Error InvalidArgument */
export function readVersionLimit(query: Query): number {
  const name = 'max-keys';
  const text = query.get(name) ?? '';
  if (text !== '' && integer(name, text) < 0) {
    throw s3Error('InvalidArgument', {
      message: 'max-keys cannot be negative',
      ArgumentName: 'maxKeys',
      ArgumentValue: text,
    });
  }
  return readLimit(query, name);
}

/** A number in a parameter or a header. @throws S3Error InvalidArgument, in S3's words */
export function readCount(name: string, text: string): number {
  const count = integer(name, text);
  if (count >= 0) return count;
  const message = `Argument ${text} must be an integer between 0 and ${maxInteger}`;
  throw s3Error('InvalidArgument', { message, ArgumentName: name, ArgumentValue: text });
}

/** The limit of ListBuckets, from 1 to 10,000. @throws S3Error InvalidArgument */
export function readMaxBuckets(query: Query): number {
  const name = 'max-buckets';
  const text = query.get(name) ?? '';
  if (text === '') return mostBuckets;
  const count = integer(name, text);
  if (count >= 1 && count <= mostBuckets) return count;
  const message = 'Argument max-buckets must be an integer between 1 and 10000.';
  throw s3Error('InvalidArgument', { message, ArgumentName: name, ArgumentValue: text });
}

function integer(name: string, text: string): number {
  const value = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Math.abs(value) <= maxInteger) return value;
  const message = `Provided ${text} not an integer or within integer range`;
  throw s3Error('InvalidArgument', { message, ArgumentName: name, ArgumentValue: text });
}

/** `partNumber` of a read; undefined if there is none. @throws S3Error InvalidArgument */
export function readPartNumber(query: Query): number | undefined {
  const text = query.get('partNumber');
  if (text === undefined) return undefined;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 10_000) return value;
  const message = 'Part number must be an integer between 1 and 10000, inclusive.';
  throw s3Error('InvalidArgument', { message, ArgumentName: 'partNumber', ArgumentValue: text });
}

/** `versionId`, which can be any visible ASCII, `null` included; undefined if there is none. @throws S3Error InvalidArgument */
export function readVersionId(query: Query): string | undefined {
  const text = query.get('versionId');
  if (text === undefined || /^[!-~]{1,1024}$/.test(text)) return text;
  const message = text === '' ? 'Version id cannot be the empty string' : 'Invalid version id specified';
  throw s3Error('InvalidArgument', { message, ArgumentName: 'versionId', ArgumentValue: text });
}

/** `encoding-type`. @throws S3Error InvalidArgument for another than `url` */
export function readEncodingType(query: Query): EncodingType {
  const text = query.get('encoding-type') ?? '';
  if (text === '') return undefined;
  if (text.toLowerCase() === 'url') return 'url';
  const message = 'Invalid Encoding Method specified in Request';
  throw s3Error('InvalidArgument', { message, ArgumentName: 'encoding-type', ArgumentValue: text });
}

const overridable = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
] as const;

export type OverridableHeader = (typeof overridable)[number];

/**
 * Headers that the answer to a read is to have in place of the object's own.
 *
 * @throws S3Error InvalidArgument for a value that no header can have: it would end the header and begin another.
 */
export function readResponseOverrides(query: Query): Readonly<Partial<Record<OverridableHeader, string>>> {
  const overrides: Partial<Record<OverridableHeader, string>> = {};
  for (const header of overridable) {
    const name = `response-${header}`;
    const value = query.get(name);
    if (value === undefined) continue;
    if (!/^[\t -~\u00a0-\u00ff]*$/.test(value)) {
      const message = 'Header value cannot be represented using ISO-8859-1.';
      throw s3Error('InvalidArgument', { message, ArgumentName: name, ArgumentValue: value });
    }
    overrides[header] = value;
  }
  return overrides;
}
