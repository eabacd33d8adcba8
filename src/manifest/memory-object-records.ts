import type { ObjectRecordItem, ObjectRecords, RecordedObject } from './object-records.ts';
import { decodeRecordKey, encodeRecordKey, type RecordKeyRow } from './record-key-row.ts';
import { decodeRecord, encodeRecord, keyBytes, type RecordName, type RecordRow, recordName } from './record-row.ts';

/** Object records that live as long as the process. Keeps rows, as a database does. */
export class MemoryObjectRecords implements ObjectRecords {
  readonly name: string;
  readonly #begin: (signal: AbortSignal) => void;
  readonly #rows = new Map<string, RecordRow>();
  #key: RecordKeyRow | undefined;

  /** @param begin throws where no call may begin */
  constructor(name: string, begin: (signal: AbortSignal) => void) {
    this.name = name;
    this.#begin = begin;
  }

  async keyItem(make: () => Promise<Uint8Array>, signal: AbortSignal): Promise<Uint8Array> {
    this.#begin(signal);
    if (this.#key === undefined) {
      const made = encodeRecordKey(await make());
      this.#begin(signal);
      this.#key ??= made;
    }
    return decodeRecordKey(this.#key, this.name);
  }

  async find(objects: readonly RecordedObject[], signal: AbortSignal): Promise<(ObjectRecordItem | undefined)[]> {
    this.#begin(signal);
    return objects.map((object) => {
      const row = this.#rows.get(placeOf(recordName(object)));
      return row === undefined ? undefined : decodeRecord(row, this.name, object);
    });
  }

  async put(item: ObjectRecordItem, signal: AbortSignal): Promise<void> {
    this.#begin(signal);
    this.#rows.set(placeOf(recordName(item)), encodeRecord(item));
  }

  async remove(objects: readonly RecordedObject[], signal: AbortSignal): Promise<void> {
    this.#begin(signal);
    for (const object of objects) this.#rows.delete(placeOf(recordName(object)));
  }

  async *list(
    { bucket, prefix = '' }: { readonly bucket: string; readonly prefix?: string },
    signal: AbortSignal,
  ): AsyncIterable<ObjectRecordItem> {
    this.#begin(signal);
    keyBytes(prefix);
    const items = [...this.#rows.values()].map((row) => decodeRecord(row, this.name));
    const wanted = items.filter((item) => item.bucket === bucket && item.key.startsWith(prefix));
    wanted.sort((a, b) => compare(a.key, b.key) || compare(a.etag, b.etag));
    for (const item of wanted) {
      this.#begin(signal);
      yield item;
    }
  }
}

function placeOf({ bucket, key, etag }: RecordName): string {
  return JSON.stringify([bucket, Buffer.from(key).toString('latin1'), etag]);
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
