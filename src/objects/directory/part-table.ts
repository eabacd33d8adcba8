import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StoredPart } from '../object-store.ts';

/** A part as the catalogue holds it: what the caller sees of it, and where its bytes are. */
export interface PartRow extends StoredPart {
  readonly file: string;
}

interface StoredRow {
  readonly number: number;
  readonly file: string;
  readonly size_bytes: number;
  readonly etag: string;
}

/** Which file belongs to which part of which content, and which files are to be taken away. */
export class PartTable {
  readonly #makeContent: StatementSync;
  readonly #dropContent: StatementSync;
  readonly #dropParts: StatementSync;
  readonly #dropPart: StatementSync;
  readonly #insert: StatementSync;
  readonly #page: StatementSync;
  readonly #span: StatementSync;
  readonly #hasFile: StatementSync;
  readonly #doom: StatementSync;
  readonly #doomed: StatementSync;
  readonly #forgetDoomed: StatementSync;

  constructor(database: DatabaseSync) {
    const columns = 'number, file, size_bytes, etag';
    this.#makeContent = database.prepare('INSERT INTO contents DEFAULT VALUES');
    this.#dropContent = database.prepare('DELETE FROM contents WHERE id = ?');
    this.#dropParts = database.prepare('DELETE FROM parts WHERE content = ? RETURNING file');
    this.#dropPart = database.prepare('DELETE FROM parts WHERE content = ? AND number = ? RETURNING file');
    this.#insert = database.prepare(`INSERT INTO parts (content, ${columns}) VALUES (?, ?, ?, ?, ?)`);
    this.#page = database.prepare(
      `SELECT ${columns} FROM parts WHERE content = ? AND number > ? ORDER BY number LIMIT ?`,
    );
    this.#span = database.prepare(`SELECT ${columns} FROM parts WHERE content = ? ORDER BY number LIMIT ? OFFSET ?`);
    this.#hasFile = database.prepare('SELECT 1 FROM parts WHERE file = ?');
    this.#doom = database.prepare('INSERT OR IGNORE INTO doomed (file) VALUES (?)');
    this.#doomed = database.prepare('SELECT file FROM doomed WHERE file > ? ORDER BY file LIMIT ?');
    this.#forgetDoomed = database.prepare('DELETE FROM doomed WHERE file = ?');
  }

  /** Makes a content without parts. Its number was never used before. */
  makeContent(): number {
    return Number(this.#makeContent.run().lastInsertRowid);
  }

  /** Takes a content and its parts away, and answers the files to be removed after the transaction. */
  dropContent(content: number): string[] {
    const files = filesOf(this.#dropParts.all(content));
    this.#dropContent.run(content);
    return files;
  }

  /** Takes one part away, if it is there, and answers the file to be removed after the transaction. */
  drop(content: number, partNumber: number): string[] {
    return filesOf(this.#dropPart.all(content, partNumber));
  }

  insert(content: number, part: PartRow): void {
    this.#insert.run(content, part.partNumber, part.file, part.sizeBytes, part.etag);
  }

  /** Up to `limit` parts with numbers over `after`, ascending. */
  page(content: number, after: number, limit: number): PartRow[] {
    return partsOf(this.#page.all(content, after, limit));
  }

  /** All parts, ascending by number. */
  all(content: number): PartRow[] {
    // SQLite takes a negative limit for none.
    return this.page(content, 0, -1);
  }

  /** `count` parts from the one on that has the index `firstIndex`, counted from 0 in the order of their numbers. */
  span(content: number, firstIndex: number, count: number): PartRow[] {
    return partsOf(this.#span.all(content, count, firstIndex));
  }

  hasFile(file: string): boolean {
    return this.#hasFile.get(file) !== undefined;
  }

  /** Notes a file that no part has as one to be taken away. */
  doom(file: string): void {
    this.#doom.run(file);
  }

  /** Up to `limit` files after one that are to be taken away, or were and are still noted; ascending by name. */
  doomed(after: string, limit: number): string[] {
    return filesOf(this.#doomed.all(after, limit));
  }

  /** Strikes off files that are gone for good. */
  forgetDoomed(files: readonly string[]): void {
    for (const file of files) this.#forgetDoomed.run(file);
  }
}

function filesOf(rows: readonly Record<string, unknown>[]): string[] {
  return rows.map((row) => String(row.file));
}

function partsOf(rows: readonly unknown[]): PartRow[] {
  return (rows as readonly StoredRow[]).map((row) => ({
    partNumber: row.number,
    etag: row.etag,
    sizeBytes: row.size_bytes,
    file: row.file,
  }));
}
