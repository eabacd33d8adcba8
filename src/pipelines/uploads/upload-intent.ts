import { createHash } from 'node:crypto';
import type { UploadItem } from '../../manifest/upload-manifest.ts';
import type { ObjectAttributes, WriteCondition } from '../../objects/object-store.ts';
import type { UploadTarget } from './part-sender.ts';

/**
 * What an upload is of, and where it goes: all that whoever writes the manifest must not be able to change. It is the
 * source fingerprint of docs/format.md §10.4, and stands under the head's MAC.
 */
export interface UploadIntent {
  /** The store, as its `name` says. */
  readonly store: string;
  /** Where the source can be opened again; empty if the caller did not say. */
  readonly path: string;
  /** The source's own fingerprint. */
  readonly source: string;
  /** A digest of metadata and tags. */
  readonly attributes: string;
  readonly condition: WriteCondition;
  /** What the host that began it says to itself, in hexadecimal digits (host-proof.ts); empty if it has no key for that. */
  readonly proof: string;
}

const version = 1;

type Texts = [string, string, string, string, string, string];

/** What an upload to a target is of. */
export function intentFor({ store, attributes, condition }: UploadTarget, source: string, path: string): UploadIntent {
  return { store: store.name, path, source, attributes: attributesDigest(attributes), condition, proof: '' };
}

export function encodeIntent({ store, path, source, attributes, condition, proof }: UploadIntent): string {
  return JSON.stringify([version, store, path, source, attributes, condition.ifNoneMatch ?? '', proof]);
}

/** The intent of an upload, or undefined if none is recorded, because its source cannot be read again. */
export function intentOf({ sourceFingerprint }: Pick<UploadItem, 'sourceFingerprint'>): UploadIntent | undefined {
  const values = parseList(sourceFingerprint);
  if (values === undefined || values.length !== 7 || values[0] !== version) return undefined;
  if (!values.slice(1).every((value): value is string => typeof value === 'string')) return undefined;
  const [store, path, source, attributes, ifNoneMatch, proof] = values.slice(1) as Texts;
  return { store, path, source, attributes, condition: ifNoneMatch === '*' ? { ifNoneMatch } : {}, proof };
}

function parseList(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Equal for equal metadata and tags, in whatever order they are given. */
export function attributesDigest({ metadata = {}, tags = {} }: ObjectAttributes): string {
  const sorted = [metadata, tags].map((entries) => Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 32);
}
