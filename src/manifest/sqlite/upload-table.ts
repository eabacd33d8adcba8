import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { UploadQuery } from '../upload-manifest.ts';
import { type UploadRow, uploadColumns } from '../upload-row.ts';
import type { UploadPosition } from './messages.ts';
import { readingStatement } from './reading-statement.ts';

const columns = uploadColumns.join(', ');

/** What a writer of an upload is compared with. */
export type UploadOwner = Pick<UploadRow, 'epoch' | 'owner'>;

/** The heads. Everything is synchronous, and to be called inside of a transaction. */
export class UploadTable {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #find: StatementSync;
  readonly #owner: StatementSync;
  readonly #drop: StatementSync;
  readonly #pages = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    const values = uploadColumns.map((name) => `:${name}`).join(', ');
    const assignments = uploadColumns.map((name) => `${name} = :${name}`).join(', ');
    this.#insert = database.prepare(`INSERT INTO uploads (${columns}) VALUES (${values})`);
    this.#update = database.prepare(`UPDATE uploads SET ${assignments} WHERE id = :id`);
    this.#find = readingStatement(database, `SELECT ${columns} FROM uploads WHERE id = ?`);
    this.#owner = readingStatement(database, 'SELECT epoch, owner FROM uploads WHERE id = ?');
    this.#drop = database.prepare('DELETE FROM uploads WHERE id = ?');
  }

  insert(row: UploadRow): void {
    this.#insert.run(row);
  }

  update(row: UploadRow): void {
    this.#update.run(row);
  }

  find(id: string): UploadRow | undefined {
    return this.#find.get(id) as UploadRow | undefined;
  }

  /** Whose an upload is, also where the rest of its row is damaged; undefined if there is none. */
  ownerOf(id: string): UploadOwner | undefined {
    return this.#owner.get(id) as UploadOwner | undefined;
  }

  drop(id: string): void {
    this.#drop.run(id);
  }

  /** Up to `limit` of the uploads that a query asks for, oldest first, after a position. */
  page(query: UploadQuery, after: UploadPosition | undefined, limit: number): UploadRow[] {
    const conditions: string[] = [];
    const values: (string | number)[] = [];
    for (const [column, value] of [
      ['store_name', query.storeName],
      ['bucket', query.bucket],
      ['key', query.key],
    ] as const) {
      if (value === undefined) continue;
      conditions.push(`${column} = ?`);
      values.push(value);
    }
    if (after !== undefined) {
      conditions.push('(created_ms, id) > (?, ?)');
      values.push(after.createdMs, after.id);
    }
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.#page(where).all(...values, limit) as unknown as UploadRow[];
  }

  #page(where: string): StatementSync {
    let statement = this.#pages.get(where);
    if (statement === undefined) {
      const sql = `SELECT ${columns} FROM uploads ${where} ORDER BY created_ms, id LIMIT ?`;
      statement = readingStatement(this.#database, sql);
      this.#pages.set(where, statement);
    }
    return statement;
  }
}
