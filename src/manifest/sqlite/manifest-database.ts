import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { isBusy } from '../../sqlite/sqlite-error.ts';
import { toFailure } from './failure.ts';
import { inspectSchema, makeTables, type SchemaState } from './manifest-schema.ts';
import { ManifestTables } from './manifest-tables.ts';
import type { Answer, ManifestCalls, Outcome, Request, ThreadSetting } from './messages.ts';
import { type BusyPatience, busyTimeoutMs, retryWhileBusy } from './retry-while-busy.ts';

export type TableRequest = Extract<Request, { readonly call: keyof ManifestCalls }>;

const readingCalls: ReadonlySet<keyof ManifestCalls> = new Set([
  'find',
  'list',
  'parts',
  'recordKey',
  'findRecords',
  'listRecords',
]);

/** The open database: synchronous, and so for a thread of its own. */
export class ManifestDatabase {
  readonly #database: DatabaseSync;
  readonly #patience: BusyPatience;
  readonly #tables: ManifestTables;
  readonly #beginOne: StatementSync;
  readonly #keepOne: StatementSync;
  readonly #undoOne: StatementSync;

  private constructor(database: DatabaseSync, setting: ThreadSetting) {
    this.#database = database;
    this.#patience = setting.patience;
    this.#tables = new ManifestTables(database, setting.name);
    this.#beginOne = database.prepare('SAVEPOINT one');
    this.#keepOne = database.prepare('RELEASE one');
    this.#undoOne = database.prepare('ROLLBACK TO one');
  }

  /** Opens the manifest in a file that exists; undefined if nothing is in it and nothing is to be made. */
  static open(setting: ThreadSetting): ManifestDatabase | undefined {
    const url = pathToFileURL(setting.path);
    // Should the file have gone since it was looked at, no other is made in its place.
    url.searchParams.set('mode', 'rw');
    const database = new DatabaseSync(url, { timeout: busyTimeoutMs });
    let opened: ManifestDatabase | undefined;
    try {
      opened = retryWhileBusy(setting.patience, () => ManifestDatabase.#prepare(database, setting));
      return opened;
    } finally {
      if (opened === undefined) database.close();
    }
  }

  static #prepare(database: DatabaseSync, setting: ThreadSetting): ManifestDatabase | undefined {
    const state = inspectAtOnce(database, setting.path);
    if (state === 'empty' && !setting.create) return undefined;
    // Readers do not wait for writers, and a commit is on the disk when it returns.
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    // Damage to a page is found when the page is read, not when it has spread.
    database.exec('PRAGMA cell_size_check = ON');
    if (setting.maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${setting.maxPages}`);
    if (state !== 'ready') makeTables(database, setting.path);
    return new ManifestDatabase(database, setting);
  }

  /**
   * Carries out requests in one transaction, in their order, each whole or not at all. The answers are true when this
   * returns: what they say was written will survive a loss of power. If the transaction fails, all of them say so.
   */
  run(requests: readonly TableRequest[]): Answer[] {
    try {
      return retryWhileBusy(this.#patience, () => this.#attempt(requests));
    } catch (error) {
      const failure = toFailure(error);
      return requests.map(({ number }) => ({ number, failure }));
    }
  }

  #attempt(requests: readonly TableRequest[]): Answer[] {
    try {
      this.#database.exec(requests.every(({ call }) => readingCalls.has(call)) ? 'BEGIN' : 'BEGIN IMMEDIATE');
      const answers = requests.map((request) => ({ number: request.number, ...this.#runOne(request) }));
      this.#database.exec('COMMIT');
      return answers;
    } finally {
      // Nothing is left to be rolled back after a COMMIT, nor after the errors at which SQLite does so by itself.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    }
  }

  #runOne(request: TableRequest): Outcome {
    this.#beginOne.run();
    try {
      const call = this.#tables[request.call] as (...args: readonly unknown[]) => unknown;
      const value = call.apply(this.#tables, request.args);
      this.#keepOne.run();
      return { value };
    } catch (error) {
      // Where SQLite has given up the whole transaction, nobody's request was carried out; a lock is waited for by all.
      if (!this.#database.isTransaction || isBusy(error)) throw error;
      this.#undoOne.run();
      this.#keepOne.run();
      return { failure: toFailure(error) };
    }
  }

  close(): void {
    this.#database.close();
  }
}

/** Inspects one state of the file: another process may be about to make its tables. */
function inspectAtOnce(database: DatabaseSync, path: string): SchemaState {
  database.exec('BEGIN');
  try {
    return inspectSchema(database, path);
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}
