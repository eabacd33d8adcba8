import type { ObjectRecord } from '../../crypto/object-record.ts';
import type { RecordedObject } from '../../manifest/object-records.ts';

/** What an entry takes beside its name, in bytes: measured, and rounded up. */
const entryBytes = 1250;

/** Opened records that were used last, as many as fit. A record is never changed, so that an entry cannot be stale. */
export class RecordCache {
  readonly #mostBytes: number;
  /** The one that was used last comes last. */
  readonly #entries = new Map<string, ObjectRecord>();
  #usedBytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get(object: RecordedObject): ObjectRecord | undefined {
    const place = placeOf(object);
    const record = this.#entries.get(place);
    if (record === undefined) return undefined;
    this.#entries.delete(place);
    this.#entries.set(place, record);
    return record;
  }

  set(object: RecordedObject, record: ObjectRecord): void {
    const place = placeOf(object);
    this.#drop(place);
    this.#entries.set(place, record);
    this.#usedBytes += costOf(place);
    for (const oldest of this.#entries.keys()) {
      if (this.#usedBytes <= this.#mostBytes) return;
      this.#drop(oldest);
    }
  }

  delete(object: RecordedObject): void {
    this.#drop(placeOf(object));
  }

  #drop(place: string): void {
    if (this.#entries.delete(place)) this.#usedBytes -= costOf(place);
  }
}

/** No two objects have one: an ETag has one line, and a bucket no slash. */
function placeOf({ bucket, key, etag }: RecordedObject): string {
  return `${etag}\n${bucket}/${key}`;
}

function costOf(place: string): number {
  return entryBytes + 2 * place.length;
}
