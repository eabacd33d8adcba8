import type { KeyObject } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { assert } from '../../assert.ts';
import { type ObjectRecord, openObjectRecord, sealObjectRecord } from '../../crypto/object-record.ts';
import { SealpartError, throwIfAborted } from '../../errors.ts';
import { equalBytes } from '../../format/bytes.ts';
import type { ObjectRecordItem, ObjectRecords, RecordedObject } from '../../manifest/object-records.ts';
import type { ObjectName } from '../../objects/object-store.ts';
import { type RecordBook, recordMetadataName, type StoredState } from './record-book.ts';
import { RecordCache } from './record-cache.ts';
import { openRecordKey, type RecordKeyOptions } from './record-key.ts';

/**
 * A record that was not used.
 *
 * | why | what it is |
 * |---|---|
 * | `unopened` | damaged or forged, sealed with another key, or for another object or ETag |
 * | `mismatched` | authentic, but about an object of another size, or beside it stands what it does not say |
 * | `damaged` | its row is not what was written |
 */
export interface RecordFault extends RecordedObject {
  readonly where: 'metadata' | 'table';
  readonly why: 'unopened' | 'mismatched' | 'damaged';
}

export interface RecordBookOptions extends RecordKeyOptions {
  /** The name that objects of a bucket are bound to. */
  readonly logicalBucket: (bucket: string) => string;
  /** Memory for opened records; 32 MiB unless told, 0 for none. */
  readonly cacheBytes?: number | undefined;
  /** Milliseconds since 1970. */
  readonly clock?: (() => number) | undefined;
  /** Told of each record that was not used, to be counted. */
  readonly onFault?: ((fault: RecordFault) => void) | undefined;
}

const defaultCacheBytes = 32 * 2 ** 20;
/** An object this young may be waiting for its record, which is written after it. */
const youngMs = 5_000;
/** So long a record is waited for that may be about to be written: a few times what writing takes. */
const waitMs = 250;

/**
 * Opens the records of a deployment.
 *
 * @throws SealpartError as openRecordKey: above all where the keys are the wrong ones
 */
export async function openRecordBook(options: RecordBookOptions, signal: AbortSignal): Promise<RecordBook> {
  return new SealedRecordBook(await openRecordKey(options, signal), options);
}

class SealedRecordBook implements RecordBook {
  readonly #key: KeyObject;
  readonly #records: ObjectRecords;
  readonly #cache: RecordCache;
  readonly #o: RecordBookOptions;

  constructor(key: KeyObject, options: RecordBookOptions) {
    this.#key = key;
    this.#records = options.records;
    this.#cache = new RecordCache(options.cacheBytes ?? defaultCacheBytes);
    this.#o = options;
  }

