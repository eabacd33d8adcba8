import { SealpartError } from '../../errors.ts';
import { quoted } from '../directory/names.ts';
import type { ObjectAttributes } from '../object-store.ts';
import { encodeTags } from './encode-tags.ts';

/** What an object keeps of the headers of its write, and is answered with. */
const keptNames: readonly string[] = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
];

/** What else a store says of an object. Its checksums are not here: they are those of what is stored. */
const toldNames: readonly string[] = [
  'x-amz-archive-status',
  'x-amz-expiration',
  'x-amz-object-lock-legal-hold',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-replication-status',
  'x-amz-restore',
  'x-amz-server-side-encryption',
];

const writtenNames: ReadonlySet<string> = new Set(keptNames);
const readNames: ReadonlySet<string> = new Set([...keptNames, ...toldNames]);
/** What a writer may ask of the store besides. */
const askedNames = /^x-amz-(?:acl$|grant-|object-lock-|server-side-encryption)/;

const metadataPrefix = 'x-amz-meta-';

/**
 * The headers of a write that give an object its attributes.
 *
 * @param label - The object as messages name it.
 * @throws SealpartError `bad-parameters` for a header that is none of an object's, or cannot be sent
 */
export function attributeHeaders(attributes: ObjectAttributes, label: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes.headers ?? {})) {
    const fault = headerFault(name, value);
    if (fault !== undefined) throw new SealpartError('bad-parameters', `${label} cannot have this header: ${fault}.`);
    headers[name] = value.trim();
  }
  for (const [name, value] of Object.entries(attributes.metadata ?? {})) headers[`${metadataPrefix}${name}`] = value;
  const tagging = encodeTags(attributes.tags);
  if (tagging !== undefined) headers['x-amz-tagging'] = tagging;
  return headers;
}

function headerFault(name: string, value: string): string | undefined {
  if (!writtenNames.has(name) && !askedNames.test(name)) return `${quoted(name)} is none that objects have`;
  if (/[^\t -~\u0080-\u00ff]/.test(value)) return `the value of ${quoted(name)} holds what no header can`;
  return undefined;
}

/** What an answer's headers say of an object. */
export interface DescribedObject {
  readonly metadata: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** The attributes that an answer tells. */
export function describedObject(answered: Readonly<Record<string, string>>): DescribedObject {
  const metadata: Record<string, string> = {};
  const headers: Record<string, string> = {};
  for (const name in answered) {
    if (name.startsWith(metadataPrefix)) metadata[name.slice(metadataPrefix.length)] = answered[name]!;
    else if (readNames.has(name)) headers[name] = answered[name]!;
  }
  return { metadata, headers };
}
