import type { ObjectAttributes } from '../object-store.ts';

/** An object's metadata and tags as the columns of both tables that have them hold them. */
export interface AttributeColumns {
  readonly metadata: string;
  readonly tags: string;
}

export function encodeAttributes(attributes: ObjectAttributes): AttributeColumns {
  return { metadata: JSON.stringify(attributes.metadata ?? {}), tags: JSON.stringify(attributes.tags ?? {}) };
}

export function decodeAttributes(columns: AttributeColumns): Required<Pick<ObjectAttributes, 'metadata' | 'tags'>> {
  return { metadata: JSON.parse(columns.metadata), tags: JSON.parse(columns.tags) };
}
