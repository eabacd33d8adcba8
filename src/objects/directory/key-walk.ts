import type { ListedKey } from '../bucket-store.ts';
import { decodeKey } from './names.ts';
import { endOfPrefix, type ObjectTable } from './object-table.ts';

/** Which keys are told of, in bytes. */
export interface KeySelection {
  readonly bucket: string;
  readonly prefix: Uint8Array;
  /** Empty for none. */
  readonly delimiter: Uint8Array;
  /** The first bytes that may be told of; those before the prefix are not. */
  readonly first: Uint8Array;
  readonly limit: number;
}

/** What a listing ends with: a key, or a common prefix. */
export interface LastItem {
  readonly kind: 'key' | 'prefix';
  readonly text: string;
}

export interface KeyStretch {
  readonly objects: ListedKey[];
  readonly commonPrefixes: string[];
  /** The last item, if there is one behind it that the limit keeps out. */
  readonly last?: LastItem | undefined;
}

/**
 * Goes through keys in the order of their bytes, and tells of those behind the delimiter once. The keys that a common
 * prefix stands for are not gone through: the next one is looked up, however many they are.
 */
export function walkKeys(table: ObjectTable, selection: KeySelection): KeyStretch {
  const { bucket, prefix, delimiter, limit } = selection;
  const stretch: KeyStretch = { objects: [], commonPrefixes: [] };
  if (limit === 0) return stretch;
  const end = endOfPrefix(prefix);
  let last: LastItem | undefined;
  let first: Uint8Array | undefined = laterOf(prefix, selection.first);
  while (first !== undefined) {
    const from: Uint8Array = first;
    first = undefined;
    for (const row of table.from(bucket, from, end)) {
      if (stretch.objects.length + stretch.commonPrefixes.length === limit) return { ...stretch, last };
      const common = commonPrefix(row.key, prefix, delimiter);
      if (common === undefined) {
        const object = { ...row, key: decodeKey(row.key) };
        stretch.objects.push(object);
        last = { kind: 'key', text: object.key };
        continue;
      }
      last = { kind: 'prefix', text: decodeKey(common) };
      stretch.commonPrefixes.push(last.text);
      first = endOfPrefix(common);
      break;
    }
  }
  return stretch;
}

/** A key up to the first delimiter behind the prefix; undefined if there is none. UTF-8 hides no letter in another. */
export function commonPrefix(key: Uint8Array, prefix: Uint8Array, delimiter: Uint8Array): Uint8Array | undefined {
  if (delimiter.length === 0) return undefined;
  const index = Buffer.from(key.buffer, key.byteOffset, key.length).indexOf(delimiter, prefix.length);
  return index < 0 ? undefined : key.subarray(0, index + delimiter.length);
}

/** The first bytes that come after these. */
export function successor(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(...bytes, 0);
}

function laterOf(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Buffer.compare(a, b) < 0 ? b : a;
}
