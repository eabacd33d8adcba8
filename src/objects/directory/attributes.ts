import type { ObjectAttributes, ObjectHead } from '../object-store.ts';
import { keptHeaders } from './object-headers.ts';

/** An object's metadata, tags and headers as the columns of both tables that have them hold them. */
export interface AttributeColumns {
  readonly metadata: string;
  readonly tags: string;
  readonly headers: string;
}

/** @throws SealpartError `bad-parameters` for a header that asks for what this store does not do */
export function encodeAttributes(attributes: ObjectAttributes, label: string): AttributeColumns {
  return {
    metadata: JSON.stringify(attributes.metadata ?? {}),
    tags: encodeTags(attributes.tags ?? {}),
    headers: JSON.stringify(keptHeaders(attributes.headers ?? {}, label)),
  };
}

export function encodeTags(tags: Readonly<Record<string, string>>): string {
  return JSON.stringify(tags);
}

export function decodeTags(text: string): Readonly<Record<string, string>> {
  return JSON.parse(text);
}

/** @param withTags - False if nobody wants the tags: then only their number is told. */
export function decodeAttributes(
  columns: AttributeColumns,
  withTags: boolean,
): Pick<ObjectHead, 'metadata' | 'tags' | 'tagCount' | 'headers'> {
  const tags = decodeTags(columns.tags);
  return {
    metadata: JSON.parse(columns.metadata),
    tags: withTags ? tags : {},
    tagCount: Object.keys(tags).length,
    headers: JSON.parse(columns.headers),
  };
}
