import { s3Error } from '../errors/s3-error.ts';
import { checkRoot, readFields, readOptionalText, readWord } from './element-fields.ts';
import { parseXml } from './parse-xml.ts';
import { checkTags, readTag, type Tag } from './read-tagging.ts';
import { configurationLimits } from './xml-element.ts';

export interface CreateBucketRequest {
  readonly locationConstraint?: string;
  readonly tags: readonly Tag[];
}

/** Reads the body of CreateBucket, which may be empty. @throws S3Error MalformedXML, InvalidTag, NotImplemented */
export function readCreateBucketConfiguration(bytes: Uint8Array): CreateBucketRequest {
  if (bytes.length === 0) return { tags: [] };
  const root = parseXml(bytes, configurationLimits);
  checkRoot(root, 'CreateBucketConfiguration');
  const fields = readFields(root, {
    LocationConstraint: 'optional',
    Location: 'optional',
    Bucket: 'optional',
    Tags: 'optional',
  });
  // Both belong to directory buckets, which are another kind of store.
  if (fields.Location.length + fields.Bucket.length > 0) throw s3Error('NotImplemented');
  const locationConstraint = readOptionalText(fields.LocationConstraint)?.trim();
  const [list] = fields.Tags;
  const tags = list === undefined ? [] : readFields(list, { Tag: 'many' }).Tag.map(readTag);
  checkTags(tags, 'bucket');
  return locationConstraint === undefined ? { tags } : { locationConstraint, tags };
}

export interface VersioningRequest {
  readonly status?: 'Enabled' | 'Suspended';
  readonly mfaDelete?: 'Enabled' | 'Disabled';
}

/** Reads the body of PutBucketVersioning. @throws S3Error MalformedXML */
export function readVersioningConfiguration(bytes: Uint8Array): VersioningRequest {
  const root = parseXml(bytes, configurationLimits);
  checkRoot(root, 'VersioningConfiguration');
  const fields = readFields(root, { Status: 'optional', MfaDelete: 'optional' });
  const [status] = fields.Status;
  const [mfaDelete] = fields.MfaDelete;
  return {
    ...(status === undefined ? {} : { status: readWord(status, ['Enabled', 'Suspended']) }),
    ...(mfaDelete === undefined ? {} : { mfaDelete: readWord(mfaDelete, ['Enabled', 'Disabled']) }),
  };
}

/** Refuses a body that is no document with this root: what a store is sent on behalf of a client is at least that. */
export function checkConfiguration(bytes: Uint8Array, rootName: string): void {
  checkRoot(parseXml(bytes, configurationLimits), rootName);
}

/** Refuses a body that is no JSON object, as a policy must be. @throws S3Error MalformedPolicy */
export function checkPolicy(bytes: Uint8Array): void {
  const { maxBytes } = configurationLimits;
  if (bytes.length > maxBytes) throw s3Error('MaxMessageLengthExceeded', { MaxMessageLengthBytes: maxBytes });
  let value: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    throw s3Error('MalformedPolicy', {}, error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw s3Error('MalformedPolicy');
  }
}
