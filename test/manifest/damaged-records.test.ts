import type { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { ObjectRecordItem, ObjectRecords } from '../../src/manifest/object-records.ts';
import { encodeRecord, recordColumns } from '../../src/manifest/record-row.ts';
import { newRecord } from '../contracts/object-records.ts';
import { collect, expectCode, plain, quiet } from '../contracts/upload-manifest-ground.ts';
import { noteFault } from '../support/fault-log.ts';
import { manifestPath, openDirectly, openManifest } from './manifest-file.ts';

// What a disk did to a record is told by its checksum; what somebody did who can calculate one is for its seal to tell.

interface Ground {
  readonly records: ObjectRecords;
  readonly items: readonly ObjectRecordItem[];
  /** The file, behind the manifest's back. */
  readonly database: DatabaseSync;
}

async function lay(): Promise<Ground> {
  const path = await manifestPath();
  const { records } = await openManifest(path);
  const items = ['a', 'b\n', 'c'].map((key) => newRecord({ key }));
  for (const item of items) await records.put(item, quiet);
  return { records, items, database: openDirectly(path) };
}

function turned(value: unknown): bigint | Uint8Array {
  if (typeof value === 'bigint') return value ^ 4n;
  const bytes = new Uint8Array(typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array));
  bytes[0]! ^= 4;
  return bytes;
}

test('a bit that turned over in a record is told, with the object, and hides no other', async () => {
  const { records, items, database } = await lay();
  const where = `key = CAST('b\n' AS BLOB)`;
  let reached = 0;
  for (const column of recordColumns.filter((name) => !['bucket', 'key', 'etag'].includes(name))) {
    const reading = database.prepare(`SELECT ${column} AS value FROM records WHERE ${where}`);
    reading.setReadBigInts(true);
    const { value } = reading.get()!;
    database.prepare(`UPDATE records SET ${column} = ? WHERE ${where}`).run(turned(value));
    const error = await expectCode(records.find([items[0]!, items[1]!], quiet), 'manifest-corrupt');
    expect(error.message).toContain('object record "bucket/b\\n"');
    expect(error.message).toContain('sealpart reindex');
    const seen: string[] = [];
    const listing = (async () => {
      for await (const { key } of records.list({ bucket: 'bucket' }, quiet)) seen.push(key);
    })();
    await expectCode(listing, 'manifest-corrupt');
    expect(seen).toEqual(['a', 'c']);
    expect(plain(await records.find([items[0]!, items[2]!], quiet))).toEqual(plain([items[0], items[2]]));
    await records.put(items[1]!, quiet);
    expect(plain(await records.find([items[1]!], quiet))).toEqual([plain(items[1])]);
    reached += 1;
  }
  noteFault({
    id: 'M07',
    injected: 'a bit turned over in each column of a record',
    reached,
    outcome: 'manifest-corrupt',
  });
});

test('a bit that turned over in the name of a record makes it one that is not found', async () => {
  const { records, items, database } = await lay();
  database.prepare("UPDATE records SET etag = 'x' WHERE key = CAST('a' AS BLOB)").run();
  expect(await records.find([items[0]!], quiet)).toEqual([undefined]);
  await expectCode(records.find([{ ...items[0]!, etag: 'x' }], quiet), 'manifest-corrupt');
});

test('a row that is in order and another object’s is told', async () => {
  const { records, items, database } = await lay();
  const { record, sum } = encodeRecord({ ...items[0]!, key: 'elsewhere' });
  database
    .prepare("UPDATE records SET record = ?, sum = ? WHERE key = CAST('a' AS BLOB)")
    .run(record as Uint8Array, sum as bigint);
  await expectCode(records.find([items[0]!], quiet), 'manifest-corrupt');
});

test('a damaged key item is told', async () => {
  const { records, database } = await lay();
  await records.keyItem(async () => new Uint8Array(1024), quiet);
  database.exec("UPDATE record_key SET header = x'00'");
  const error = await expectCode(
    records.keyItem(async () => new Uint8Array(1024), quiet),
    'manifest-corrupt',
  );
  expect(error.message).toContain('the key of object records');
});

test('what was damaged can be removed', async () => {
  const { records, items, database } = await lay();
  database.exec('UPDATE records SET size_bytes = 7');
  await records.remove(items, quiet);
  expect(await collect(records.list({ bucket: 'bucket' }, quiet))).toEqual([]);
});
