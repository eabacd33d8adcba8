import { SealpartError, throwIfAborted } from '../errors.ts';
import type { Manifest } from './manifest.ts';
import { MemoryObjectRecords } from './memory-object-records.ts';
import { decodePart, encodePart, type PartRow } from './part-row.ts';
import type {
  NewUpload,
  PartItem,
  UploadChange,
  UploadClaim,
  UploadItem,
  UploadLock,
  UploadQuery,
} from './upload-manifest.ts';
import { decodeUpload, encodeUpload, isStreamId, type UploadRow } from './upload-row.ts';
import {
  changedUpload,
  enteredUpload,
  noSuchUpload,
  requireNotNewer,
  requireOwn,
  requireSameEpoch,
  takenOverUpload,
  uploadExists,
} from './upload-rules.ts';

/**
 * A manifest that lives as long as the process: for tests, and for uploads that nobody will resume. Its locks hold
 * against others that use the same object.
 */
export function createMemoryManifest(name = 'memory:manifest'): Manifest {
  return new MemoryManifest(name);
}

interface KeptUpload {
  head: UploadRow;
  readonly parts: Map<number, PartRow>;
}

/** Keeps rows, as a database does, so that nothing of what it was given or gave can be changed behind its back. */
class MemoryManifest implements Manifest {
  readonly name: string;
  readonly records: MemoryObjectRecords;
  readonly #uploads = new Map<string, KeptUpload>();
  readonly #locks = new Set<string>();
  #closed = false;

  constructor(name: string) {
    this.name = name;
    this.records = new MemoryObjectRecords(name, (signal) => this.#begin(signal));
  }

  async create(upload: NewUpload, claim: UploadClaim, nowMs: number, signal: AbortSignal): Promise<UploadItem> {
    this.#begin(signal);
    const head = encodeUpload(enteredUpload(upload, claim, nowMs));
    if (this.#uploads.has(upload.id)) throw uploadExists(upload.id, this.name);
    this.#uploads.set(upload.id, { head, parts: new Map() });
    return this.#read(head);
  }

  async find(id: string, signal: AbortSignal): Promise<UploadItem | undefined> {
    this.#begin(signal);
    const kept = this.#uploads.get(id);
    return kept === undefined ? undefined : this.#read(kept.head);
  }

  async *list(query: UploadQuery, signal: AbortSignal): AsyncIterable<UploadItem> {
    this.#begin(signal);
    const items = [...this.#uploads.values()].map(({ head }) => this.#read(head));
    items.sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1));
    for (const item of items) {
      this.#begin(signal);
      if (matches(item, query)) yield item;
    }
  }

  async change(id: string, epoch: number, change: UploadChange, nowMs: number, signal: AbortSignal) {
    return this.#replace(id, epoch, signal, (found) => changedUpload(found, change, nowMs));
  }

  async takeOver(id: string, epoch: number, claim: UploadClaim, nowMs: number, signal: AbortSignal) {
    return this.#replace(id, epoch, signal, (found) => takenOverUpload(found, claim, nowMs));
  }

  #replace(id: string, epoch: number, signal: AbortSignal, next: (found: UploadItem) => UploadItem): UploadItem {
    this.#begin(signal);
    const kept = this.#require(id);
    kept.head = encodeUpload(next(requireOwn(this.#read(kept.head), id, epoch, this.name)));
    return this.#read(kept.head);
  }

  async putPart(id: string, part: PartItem, signal: AbortSignal): Promise<void> {
    this.#begin(signal);
    const row = encodePart(id, part);
    const { parts } = this.#require(id);
    requireNotNewer(parts.get(part.partNumber)?.epoch, id, part.partNumber, part.epoch);
    parts.set(part.partNumber, row);
  }

  async removePart(id: string, partNumber: number, epoch: number, signal: AbortSignal): Promise<void> {
    this.#begin(signal);
    const parts = this.#uploads.get(id)?.parts;
    requireNotNewer(parts?.get(partNumber)?.epoch, id, partNumber, epoch);
    parts?.delete(partNumber);
  }

  async *parts(id: string, signal: AbortSignal): AsyncIterable<PartItem> {
    this.#begin(signal);
    const parts = [...(this.#uploads.get(id)?.parts ?? [])].sort(([a], [b]) => a - b);
    for (const [number, row] of parts) {
      this.#begin(signal);
      yield decodePart(row, this.name, id, number - 1);
    }
  }

  async remove(id: string, epoch: number, signal: AbortSignal): Promise<void> {
    this.#begin(signal);
    const kept = this.#uploads.get(id);
    if (kept === undefined) return;
    requireSameEpoch(kept.head, id, epoch);
    this.#uploads.delete(id);
  }

  async lock(id: string, epoch: number): Promise<UploadLock | undefined> {
    this.#requireOpen();
    if (!isStreamId(id)) throw new RangeError(`id of an upload must be 32 hexadecimal digits, not ${id}`);
    const name = `${id}-${epoch}`;
    if (this.#locks.has(name)) return undefined;
    this.#locks.add(name);
    let isHeld = true;
    return {
      release: () => {
        if (isHeld) this.#locks.delete(name);
        isHeld = false;
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#locks.clear();
  }

  #begin(signal: AbortSignal): void {
    throwIfAborted(signal);
    this.#requireOpen();
  }

  #requireOpen(): void {
    if (this.#closed) throw new SealpartError('manifest', `${this.name} was closed.`);
  }

  #require(id: string): KeptUpload {
    const kept = this.#uploads.get(id);
    if (kept === undefined) throw noSuchUpload(id, this.name);
    return kept;
  }

  #read(row: UploadRow): UploadItem {
    return decodeUpload(row, this.name);
  }
}

function matches(item: UploadItem, { storeName, bucket, key }: UploadQuery): boolean {
  if (storeName !== undefined && item.storeName !== storeName) return false;
  if (bucket !== undefined && item.bucket !== bucket) return false;
  return key === undefined || item.key === key;
}
