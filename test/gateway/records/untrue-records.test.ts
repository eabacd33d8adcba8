import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { type ObjectRecord, sealObjectRecord } from '../../../src/crypto/object-record.ts';
import { recordMetadataName, type StoredState } from '../../../src/gateway/records/record-book.ts';
import type { ObjectRecordItem } from '../../../src/manifest/object-records.ts';
import { keyOf } from '../../keys/fixtures.ts';
import { manifestPath, openDirectly, openManifest } from '../../manifest/manifest-file.ts';
import { noteFault } from '../../support/fault-log.ts';
import { type BookGround, layBook, newObjectRecord, newState, quiet } from './book-ground.ts';

// Whoever can write the table or the store's metadata, and does not have the record key, can take records away, and no
// more: none that is forged, stale or another's is ever used.

interface Written {
  readonly state: StoredState;
  readonly record: ObjectRecord;
  readonly item: ObjectRecordItem;
}

async function write(ground: BookGround, told: Partial<StoredState> = {}): Promise<Written> {
  const state = newState(told);
  const record = newObjectRecord();
  await ground.book.write(state, record, quiet);
  const [item] = await ground.records.find([state], quiet);
  return { state, record, item: item! };
}

const subjectOf = ({ bucket, key }: StoredState, etag: string) => ({ logicalBucket: `logical ${bucket}`, key, etag });

/** What somebody may put in the place of a record of an object of the same size. */
const forgeries: readonly [
  what: string,
  forge: (mine: Written, others: Written, ground: BookGround) => Partial<ObjectRecordItem>,
][] = [
  ['one that is empty', () => ({ record: new Uint8Array(0) })],
  ['one of 32 bytes', () => ({ record: randomBytes(32) })],
  ['random bytes of its length', ({ item }) => ({ record: randomBytes(item.record.length) })],
  ['one that was cut', ({ item }) => ({ record: item.record.subarray(0, -1) })],
  ['one that goes on', ({ item }) => ({ record: Buffer.concat([item.record, Buffer.alloc(1)]) })],
  ['one of a megabyte', () => ({ record: randomBytes(2 ** 20) })],
  ['one bit of it', ({ item }) => ({ record: item.record.map((byte, n) => (n === 40 ? byte ^ 1 : byte)) })],
  [
    'one under another key',
    ({ state, record }) => ({ record: sealObjectRecord(keyOf(7), subjectOf(state, state.etag), record) }),
  ],
  ['that of another object', (_, { item }) => ({ record: item.record, streamId: item.streamId })],
  [
    'that of its own metadata, which has no ETag',
    ({ state, record }, _, { book }) => ({ record: Buffer.from(book.sealForMetadata(state, record), 'base64url') }),
  ],
  ['another size beside it', () => ({ sizeBytes: 5209 })],
  ['another stream id beside it', () => ({ streamId: randomBytes(16) })],
];

test.each(forgeries)('a record in the table is not used: %s', async (_, forge) => {
  const ground = await layBook();
  const mine = await write(ground);
  const others = await write(ground, { key: 'b.jpg' });
  await ground.records.put({ ...mine.item, ...forge(mine, others, ground) }, quiet);
  const fresh = await ground.another();
  expect(await fresh.read(mine.state, quiet)).toBeUndefined();
  expect(await fresh.read(others.state, quiet)).toEqual(others.record);
  expect(ground.faults).toHaveLength(1);
  expect(ground.faults[0]).toMatchObject({ bucket: 'photos', key: 'a.jpg', where: 'table' });
});

test('rows that were exchanged are not used, in either place', async () => {
  const ground = await layBook();
  const one = await write(ground);
  const two = await write(ground, { key: 'b.jpg' });
  const { key, etag } = one.item;
  await ground.records.put({ ...two.item, key, etag }, quiet);
  await ground.records.put({ ...one.item, key: two.item.key, etag: two.item.etag }, quiet);
  expect(await (await ground.another()).readMany([one.state, two.state], quiet)).toEqual([undefined, undefined]);
  expect(ground.faults.map(({ why }) => why)).toEqual(['unopened', 'unopened']);
});

test('a record of an earlier state of the object is not used, whatever ETag it is put under', async () => {
  const ground = await layBook();
  const before = await write(ground);
  const now = await write(ground);
  expect(now.state.key).toBe(before.state.key);
  await ground.records.put({ ...before.item, etag: now.item.etag }, quiet);
  const fresh = await ground.another();
  expect(await fresh.read(now.state, quiet)).toBeUndefined();
  expect(await fresh.read(before.state, quiet)).toEqual(before.record);
  noteFault({
    id: 'P04',
    injected: 'forged and stale records in the table',
    reached: forgeries.length + 2,
    outcome: 'never used',
  });
});

