import type { Manifest } from '../manifest.ts';
import { decodePart, encodePart } from '../part-row.ts';
import { damagedEntry } from '../row.ts';
import {
  endedStates,
  type NewUpload,
  type PartItem,
  type UploadChange,
  type UploadClaim,
  type UploadItem,
  type UploadLock,
  type UploadQuery,
} from '../upload-manifest.ts';
import { decodeUpload, encodeUpload, type UploadRow } from '../upload-row.ts';
import { enteredUpload } from '../upload-rules.ts';
import type { LockFolder } from './lock-folder.ts';
import { ManifestCaller } from './manifest-caller.ts';
import type { ManifestThread } from './manifest-thread.ts';
import type { UploadPosition } from './messages.ts';
import { SqliteObjectRecords } from './sqlite-object-records.ts';

/** How many rows a thread hands over at once. */
const pageSize = { uploads: 50, parts: 500 };

/** A manifest in an SQLite file: rows go to and come from the thread that owns it, items from and to the caller. */
export class SqliteManifest implements Manifest {
  readonly name: string;
  readonly records: SqliteObjectRecords;
  readonly #caller: ManifestCaller;
  readonly #locks: LockFolder;

  constructor(name: string, thread: ManifestThread, locks: LockFolder) {
    this.name = name;
    this.#caller = new ManifestCaller(name, thread);
    this.records = new SqliteObjectRecords(this.#caller);
    this.#locks = locks;
  }

  async create(upload: NewUpload, claim: UploadClaim, nowMs: number, signal: AbortSignal): Promise<UploadItem> {
    const row = encodeUpload(enteredUpload(upload, claim, nowMs));
    return decodeUpload(await this.#caller.call(`enter upload ${upload.id}`, signal, 'create', row), this.name);
  }

  async find(id: string, signal: AbortSignal): Promise<UploadItem | undefined> {
    const row = await this.#caller.call(`read upload ${id}`, signal, 'find', id);
    return row === undefined ? undefined : decodeUpload(row, this.name, id);
  }

  async *list(query: UploadQuery, signal: AbortSignal): AsyncIterable<UploadItem> {
    let after: UploadPosition | undefined;
    let damage: unknown;
    for (;;) {
      const rows = await this.#caller.call('list its uploads', signal, 'list', query, after, pageSize.uploads);
      for (const row of rows) {
        // One that is damaged must not hide those behind it: it is told of at the end.
        let item: UploadItem | undefined;
        try {
          item = decodeUpload(row, this.name);
        } catch (error) {
          damage ??= error;
        }
        if (item !== undefined) yield item;
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < pageSize.uploads) break;
      const position = { createdMs: Number(last.created_ms), id: String(last.id) };
      if (after !== undefined && !isBehind(position, after)) throw damage ?? damagedOrder(last, this.name);
      after = position;
    }
    if (damage !== undefined) throw damage;
  }

  async change(
    id: string,
    epoch: number,
    change: UploadChange,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<UploadItem> {
    const row = await this.#caller.call(`change upload ${id}`, signal, 'change', id, epoch, change, nowMs);
    const item = decodeUpload(row, this.name);
    if (endedStates.includes(item.state)) this.#locks.retire(id, item.epoch);
    return item;
  }

  async takeOver(
    id: string,
    epoch: number,
    claim: UploadClaim,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<UploadItem> {
    const row = await this.#caller.call(`take over upload ${id}`, signal, 'takeOver', id, epoch, claim, nowMs);
    return decodeUpload(row, this.name);
  }

  async putPart(id: string, part: PartItem, signal: AbortSignal): Promise<void> {
    const { partNumber, epoch } = part;
    const row = encodePart(id, part);
    await this.#caller.call(`enter part ${partNumber} of upload ${id}`, signal, 'putPart', id, partNumber, epoch, row);
  }

  async removePart(id: string, partNumber: number, epoch: number, signal: AbortSignal): Promise<void> {
    await this.#caller.call(`forget part ${partNumber} of upload ${id}`, signal, 'removePart', id, partNumber, epoch);
  }

  async *parts(id: string, signal: AbortSignal): AsyncIterable<PartItem> {
    let after = 0;
    for (;;) {
      const rows = await this.#caller.call(
        `read the parts of upload ${id}`,
        signal,
        'parts',
        id,
        after,
        pageSize.parts,
      );
      for (const row of rows) {
        const part = decodePart(row, this.name, id, after);
        after = part.partNumber;
        yield part;
      }
      if (rows.length < pageSize.parts) return;
    }
  }

  async remove(id: string, epoch: number, signal: AbortSignal): Promise<void> {
    await this.#caller.call(`forget upload ${id}`, signal, 'remove', id, epoch);
    this.#locks.retire(id, epoch);
  }

  async lock(id: string, epoch: number): Promise<UploadLock | undefined> {
    this.#caller.requireOpen();
    return this.#locks.take(id, epoch);
  }

  async close(): Promise<void> {
    try {
      await this.#caller.close();
    } finally {
      this.#locks.releaseAll();
    }
  }
}

function isBehind(position: UploadPosition, other: UploadPosition): boolean {
  if (position.createdMs !== other.createdMs) return position.createdMs > other.createdMs;
  return position.id > other.id;
}

/** A listing that does not get on would go on for ever. */
function damagedOrder(row: UploadRow, manifestName: string): Error {
  return damagedEntry(`upload ${row.id}`, manifestName, 'it stands before one that was entered earlier');
}