  sealForMetadata(object: ObjectName, record: ObjectRecord): string {
    const sealed = sealObjectRecord(this.#key, this.#subject(object, ''), record);
    return Buffer.from(sealed).toString('base64url');
  }

  async write(object: RecordedObject, record: ObjectRecord, signal: AbortSignal): Promise<void> {
    const { bucket, key, etag } = object;
    assert(etag !== '', 'a record in the table is that of an ETag');
    const { sizeBytes, streamId } = record;
    const sealed = sealObjectRecord(this.#key, this.#subject(object, etag), record);
    const writtenMs = this.#nowMs();
    await this.#records.put({ bucket, key, etag, sizeBytes, streamId, record: sealed, writtenMs }, signal);
    this.#cache.set(object, withOwnBytes(record));
  }

  async read(state: StoredState, signal: AbortSignal): Promise<ObjectRecord | undefined> {
    const [record] = await this.readMany([state], signal);
    return record;
  }

  async readMany(states: readonly StoredState[], signal: AbortSignal): Promise<(ObjectRecord | undefined)[]> {
    throwIfAborted(signal);
    const found = states.map((state) => this.#atHand(state));
    await this.#lookUp(states, found, () => true, signal);
    const nowMs = this.#nowMs();
    const isYoung = ({ lastModifiedMs }: StoredState): boolean =>
      lastModifiedMs !== undefined && nowMs - lastModifiedMs < youngMs;
    if (states.some((state, index) => found[index] === undefined && isYoung(state))) {
      await pause(waitMs, signal);
      await this.#lookUp(states, found, isYoung, signal);
    }
    return found;
  }

  async forget(objects: readonly RecordedObject[], signal: AbortSignal): Promise<void> {
    for (const object of objects) this.#cache.delete(object);
    if (objects.length > 0) await this.#records.remove(objects, signal);
  }

  /**
   * Out of what was read before, which is bound to the ETag; else out of the metadata, which is not. The table would say
   * for certain, and is not asked for that: then each HEAD of an object that carries its record would cost a request.
   */
  #atHand(state: StoredState): ObjectRecord | undefined {
    const kept = this.#cache.get(state);
    return kept?.sizeBytes === state.sizeBytes ? kept : this.#openMetadata(state);
  }

  /**
   * Not kept: it is not bound to the ETag, so that it says something only of the state that it came with, and the table's
   * is to be found the next time.
   */
  #openMetadata(state: StoredState): ObjectRecord | undefined {
    const text = state.metadata?.[recordMetadataName];
    if (text === undefined) return undefined;
    const sealed = Buffer.from(text, 'base64url');
    const record = openObjectRecord(this.#key, this.#subject(state, ''), sealed);
    if (record?.sizeBytes === state.sizeBytes) return record;
    this.#tell(state, 'metadata', record === undefined ? 'unopened' : 'mismatched');
    return undefined;
  }

  /** Asks the table for all that were not found and are wanted, and fills them in. */
  async #lookUp(
    states: readonly StoredState[],
    found: (ObjectRecord | undefined)[],
    isWanted: (state: StoredState) => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const asked = [...states.entries()].filter(
      // A state without an ETag is nobody's: with one of length 0, records in metadata are sealed.
      ([index, state]) => found[index] === undefined && state.etag !== '' && isWanted(state),
    );
    if (asked.length === 0) return;
    const items = await this.#find(
      asked.map(([, { bucket, key, etag }]) => ({ bucket, key, etag })),
      signal,
    );
    for (const [place, [index, state]] of asked.entries()) {
      const item = items[place];
      if (item !== undefined) found[index] = this.#open(state, item);
    }
  }

  /** A row that is damaged costs the record that it was, and none of the others. */
  async #find(objects: readonly RecordedObject[], signal: AbortSignal): Promise<(ObjectRecordItem | undefined)[]> {
    try {
      return await this.#records.find(objects, signal);
    } catch (error) {
      if (!(error instanceof SealpartError) || error.code !== 'manifest-corrupt') throw error;
      if (objects.length === 1) {
        this.#tell(objects[0]!, 'table', 'damaged');
        return [undefined];
      }
      const half = Math.ceil(objects.length / 2);
      const first = await this.#find(objects.slice(0, half), signal);
      return [...first, ...(await this.#find(objects.slice(half), signal))];
    }
  }

  #open(state: StoredState, item: ObjectRecordItem): ObjectRecord | undefined {
    const record = openObjectRecord(this.#key, this.#subject(state, state.etag), item.record);
    if (record === undefined) {
      this.#tell(state, 'table', 'unopened');
      return undefined;
    }
    const isWhole = record.sizeBytes === item.sizeBytes && equalBytes(record.streamId, item.streamId);
    if (!isWhole || record.sizeBytes !== state.sizeBytes) {
      this.#tell(state, 'table', 'mismatched');
      return undefined;
    }
    this.#cache.set(state, record);
    return record;
  }

  #subject({ bucket, key }: ObjectName, etag: string) {
    return { logicalBucket: this.#o.logicalBucket(bucket), key, etag };
  }

  #tell({ bucket, key, etag }: RecordedObject, where: RecordFault['where'], why: RecordFault['why']): void {
    this.#o.onFault?.({ bucket, key, etag, where, why });
  }

  #nowMs(): number {
    return (this.#o.clock ?? Date.now)();
  }
}

/** A record whose bytes are nobody else's: those of a writer may stand in memory that it uses again. */
function withOwnBytes(record: ObjectRecord): ObjectRecord {
  const { streamId, streamDigest, finalSalt } = record;
  return {
    ...record,
    streamId: new Uint8Array(streamId),
    streamDigest: new Uint8Array(streamDigest),
    finalSalt: new Uint8Array(finalSalt),
  };
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(delayMs, undefined, { signal });
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}
