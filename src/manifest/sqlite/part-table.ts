import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type PartRow, partColumns } from '../part-row.ts';
import type { Column } from '../row.ts';
import { readingStatement } from './reading-statement.ts';

const columns = partColumns.join(', ');

/** The parts of all uploads. Everything is synchronous, and to be called inside of a transaction. */
export class PartTable {
  readonly #put: StatementSync;
  readonly #epoch: StatementSync;
  readonly #page: StatementSync;
  readonly #drop: StatementSync;
  readonly #dropAll: StatementSync;

  constructor(database: DatabaseSync) {
    const values = partColumns.map((name) => `:${name}`).join(', ');
    this.#put = database.prepare(`INSERT OR REPLACE INTO parts (${columns}) VALUES (${values})`);
    this.#epoch = readingStatement(database, 'SELECT epoch FROM parts WHERE upload = ? AND number = ?');
    const page = `SELECT ${columns} FROM parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?`;
    this.#page = readingStatement(database, page);
    this.#drop = database.prepare('DELETE FROM parts WHERE upload = ? AND number = ?');
    this.#dropAll = database.prepare('DELETE FROM parts WHERE upload = ?');
  }

  /** Enters a part, in place of the one of the same number. */
  put(row: PartRow): void {
    this.#put.run(row);
  }

  /** The epoch that a part was entered under, also where the rest of its row is damaged; undefined if there is none. */
  epochOf(uploadId: string, partNumber: number): Column | undefined {
    return this.#epoch.get(uploadId, partNumber)?.epoch as Column | undefined;
  }

  /** Up to `limit` parts of an upload whose numbers are above `after`, ascending. */
  page(uploadId: string, after: number, limit: number): PartRow[] {
    return this.#page.all(uploadId, after, limit) as unknown as PartRow[];
  }

  drop(uploadId: string, partNumber: number): void {
    this.#drop.run(uploadId, partNumber);
  }

  dropAll(uploadId: string): void {
    this.#dropAll.run(uploadId);
  }
}
