import { DatabaseSync } from 'node:sqlite';
import { SealpartError } from '../../errors.ts';
import type { ObjectName, UploadName } from '../object-store.ts';
import { BucketTable } from './bucket-table.ts';
import { retryWhileBusy } from './busy-retry.ts';
import { configureCatalogue, createTables, inspectCatalogue } from './catalogue-schema.ts';
import { ChangeQueue } from './change-queue.ts';
import { type ObjectRow, ObjectTable } from './object-table.ts';
import { PartTable } from './part-table.ts';
import { noBucket, noObject, noUpload } from './refusals.ts';
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
  readonly buckets: BucketTable;
  readonly parts: PartTable;
  readonly uploads: UploadTable;
  readonly objects: ObjectTable;
  readonly #setting: CatalogueSetting;
  readonly #database: DatabaseSync;
  readonly #changes: ChangeQueue;

  private constructor(setting: CatalogueSetting, database: DatabaseSync) {
    this.#setting = setting;
    this.#database = database;
    this.#changes = new ChangeQueue(setting.storeName, database);
    this.buckets = new BucketTable(database);
    this.parts = new PartTable(database);
    this.uploads = new UploadTable(database);
    this.objects = new ObjectTable(database);
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
        const state = inspectCatalogue(database, setting.path);
        if (state === 'empty' && !create) return undefined;
        configureCatalogue(database);
        if (state !== 'ready') createTables(database, setting.path);
        return new Catalogue(setting, database);
      });
      return catalogue;
    } finally {
      if (catalogue === undefined) database.close();
    }
  }

  /** True once a COMMIT has failed: what it wrote may still count when the log is read again after a crash. */
  get inDoubt(): boolean {
    return this.#changes.inDoubt;
  }

  /**
   * Runs `work` as one transaction, or as a part of one with others: all of it is on the disk when this resolves,
   * nothing of it if `work` throws.
   */
  async change<T>(signal: AbortSignal, work: () => T): Promise<T> {
    const { storeName, busyLimitMs } = this.#setting;
    return await retryWhileBusy(storeName, busyLimitMs, signal, () => this.#changes.run(signal, work));
  }

  /** Runs `work`, which only reads, on one state of the catalogue. */
  async view<T>(signal: AbortSignal, work: () => T): Promise<T> {
    const { storeName, busyLimitMs } = this.#setting;
    return await retryWhileBusy(storeName, busyLimitMs, signal, () => {
      if (!this.#database.isOpen) throw new SealpartError('store', `${storeName} was closed.`);
      this.#database.exec('BEGIN');
      try {
        return work();
      } finally {
        // There is nothing to roll back after the errors at which SQLite rolls back by itself.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      }
    });
  }

  /** @throws SealpartError `not-found` (NoSuchBucket) */
  requireBucket(bucket: string): void {
    if (!this.buckets.has(bucket)) throw noBucket(bucket);
  }

  /** @throws SealpartError `not-found` (NoSuchBucket, NoSuchUpload) */
  requireUpload(name: UploadName): UploadRow {
    this.requireBucket(name.bucket);
    const row = this.uploads.find(name);
    if (row === undefined) throw noUpload(name);
    return row;
  }

  /** @throws SealpartError `not-found` (NoSuchBucket, NoSuchKey) */
  requireObject(name: ObjectName): ObjectRow {
    this.requireBucket(name.bucket);
    const row = this.objects.find(name);
    if (row === undefined) throw noObject(name);
    return row;
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

  /** Takes an upload and its parts away, and answers the files to be removed after the transaction. */
  dropUpload({ uploadId, content }: Pick<UploadRow, 'uploadId' | 'content'>): string[] {
    this.uploads.drop(uploadId);
    return this.parts.dropContent(content);
  }

  close(): void {
    this.#database.close();
  }
}
