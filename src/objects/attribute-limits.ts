import { SealpartError } from '../errors.ts';
import type { ObjectAttributes } from './object-store.ts';

/** What S3 takes at most beside an object's bytes. Characters are UTF-16 units, as S3 counts them. */
export const attributeLimits = {
  /** Names and values of the metadata together, in bytes. */
  metadataBytes: 2048,
  tags: 10,
  tagKeyChars: 128,
  tagValueChars: 256,
} as const;

// What can be a header's name; those that differ in case only would be one.
const namePattern = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
// A header's value loses blanks at its ends, and how other than ASCII characters arrive differs from store to store.
const valuePattern = /^$|^[!-~]([ -~]*[!-~])?$/;
// Bytes as Latin 1, as HTTP has them: no character ends a header or begins another.
const headerPattern = /^[\t -~\x80-\xff]*$/;
const tagPattern = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * Refuses metadata and tags that not every store gives back as they were given.
 *
 * Metadata: names are those of HTTP headers in lower case; values are printable ASCII without blanks at their ends.
 * Whoever has other values encodes them. Tags are S3's: letters of any script, digits, blanks and `_.:/=+-@`. Headers
 * have names in lower case, and values of which each character is a byte that a header can have.
 *
 * @param label - The object as messages name it.
 * @throws SealpartError `bad-parameters`, with S3's word for it: MetadataTooLarge, InvalidTag, InvalidArgument.
 */
export function checkAttributes(attributes: ObjectAttributes, label: string): void {
  checkMetadata(attributes.metadata ?? {}, label);
  checkTags(attributes.tags ?? {}, label);
  checkHeaders(attributes.headers ?? {}, label);
}

function checkMetadata(metadata: Readonly<Record<string, string>>, label: string): void {
  let sizeBytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    if (!namePattern.test(name)) {
      const allowed = 'names are those of HTTP headers in lower case';
      throw refused('metadata', label, `${shown(name)} is no name for it, ${allowed}`, 'InvalidArgument');
    }
    if (!valuePattern.test(value)) {
      const allowed = 'values are printable ASCII without blanks at the ends';
      throw refused('metadata', label, `the value of ${shown(name)} cannot be kept, ${allowed}`, 'InvalidArgument');
    }
    sizeBytes += name.length + value.length;
  }
  if (sizeBytes <= attributeLimits.metadataBytes) return;
  const most = `${attributeLimits.metadataBytes} is the most`;
  throw refused('metadata', label, `it has ${sizeBytes} bytes in names and values, and ${most}`, 'MetadataTooLarge');
}

function checkTags(tags: Readonly<Record<string, string>>, label: string): void {
  const entries = Object.entries(tags);
  if (entries.length > attributeLimits.tags) {
    const most = `${attributeLimits.tags} is the most`;
    throw refused('tags', label, `there are ${entries.length}, and ${most}`, 'InvalidTag');
  }
  for (const [key, value] of entries) {
    const fault = tagFault(key, value);
    if (fault !== undefined) throw refused('tags', label, fault, 'InvalidTag');
  }
}

/** True if a tag's key or value may have these letters. */
export function isTagText(text: string): boolean {
  return tagPattern.test(text);
}

function tagFault(key: string, value: string): string | undefined {
  const { tagKeyChars, tagValueChars } = attributeLimits;
  if (key === '') return 'a key is empty';
  if (key.length > tagKeyChars) return `the key ${shown(key)} has more than ${tagKeyChars} characters`;
  if (value.length > tagValueChars) return `the value of ${shown(key)} has more than ${tagValueChars} characters`;
  if (key.startsWith('aws:')) return `the key ${shown(key)} begins with aws:, which is reserved`;
  if (!isTagText(key) || !isTagText(value)) {
    return `${shown(key)} or its value holds other than letters, digits, blanks and _.:/=+-@`;
  }
  return undefined;
}

function checkHeaders(headers: Readonly<Record<string, string>>, label: string): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!namePattern.test(name))
      throw refused('headers', label, `${shown(name)} is no name for one`, 'InvalidArgument');
    if (headerPattern.test(value)) continue;
    throw refused('headers', label, `the value of ${shown(name)} is none that a header can have`, 'InvalidArgument');
  }
}

function refused(what: string, label: string, reason: string, said: string): SealpartError {
  return new SealpartError('bad-parameters', `${label} cannot have these ${what}: ${reason} (${said}).`, { said });
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
