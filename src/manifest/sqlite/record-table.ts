import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { assert } from '../../assert.ts';
import type { RecordKeyRow } from '../record-key-row.ts';
import { type RecordName, type RecordRow, recordColumns } from '../record-row.ts';
import type { RecordSpan } from './messages.ts';
import { readingStatement } from './reading-statement.ts';

const columns = recordColumns.join(', ');

/** What is known of objects. Everything is synchronous, and to be called inside of a transaction. */
export class RecordTable {
  readonly #key: StatementSync;
  readonly #enterKey: StatementSync;
  readonly #find: StatementSync;
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  readonly #page: StatementSync;

  constructor(database: DatabaseSync) {
    const values = recordColumns.map((name) => `:${name}`).join(', ');
    const name = 'bucket = ? AND key = ? AND etag = ?';
    this.#key = readingStatement(database, 'SELECT header, sum FROM record_key WHERE id = 1');
    this.#enterKey = database.prepare('INSERT OR IGNORE INTO record_key (id, header, sum) VALUES (1, :header, :sum)');
    this.#find = readingStatement(database, `SELECT ${columns} FROM records WHERE ${name}`);
    this.#put = database.prepare(`INSERT OR REPLACE INTO records (${columns}) VALUES (${values})`);
    this.#drop = database.prepare(`DELETE FROM records WHERE ${name}`);
    const page = `SELECT ${columns} FROM records
      WHERE bucket = ? AND (key, etag) > (?, ?) AND key < ? ORDER BY key, etag LIMIT ?`;
    this.#page = readingStatement(database, page);
  }

  key(): RecordKeyRow | undefined {
    return this.#key.get() as RecordKeyRow | undefined;
  }

  /** Enters the key unless there is one, and gives the one that is there. */
  enterKey(row: RecordKeyRow): RecordKeyRow {
    this.#enterKey.run(row);
    const found = this.key();
    assert(found !== undefined, 'what was entered is there');
    return found;
  }

  find({ bucket, key, etag }: RecordName): RecordRow | undefined {
    return this.#find.get(bucket, key, etag) as RecordRow | undefined;
  }

  /** Enters a record, in place of the one of the same name. */
  put(row: RecordRow): void {
    this.#put.run(row);
  }

  drop({ bucket, key, etag }: RecordName): void {
    this.#drop.run(bucket, key, etag);
  }

  /** Up to `limit` records of a span, ascending by key and ETag. */
  page({ bucket, from, end, after }: RecordSpan, limit: number): RecordRow[] {
    // An ETag is not empty: what is behind (from, '') is everything from there on.
    const { key, etag } = after ?? { key: from, etag: '' };
    return this.#page.all(bucket, key, etag, end, limit) as unknown as RecordRow[];
  }
}
