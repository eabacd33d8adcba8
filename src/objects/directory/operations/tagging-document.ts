import type { SealpartError } from '../../../errors.ts';
import { attributeLimits, isTagText } from '../../attribute-limits.ts';
import { refused } from '../refusals.ts';
import { textElement } from './named-answer.ts';
import { allChildren, checkChildren, malformed, onlyText, readXml, type XmlTree } from './xml-tree.ts';

/** Tags by their keys. */
export type Tags = Readonly<Record<string, string>>;

/** How many tags S3 takes, and how it says that there are more. */
const limits: Readonly<Record<'object' | 'bucket', { readonly count: number; readonly reason: string }>> = {
  object: { count: attributeLimits.tags, reason: `Object tags cannot be greater than ${attributeLimits.tags}` },
  bucket: { count: 50, reason: 'Bucket tag count cannot be greater than 50' },
};

/** Reads the body of PutObjectTagging or PutBucketTagging. @throws SealpartError MalformedXML, InvalidTag, BadRequest */
export function readTagging(body: Uint8Array, on: keyof typeof limits): Tags {
  const root = readXml(body, 'Tagging');
  const [set] = root.children;
  if (set?.name !== 'TagSet' || root.children.length > 1) throw malformed();
  return readTags(allChildren(set, 'Tag'), on);
}

/** Reads elements that each are a tag. @throws SealpartError MalformedXML, InvalidTag, BadRequest */
export function readTags(elements: readonly XmlTree[], on: keyof typeof limits): Tags {
  const { count, reason } = limits[on];
  const tags = elements.map((element) => {
    checkChildren(element, ['Key', 'Value']);
    return [onlyText(element, 'Key'), onlyText(element, 'Value')] as const;
  });
  if (tags.length > count) throw refused('BadRequest', reason);
  for (const [key, value] of tags) checkTag(key, value);
  if (new Set(tags.map(([key]) => key)).size < tags.length) {
    throw badTag('Cannot provide multiple Tags with the same key');
  }
  // Not by assignment, which takes one key for something else: __proto__.
  return Object.fromEntries(tags);
}

function checkTag(key: string, value: string): void {
  const { tagKeyChars, tagValueChars } = attributeLimits;
  if (key === '' || key.length > tagKeyChars || !isTagText(key))
    throw badTag('The TagKey you have provided is invalid');
  if (/^aws:/i.test(key)) throw badTag('Your TagKey cannot be prefixed with aws:');
  if (value.length > tagValueChars || !isTagText(value)) throw badTag('The TagValue you have provided is invalid');
}

/** The content of a Tagging document, as S3 answers it. */
export function taggingContent(tags: Tags): string {
  const elements = Object.entries(tags).map(
    ([key, value]) => `<Tag>${textElement('Key', key)}${textElement('Value', value)}</Tag>`,
  );
  return `<TagSet>${elements.join('')}</TagSet>`;
}

function badTag(reason: string): SealpartError {
  return refused('InvalidTag', reason);
}
