import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ListedBucket } from '../bucket-store.ts';

/** What a bucket can have been told of itself. */
export type DocumentKind = 'cors' | 'ownership' | 'public-access-block' | 'tagging';

/** A stretch of the buckets' names, in the order of their bytes. */
export interface NameStretch {
  readonly prefix: string;
  readonly startAfter: string;
  readonly limit: number;
}

/** After all names with a prefix: no name has this letter, the last that there is. */
const lastLetter = '\u{10ffff}';

/** Which buckets there are, and what each was told of itself. */
export class BucketTable {
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #page: StatementSync;
  readonly #drop: StatementSync;
  readonly #putDocument: StatementSync;
  readonly #findDocument: StatementSync;
  readonly #dropDocument: StatementSync;
  readonly #dropDocuments: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT OR IGNORE INTO buckets (name, created_ms) VALUES (?, ?)');
    this.#find = database.prepare('SELECT 1 FROM buckets WHERE name = ?');
    this.#page = database.prepare(
      `SELECT name, created_ms AS createdMs FROM buckets
        WHERE name >= ? AND name > ? AND name < ? ORDER BY name LIMIT ?`,
    );
    this.#drop = database.prepare('DELETE FROM buckets WHERE name = ?');
    this.#putDocument = database.prepare(
      'INSERT OR REPLACE INTO bucket_documents (bucket, kind, bytes) VALUES (?, ?, ?)',
    );
    this.#findDocument = database.prepare('SELECT bytes FROM bucket_documents WHERE bucket = ? AND kind = ?');
    this.#dropDocument = database.prepare('DELETE FROM bucket_documents WHERE bucket = ? AND kind = ?');
    this.#dropDocuments = database.prepare('DELETE FROM bucket_documents WHERE bucket = ?');
  }

  /** False if there is a bucket of this name already. */
  add(bucket: string): boolean {
    return this.#insert.run(bucket, Date.now()).changes === 1;
  }

  has(bucket: string): boolean {
    return this.#find.get(bucket) !== undefined;
  }

  page({ prefix, startAfter, limit }: NameStretch): ListedBucket[] {
    const rows = this.#page.all(prefix, startAfter, prefix + lastLetter, limit);
    return rows.map((row) => ({ ...(row as unknown as ListedBucket) }));
  }

  /** Forgets a bucket that holds nothing any more, and what it was told. */
  drop(bucket: string): void {
    this.#dropDocuments.run(bucket);
    this.#drop.run(bucket);
  }

  putDocument(bucket: string, kind: DocumentKind, bytes: Uint8Array): void {
    this.#putDocument.run(bucket, kind, bytes);
  }

  /** The bytes that were put; undefined if none were, or they were dropped. */
  document(bucket: string, kind: DocumentKind): Uint8Array | undefined {
    return this.#findDocument.get(bucket, kind)?.bytes as Uint8Array | undefined;
  }

  dropDocument(bucket: string, kind: DocumentKind): void {
    this.#dropDocument.run(bucket, kind);
  }
}
