import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ListedKey } from '../bucket-store.ts';
import type { ListedObject, ObjectHead, ObjectName } from '../object-store.ts';
import { type AttributeColumns, decodeAttributes } from './attributes.ts';
import { decodeKey, encodeKey, encodeKeyText } from './names.ts';
import { decodePartSizes } from './part-sizes.ts';

export interface ObjectRow extends AttributeColumns {
  readonly content: number;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** As encodePartSizes wrote them; null for an object that was put whole. */
  readonly partSizes: string | null;
}

/** A stretch of a bucket's keys, in the order of their bytes. */
export interface KeyStretch {
  readonly bucket: string;
  readonly prefix: string;
  readonly startAfter: string;
  readonly limit: number;
}

/** An object as its row tells it to a listing, with the bytes of its key. */
type ListedRow<T> = Omit<T, 'key'> & { readonly key: Uint8Array };

export class ObjectTable {
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #findAny: StatementSync;
  readonly #page: StatementSync;
  readonly #keys: StatementSync;
  readonly #setTags: StatementSync;
  readonly #drop: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      `INSERT INTO objects (bucket, key, content, etag, size_bytes, modified_ms, metadata, tags, headers, part_sizes)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#find = database.prepare(
      `SELECT content, etag, size_bytes AS sizeBytes, modified_ms AS modifiedMs, metadata, tags, headers,
        part_sizes AS partSizes FROM objects WHERE bucket = ? AND key = ?`,
    );
    this.#page = database.prepare(
      `SELECT key, etag, size_bytes AS sizeBytes, modified_ms AS lastModifiedMs
        FROM objects WHERE bucket = ? AND key >= ? AND key < ? AND key > ? ORDER BY key LIMIT ?`,
    );
    this.#findAny = database.prepare('SELECT 1 FROM objects WHERE bucket = ? LIMIT 1');
    this.#keys = database.prepare(
      `SELECT key, etag, size_bytes AS sizeBytes, modified_ms AS lastModifiedMs,
        headers ->> '$."x-amz-storage-class"' AS storageClass
        FROM objects WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key`,
    );
    this.#setTags = database.prepare('UPDATE objects SET tags = ? WHERE bucket = ? AND key = ?');
    this.#drop = database.prepare('DELETE FROM objects WHERE bucket = ? AND key = ?');
  }

  insert(name: ObjectName, row: ObjectRow): void {
    const { content, etag, sizeBytes, modifiedMs, metadata, tags, headers, partSizes } = row;
    const key = encodeKey(name.key);
    this.#insert.run(name.bucket, key, content, etag, sizeBytes, modifiedMs, metadata, tags, headers, partSizes);
  }

  find(name: ObjectName): ObjectRow | undefined {
    return this.#find.get(name.bucket, encodeKey(name.key)) as unknown as ObjectRow | undefined;
  }

  page(stretch: KeyStretch): ListedObject[] {
    const prefix = encodeKeyText(stretch.prefix);
    const startAfter = encodeKeyText(stretch.startAfter);
    const rows = this.#page.all(stretch.bucket, prefix, endOfPrefix(prefix), startAfter, stretch.limit);
    return (rows as unknown as ListedRow<ListedObject>[]).map((row) => ({
      ...row,
      key: decodeKey(row.key),
    }));
  }

  /** True if the bucket has an object. */
  any(bucket: string): boolean {
    return this.#findAny.get(bucket) !== undefined;
  }

  /** The objects whose keys have these bytes or later ones, and earlier ones than `end`, one after the other. */
  *from(bucket: string, first: Uint8Array, end: Uint8Array): Generator<ListedRow<ListedKey>> {
    for (const found of this.#keys.iterate(bucket, first, end)) {
      const { storageClass, ...row } = found as unknown as ListedRow<ListedKey>;
      // A column without a value is null.
      yield typeof storageClass === 'string' ? { ...row, storageClass } : row;
    }
  }

  setTags(name: ObjectName, tags: string): void {
    this.#setTags.run(tags, name.bucket, encodeKey(name.key));
  }

  /** Takes the object of this name away; what becomes of its content is up to the caller. */
  drop(name: ObjectName): void {
    this.#drop.run(name.bucket, encodeKey(name.key));
  }
}

/** Sizes of the parts that the object's files are, in order: one for an object that was put whole. */
export function fileSizesOf(row: ObjectRow): readonly number[] {
  return row.partSizes === null ? [row.sizeBytes] : decodePartSizes(row.partSizes);
}

export function headOf(row: ObjectRow, withTags = true): ObjectHead {
  return {
    etag: row.etag,
    sizeBytes: row.sizeBytes,
    lastModifiedMs: row.modifiedMs,
    ...decodeAttributes(row, withTags),
    ...(row.partSizes === null ? {} : { partSizesBytes: decodePartSizes(row.partSizes) }),
  };
}

/** The first bytes that come after everything with this prefix. */
export function endOfPrefix(prefix: Uint8Array): Uint8Array {
  // No byte of UTF-8 is 0xff, so 0xff is after every key, and the last byte of a prefix can always be raised.
  const last = prefix.at(-1);
  if (last === undefined) return Uint8Array.of(0xff);
  return Uint8Array.of(...prefix.subarray(0, -1), last + 1);
}
