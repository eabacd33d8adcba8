import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ListedUpload, UploadName } from '../object-store.ts';
import type { AttributeColumns } from './attributes.ts';
import { decodeKey, encodeKey, encodeKeyText } from './names.ts';

/** An upload that was begun and neither completed nor aborted. */
export interface UploadRow extends UploadName, AttributeColumns {
  readonly content: number;
  readonly initiatedMs: number;
}

/** Where a listing of uploads goes on: after this one. */
export type UploadPosition = Pick<UploadName, 'key' | 'uploadId'>;

interface StoredRow extends AttributeColumns {
  readonly id: string;
  readonly bucket: string;
  readonly key: Uint8Array;
  readonly content: number;
  readonly initiated_ms: number;
}

export class UploadTable {
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #page: StatementSync;
  readonly #contents: StatementSync;
  readonly #drop: StatementSync;

  constructor(database: DatabaseSync) {
    const columns = 'id, bucket, key, content, initiated_ms, metadata, tags, headers';
    this.#insert = database.prepare(`INSERT INTO uploads (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#find = database.prepare(`SELECT ${columns} FROM uploads WHERE id = ? AND bucket = ? AND key = ?`);
    this.#page = database.prepare(
      `SELECT ${columns} FROM uploads WHERE bucket = ? AND (key, id) > (?, ?) ORDER BY key, id LIMIT ?`,
    );
    this.#contents = database.prepare('SELECT id, content FROM uploads WHERE bucket = ?');
    this.#drop = database.prepare('DELETE FROM uploads WHERE id = ?');
  }

  insert(row: UploadRow): void {
    const { uploadId, bucket, key, content, initiatedMs, metadata, tags, headers } = row;
    this.#insert.run(uploadId, bucket, encodeKey(key), content, initiatedMs, metadata, tags, headers);
  }

  find(name: UploadName): UploadRow | undefined {
    const row = this.#find.get(name.uploadId, name.bucket, encodeKey(name.key));
    return row === undefined ? undefined : rowOf(row);
  }

  /** Up to `limit` uploads of a bucket after a position, by the bytes of their keys and then by their ids. */
  page(bucket: string, after: UploadPosition | undefined, limit: number): ListedUpload[] {
    const rows = this.#page.all(bucket, encodeKeyText(after?.key ?? ''), after?.uploadId ?? '', limit);
    return rows.map(rowOf).map(({ key, uploadId, initiatedMs }) => ({ bucket, key, uploadId, initiatedMs }));
  }

  /** All uploads of a bucket, by what is needed to take them away. */
  contents(bucket: string): Pick<UploadRow, 'uploadId' | 'content'>[] {
    return this.#contents.all(bucket).map((row) => ({ uploadId: String(row.id), content: Number(row.content) }));
  }

  /** Forgets an upload; what becomes of its content is up to the caller. */
  drop(uploadId: string): void {
    this.#drop.run(uploadId);
  }
}

function rowOf(found: unknown): UploadRow {
  const row = found as StoredRow;
  return {
    uploadId: row.id,
    bucket: row.bucket,
    key: decodeKey(row.key),
    content: row.content,
    initiatedMs: row.initiated_ms,
    metadata: row.metadata,
    tags: row.tags,
    headers: row.headers,
  };
}
