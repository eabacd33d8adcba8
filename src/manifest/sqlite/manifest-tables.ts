import type { DatabaseSync } from 'node:sqlite';
import type { PartRow } from '../part-row.ts';
import type { RecordKeyRow } from '../record-key-row.ts';
import type { RecordName, RecordRow } from '../record-row.ts';
import type { UploadChange, UploadClaim, UploadItem, UploadQuery } from '../upload-manifest.ts';
import { decodeUpload, encodeUpload, type UploadRow } from '../upload-row.ts';
import {
  changedUpload,
  noSuchUpload,
  requireNotNewer,
  requireOwn,
  requireSameEpoch,
  takenOverUpload,
  uploadExists,
} from '../upload-rules.ts';
import type { ManifestCalls, RecordSpan, UploadPosition } from './messages.ts';
import { PartTable } from './part-table.ts';
import { RecordTable } from './record-table.ts';
import { UploadTable } from './upload-table.ts';

/** The calls on a manifest, as what they do to its tables. Each is to be called inside of a transaction. */
export class ManifestTables implements ManifestCalls {
  readonly #uploads: UploadTable;
  readonly #parts: PartTable;
  readonly #records: RecordTable;
  readonly #name: string;

  constructor(database: DatabaseSync, name: string) {
    this.#uploads = new UploadTable(database);
    this.#parts = new PartTable(database);
    this.#records = new RecordTable(database);
    this.#name = name;
  }

  create(row: UploadRow): UploadRow {
    const id = String(row.id);
    if (this.#uploads.ownerOf(id) !== undefined) throw uploadExists(id, this.#name);
    this.#uploads.insert(row);
    return row;
  }

  find(id: string): UploadRow | undefined {
    return this.#uploads.find(id);
  }

  list(query: UploadQuery, after: UploadPosition | undefined, limit: number): UploadRow[] {
    return this.#uploads.page(query, after, limit);
  }

  change(id: string, epoch: number, change: UploadChange, nowMs: number): UploadRow {
    const found = requireOwn(this.#read(id), id, epoch, this.#name);
    return this.#replace(changedUpload(found, change, nowMs));
  }

  takeOver(id: string, epoch: number, claim: UploadClaim, nowMs: number): UploadRow {
    const found = requireOwn(this.#read(id), id, epoch, this.#name);
    return this.#replace(takenOverUpload(found, claim, nowMs));
  }

  putPart(id: string, partNumber: number, epoch: number, row: PartRow): void {
    if (this.#uploads.ownerOf(id) === undefined) throw noSuchUpload(id, this.#name);
    this.#requireNotNewer(id, partNumber, epoch);
    this.#parts.put(row);
  }

  removePart(id: string, partNumber: number, epoch: number): void {
    this.#requireNotNewer(id, partNumber, epoch);
    this.#parts.drop(id, partNumber);
  }

  parts(id: string, after: number, limit: number): PartRow[] {
    return this.#parts.page(id, after, limit);
  }

  remove(id: string, epoch: number): void {
    const found = this.#uploads.ownerOf(id);
    if (found === undefined) return;
    requireSameEpoch(found, id, epoch);
    this.#parts.dropAll(id);
    this.#uploads.drop(id);
  }

  recordKey(): RecordKeyRow | undefined {
    return this.#records.key();
  }

  enterRecordKey(row: RecordKeyRow): RecordKeyRow {
    return this.#records.enterKey(row);
  }

  findRecords(names: readonly RecordName[]): (RecordRow | undefined)[] {
    return names.map((name) => this.#records.find(name));
  }

  putRecord(row: RecordRow): void {
    this.#records.put(row);
  }

  removeRecords(names: readonly RecordName[]): void {
    for (const name of names) this.#records.drop(name);
  }

  listRecords(span: RecordSpan, limit: number): RecordRow[] {
    return this.#records.page(span, limit);
  }

  #read(id: string): UploadItem | undefined {
    const row = this.#uploads.find(id);
    return row === undefined ? undefined : decodeUpload(row, this.#name, id);
  }

  #replace(item: UploadItem): UploadRow {
    const row = encodeUpload(item);
    this.#uploads.update(row);
    return row;
  }

  #requireNotNewer(id: string, partNumber: number, epoch: number): void {
    requireNotNewer(this.#parts.epochOf(id, partNumber), id, partNumber, epoch);
  }
}
