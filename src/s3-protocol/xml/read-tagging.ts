import { s3Error } from '../errors/s3-error.ts';
import { checkRoot, readFields, readText } from './element-fields.ts';
import { parseXml } from './parse-xml.ts';
import { configurationLimits, type XmlElement } from './xml-element.ts';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** How many tags S3 takes, by what they are on. */
export const maxTags = { object: 10, bucket: 50 } as const;

const maxKeyChars = 128;
const maxValueChars = 256;
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * Reads the body of PutObjectTagging or PutBucketTagging.
 *
 * @throws S3Error MalformedXML, InvalidTag, or BadRequest for too many.
 */
export function readTagging(bytes: Uint8Array, on: keyof typeof maxTags): readonly Tag[] {
  const root = parseXml(bytes, configurationLimits);
  checkRoot(root, 'Tagging');
  const [set] = readFields(root, { TagSet: 'one' }).TagSet;
  const tags = readFields(set!, { Tag: 'many' }).Tag.map(readTag);
  checkTags(tags, on);
  return tags;
}

/** A Tag element, not yet checked. */
export function readTag(element: XmlElement): Tag {
  const fields = readFields(element, { Key: 'one', Value: 'one' });
  return { key: readText(fields.Key[0]!), value: readText(fields.Value[0]!) };
}

/** Refuses tags that S3 does not take. @throws S3Error InvalidTag, or BadRequest for too many. */
export function checkTags(tags: readonly Tag[], on: keyof typeof maxTags): void {
  if (tags.length > maxTags[on]) {
    const subject = on === 'object' ? 'Object tags' : 'Bucket tag count';
    throw s3Error('BadRequest', { message: `${subject} cannot be greater than ${maxTags[on]}` });
  }
  const keys = new Set<string>();
  for (const { key, value } of tags) {
    if (key === '' || key.length > maxKeyChars || !allowed.test(key)) throw s3Error('InvalidTag', { TagKey: key });
    if (/^aws:/i.test(key)) {
      const message = 'Your TagKey cannot be prefixed with aws:';
      throw s3Error('InvalidTag', { message, TagKey: key });
    }
    if (value.length > maxValueChars || !allowed.test(value)) {
      const message = 'The TagValue you have provided is invalid';
      throw s3Error('InvalidTag', { message, TagKey: key, TagValue: value });
    }
    if (keys.has(key)) {
      throw s3Error('InvalidTag', { message: 'Cannot provide multiple Tags with the same key' });
    }
    keys.add(key);
  }
}