test('a record in the metadata is not used if it is forged, another’s, or of another size', async () => {
  const ground = await layBook();
  const { book, faults } = ground;
  const state = newState();
  const record = newObjectRecord();
  const value = book.sealForMetadata(state, record);
  const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  const values = [
    '',
    'x',
    '"',
    'A'.repeat(2048),
    value.slice(0, -2),
    `${value}AAAA`,
    `B${value.slice(1)}`,
    book.sealForMetadata({ ...state, key: 'b.jpg' }, record),
    book.sealForMetadata({ ...state, bucket: 'other' }, record),
    book.sealForMetadata(state, newObjectRecord({ sizeBytes: 5209 })),
    base64url(sealObjectRecord(keyOf(7), subjectOf(state, ''), record)),
    base64url(sealObjectRecord(keyOf(7), subjectOf(state, state.etag), record)),
  ];
  for (const forged of values) {
    faults.length = 0;
    const answer = await book.read({ ...state, metadata: { [recordMetadataName]: forged } }, quiet);
    expect(answer, forged).toBeUndefined();
    expect(faults, forged).toMatchObject([{ where: 'metadata', key: state.key }]);
  }
  expect(await book.read({ ...state, metadata: { [recordMetadataName]: value } }, quiet)).toEqual(record);
  noteFault({ id: 'P04', injected: 'forged records in metadata', reached: values.length, outcome: 'never used' });
});

test('the table still counts where the metadata is forged', async () => {
  const ground = await layBook();
  const { state, record } = await write(ground);
  const metadata = { [recordMetadataName]: 'forged' };
  expect(await (await ground.another()).read({ ...state, metadata }, quiet)).toEqual(record);
});

test('metadata of another version of the same size does not go before a record of the ETag that is at hand', async () => {
  const ground = await layBook();
  const { state, record } = await write(ground);
  const older = { ...record, etag: '0'.repeat(32) };
  const metadata = { [recordMetadataName]: ground.book.sealForMetadata(state, older) };
  expect(await ground.book.read({ ...state, metadata }, quiet)).toEqual(record);
  // Where none is at hand, the table is not asked for it: what a HEAD costs is worth more.
  const other = await ground.another();
  const finds = ground.finds.length;
  expect(await other.read({ ...state, metadata }, quiet)).toEqual(older);
  expect(ground.finds.length).toBe(finds);
  await other.read(state, quiet);
  expect(await other.read({ ...state, metadata }, quiet)).toEqual(record);
});

test('a row that a disk has damaged costs its own record, and nothing else', async () => {
  const path = await manifestPath();
  const { records } = await openManifest(path);
  const ground = await layBook({ records });
  const written: Written[] = [];
  for (let n = 0; n < 20; n++) written.push(await write(ground, { key: `${n}` }));
  const database = openDirectly(path);
  for (const key of ['3', '11']) {
    database.prepare('UPDATE records SET written_ms = 5 WHERE key = CAST(? AS BLOB)').run(key);
  }
  const found = await (await ground.another()).readMany(
    written.map(({ state }) => state),
    quiet,
  );
  expect(found.map((record, n) => (record === undefined ? n : -1)).filter((n) => n >= 0)).toEqual([3, 11]);
  expect(found[4]).toEqual(written[4]!.record);
  expect(ground.faults.map(({ key, why }) => [key, why])).toEqual([
    ['3', 'damaged'],
    ['11', 'damaged'],
  ]);
});

test('a table that is gone fails, and what is at hand is still read', async () => {
  const path = await manifestPath();
  const manifest = await openManifest(path);
  const ground = await layBook({ records: manifest.records });
  const { state, record } = await write(ground);
  const metadata = { [recordMetadataName]: ground.book.sealForMetadata(state, record) };
  await manifest.close();
  expect(await ground.book.read({ ...state, etag: 'x', metadata }, quiet)).toEqual(record);
  expect(await ground.book.read(state, quiet)).toEqual(record);
  await expect(ground.book.read({ ...state, etag: 'x' }, quiet)).rejects.toMatchObject({ code: 'manifest' });
  await expect(ground.book.write(state, record, quiet)).rejects.toMatchObject({ code: 'manifest' });
});
