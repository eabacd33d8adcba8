import type { ObjectRecordItem, ObjectRecords, RecordedObject } from '../object-records.ts';
import { decodeRecordKey, encodeRecordKey } from '../record-key-row.ts';
import { decodeRecord, encodeRecord, keyBytes, recordName } from '../record-row.ts';
import { damagedEntry } from '../row.ts';
import type { ManifestCaller } from './manifest-caller.ts';
import type { RecordSpan } from './messages.ts';

/** How many records a call is about at most: the thread does nothing else meanwhile. */
const mostAtOnce = 1000;

/** Object records in an SQLite file: rows go to and come from the thread that owns it, items from and to the caller. */
export class SqliteObjectRecords implements ObjectRecords {
  readonly name: string;
  readonly #caller: ManifestCaller;

  constructor(caller: ManifestCaller) {
    this.name = caller.name;
    this.#caller = caller;
  }

  async keyItem(make: () => Promise<Uint8Array>, signal: AbortSignal): Promise<Uint8Array> {
    const found = await this.#caller.call('read the key of object records', signal, 'recordKey');
    const row = found ?? (await this.#enterKey(await make(), signal));
    return decodeRecordKey(row, this.name);
  }

  async #enterKey(header: Uint8Array, signal: AbortSignal) {
    const row = encodeRecordKey(header);
    return await this.#caller.call('enter the key of object records', signal, 'enterRecordKey', row);
  }

  async find(objects: readonly RecordedObject[], signal: AbortSignal): Promise<(ObjectRecordItem | undefined)[]> {
    const found: (ObjectRecordItem | undefined)[] = [];
    for (const some of inPieces(objects)) {
      const rows = await this.#caller.call('read object records', signal, 'findRecords', some.map(recordName));
      for (const [index, row] of rows.entries()) {
        found.push(row === undefined ? undefined : decodeRecord(row, this.name, some[index]));
      }
    }
    return found;
  }

  async put(item: ObjectRecordItem, signal: AbortSignal): Promise<void> {
    await this.#caller.call('enter an object record', signal, 'putRecord', encodeRecord(item));
  }

  async remove(objects: readonly RecordedObject[], signal: AbortSignal): Promise<void> {
    for (const some of inPieces(objects)) {
      await this.#caller.call('forget object records', signal, 'removeRecords', some.map(recordName));
    }
  }

  async *list(
    { bucket, prefix = '' }: { readonly bucket: string; readonly prefix?: string },
    signal: AbortSignal,
  ): AsyncIterable<ObjectRecordItem> {
    const from = keyBytes(prefix);
    const end = endOf(from);
    let after: RecordSpan['after'];
    let damage: unknown;
    for (;;) {
      const span = { bucket, from, end, after };
      const rows = await this.#caller.call('list object records', signal, 'listRecords', span, mostAtOnce);
      for (const row of rows) {
        // One that is damaged must not hide those behind it: it is told of at the end.
        let item: ObjectRecordItem | undefined;
        try {
          item = decodeRecord(row, this.name);
        } catch (error) {
          damage ??= error;
        }
        if (item !== undefined) yield item;
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < mostAtOnce) break;
      const position = { key: last.key as Uint8Array, etag: String(last.etag) };
      // A listing that does not get on would go on for ever.
      if (after !== undefined && !isBehind(position, after)) throw damage ?? damagedOrder(this.name);
      after = position;
    }
    if (damage !== undefined) throw damage;
  }
}

function* inPieces(objects: readonly RecordedObject[]): Generator<readonly RecordedObject[]> {
  for (let start = 0; start < objects.length; start += mostAtOnce) yield objects.slice(start, start + mostAtOnce);
}

/** The first bytes that no key which begins so has: in UTF-8 there is no byte 255, so the last one can be raised. */
function endOf(prefix: Uint8Array): Uint8Array {
  if (prefix.length === 0) return Uint8Array.of(0xff);
  const end = new Uint8Array(prefix);
  end[end.length - 1]! += 1;
  return end;
}

type Position = NonNullable<RecordSpan['after']>;

function isBehind(position: Position, other: Position): boolean {
  const order = Buffer.compare(position.key, other.key);
  return order > 0 || (order === 0 && position.etag > other.etag);
}

function damagedOrder(manifestName: string): Error {
  return damagedEntry('object records', manifestName, 'they are out of order', 'restore the manifest from a copy');
}
