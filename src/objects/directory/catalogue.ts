import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { SealpartError } from '../../errors.ts';
import type { ObjectName, UploadName } from '../object-store.ts';
import { retryWhileBusy } from './busy-retry.ts';
import { configureCatalogue, createTables, inspectCatalogue } from './catalogue-schema.ts';
import { objectLabel, quoted } from './names.ts';
import { type ObjectRow, ObjectTable } from './object-table.ts';
import { PartTable } from './part-table.ts';
import { type UploadRow, UploadTable } from './upload-table.ts';

/**
 * How long SQLite may wait for a lock by itself, in milliseconds. This thread stands still meanwhile, so it is only
 * long enough for another's short commit; retryWhileBusy waits for the rest.
 */
const busyTimeoutMs = 5;

/** What a catalogue has to know about the store that it is part of. */
export interface CatalogueSetting {
  /** The file it is in. */
  readonly path: string;
  /** What to call the store in messages. */
  readonly storeName: string;
  /** How long another process may hold the catalogue's lock before a call fails. */
  readonly busyLimitMs: number;
}

/**
 * What the store knows: buckets, uploads, objects, and which file holds which part. `change` and `view` wait for their
 * turn; everything else is synchronous, short, and to be called inside one of the two.
 */
export class Catalogue {
  readonly parts: PartTable;
  readonly uploads: UploadTable;
  readonly objects: ObjectTable;
  readonly #setting: CatalogueSetting;
  readonly #database: DatabaseSync;
  readonly #insertBucket: StatementSync;
  readonly #findBucket: StatementSync;
  #inDoubt = false;

  private constructor(setting: CatalogueSetting, database: DatabaseSync) {
    this.#setting = setting;
    this.#database = database;
    this.parts = new PartTable(database);
    this.uploads = new UploadTable(database);
    this.objects = new ObjectTable(database);
    this.#insertBucket = database.prepare('INSERT OR IGNORE INTO buckets (name, created_ms) VALUES (?, ?)');
    this.#findBucket = database.prepare('SELECT 1 FROM buckets WHERE name = ?');
  }

  /**
   * Opens the catalogue in a file, and makes it if `create` is given and the file is empty or missing.
   *
   * @returns undefined if there is none and it is not to be made.
   */
  static async open(setting: CatalogueSetting, create: boolean, signal: AbortSignal): Promise<Catalogue | undefined> {
    const database = new DatabaseSync(setting.path, { timeout: busyTimeoutMs });
    let catalogue: Catalogue | undefined;
    try {
      catalogue = await retryWhileBusy(setting.storeName, setting.busyLimitMs, signal, () => {
        const isEmpty = inspectCatalogue(database, setting.path) === 'empty';
        if (isEmpty && !create) return undefined;
        configureCatalogue(database);
        if (isEmpty) createTables(database, setting.path);
        return new Catalogue(setting, database);
      });
      return catalogue;
    } finally {
      if (catalogue === undefined) database.close();
    }
  }

  /**
   * True once a COMMIT has failed. SQLite has taken it back for all who look now, but what it wrote may still count
   * when the log is read again after a crash. So no file may be taken away on the grounds that its transaction failed.
   */
  get inDoubt(): boolean {
    return this.#inDoubt;
  }

  /** Runs `work` as one transaction: all of it is on the disk when this resolves, nothing of it if `work` throws. */
  async change<T>(signal: AbortSignal, work: () => T): Promise<T> {
    return await this.#inTurn(signal, () => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#commit();
        return result;
      } finally {
        this.#rollBack();
      }
    });
  }

  /** Runs `work`, which only reads, on one state of the catalogue. */
  async view<T>(signal: AbortSignal, work: () => T): Promise<T> {
    return await this.#inTurn(signal, () => {
      this.#database.exec('BEGIN');
      try {
        return work();
      } finally {
        this.#rollBack();
      }
    });
  }

  async #inTurn<T>(signal: AbortSignal, work: () => T): Promise<T> {
    const { storeName, busyLimitMs } = this.#setting;
    return await retryWhileBusy(storeName, busyLimitMs, signal, () => {
      if (!this.#database.isOpen) throw new SealpartError('store', `${storeName} was closed.`);
      return work();
    });
  }

  #commit(): void {
    try {
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#inDoubt = true;
      throw error;
    }
  }

  #rollBack(): void {
    // There is nothing to roll back after a COMMIT, nor after the errors at which SQLite rolls back by itself.
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
  }

  /** False if there is a bucket of this name already. */
  addBucket(bucket: string): boolean {
    return this.#insertBucket.run(bucket, Date.now()).changes === 1;
  }

  /** @throws SealpartError `not-found` */
  requireBucket(bucket: string): void {
    if (this.#findBucket.get(bucket) !== undefined) return;
    throw new SealpartError('not-found', `There is no bucket ${quoted(bucket)} (NoSuchBucket).`, { missing: 'bucket' });
  }

  /** @throws SealpartError `not-found` */
  requireUpload(name: UploadName): UploadRow {
    this.requireBucket(name.bucket);
    const row = this.uploads.find(name);
    if (row !== undefined) return row;
    const which = `There is no upload ${quoted(name.uploadId)} of ${objectLabel(name)}`;
    throw new SealpartError('not-found', `${which}: it was completed, aborted or never begun (NoSuchUpload).`);
  }

  /** @throws SealpartError `not-found` */
  requireObject(name: ObjectName): ObjectRow {
    this.requireBucket(name.bucket);
    const row = this.objects.find(name);
    if (row !== undefined) return row;
    throw new SealpartError('not-found', `There is no object ${objectLabel(name)} (NoSuchKey).`);
  }

  /**
   * Lets an object stand under a name, in place of the one that stood there.
   *
   * @returns the files of the one that stood there, to be removed after the transaction.
   */
  placeObject(name: ObjectName, row: ObjectRow): string[] {
    const files = this.dropObject(name);
    this.objects.insert(name, row);
    return files;
  }

  /** Takes an object away, if it is there, and answers the files to be removed after the transaction. */
  dropObject(name: ObjectName): string[] {
    const row = this.objects.find(name);
    if (row === undefined) return [];
    this.objects.drop(name);
    return this.parts.dropContent(row.content);
  }

  close(): void {
    this.#database.close();
  }
}
