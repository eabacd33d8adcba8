import { describe, expect, test } from 'vitest';
import { openRecordBook } from '../../../src/gateway/records/open-record-book.ts';
import { recordMetadataName } from '../../../src/gateway/records/record-book.ts';
import { keyFileIdentity, keyFileRecipient } from '../../../src/keys/key-file.ts';
import { x25519Identity, x25519Recipient } from '../../../src/keys/x25519.ts';
import { generateX25519Key, x25519PublicBytes } from '../../../src/keys/x25519-keys.ts';
import { createMemoryManifest } from '../../../src/manifest/memory-manifest.ts';
import { openSqliteManifest } from '../../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { failureOf, keyFileReader, keyFileWriter, keyOf } from '../../keys/fixtures.ts';
import { manifestPath, openManifest } from '../../manifest/manifest-file.ts';
import { layBook, newObjectRecord, newState, nowMs, quiet } from './book-ground.ts';

describe('the key of the records', () => {
  const other = { recipients: [keyFileRecipient(keyOf(9))], access: { identities: [keyFileIdentity(keyOf(9))] } };
  const logicalBucket = (bucket: string) => bucket;

  test('is made once, and opened by whoever has the keys of its maker', async () => {
    const path = await manifestPath();
    const state = newState();
    const record = newObjectRecord();
    const first = await openSqliteManifest(path);
    const { book } = await layBook({ records: first.records });
    await book.write(state, record, quiet);
    await first.close();
    const { records } = await openManifest(path);
    const never = () => Promise.reject(new Error('the key is there'));
    const again = await layBook({ records, recipients: never });
    expect(await again.book.read(state, quiet)).toEqual(record);
  });

  test('is one, however many begin at once', async () => {
    const path = await manifestPath();
    const manifests = await Promise.all([1, 2, 3, 4].map(() => openManifest(path)));
    const grounds = await Promise.all(manifests.map(({ records }) => layBook({ records })));
    const state = newState();
    const record = newObjectRecord();
    await grounds[0]!.book.write(state, record, quiet);
    for (const { book } of grounds) expect(await book.read(state, quiet)).toEqual(record);
  });

  test('is refused by those who have another one, in one line that names the manifest', async () => {
    const { records } = createMemoryManifest('memory:photos');
    await openRecordBook({ records, recipients: keyFileWriter, access: keyFileReader, logicalBucket }, quiet);
    const error = await failureOf(openRecordBook({ records, ...other, logicalBucket }, quiet), 'no-recipient');
    expect(error.message).toMatch(/^The object records in memory:photos are sealed with a key that none .* give a key/);
    expect(error.message).not.toContain('\n');
    const none = { ...other, access: { identities: [] } };
    await failureOf(openRecordBook({ records, ...none, logicalBucket }, quiet), 'no-recipient');
  });

  test('is not made by whoever could not open it again', async () => {
    const { records } = createMemoryManifest();
    const mixed = { records, recipients: keyFileWriter, access: other.access, logicalBucket };
    const error = await failureOf(openRecordBook(mixed, quiet), 'no-recipient');
    expect(error.message).toContain('can be begun');
    await openRecordBook({ records, ...other, logicalBucket }, quiet);
  });

  test('has to come from an owner of the origin key where there is one', async () => {
    const pair = generateX25519Key();
    const recipients = [x25519Recipient(x25519PublicBytes(pair))];
    const access = { identities: [x25519Identity(pair)] };
    const { records } = createMemoryManifest();
    const withOrigin = { ...access, originKey: keyOf(3) };
    await openRecordBook({ records, recipients, access: withOrigin, logicalBucket }, quiet);
    await openRecordBook({ records, recipients, access: withOrigin, logicalBucket }, quiet);
    // Anybody can seal for a public key, and put that in the place of the item.
    const planted = createMemoryManifest();
    await openRecordBook({ records: planted.records, recipients, access, logicalBucket }, quiet);
    const options = { records: planted.records, recipients, access: withOrigin, logicalBucket };
    await failureOf(openRecordBook(options, quiet), 'header-auth');
  });

  test('that is damaged is told as that', async () => {
    const { records } = createMemoryManifest();
    await records.keyItem(async () => new Uint8Array(1024), quiet);
    const options = { records, recipients: keyFileWriter, access: keyFileReader, logicalBucket };
    const error = await failureOf(openRecordBook(options, quiet), 'manifest-corrupt');
    expect(error.message).toContain('sealpart reindex');
  });
});

describe('a record', () => {
  test('is read out of the table by whoever has not seen it, and then out of memory', async () => {
    const { book, finds, another } = await layBook();
    const [state, record] = [newState(), newObjectRecord()];
    await book.write(state, record, quiet);
    expect(await book.read(state, quiet)).toEqual(record);
    expect(finds).toEqual([]);
    const fresh = await another();
    expect(await fresh.read(state, quiet)).toEqual(record);
    expect(await fresh.read(state, quiet)).toEqual(record);
    expect(finds).toEqual([1]);
  });

  test('is read out of the metadata without the table', async () => {
    const { book, finds, faults, another } = await layBook();
    const record = newObjectRecord();
    const value = book.sealForMetadata({ bucket: 'photos', key: 'a.jpg' }, record);
    expect(value).toMatch(/^[A-Za-z0-9_-]{100,399}$/);
    const state = newState({ metadata: { other: 'x', [recordMetadataName]: value } });
    expect(await (await another()).read(state, quiet)).toEqual(record);
    expect(finds).toEqual([]);
    // It is not bound to the ETag: from memory it would be believed of a state that it did not come with.
    expect(await book.read({ ...state, metadata: {} }, quiet)).toBeUndefined();
    expect(faults).toEqual([]);
  });

  test('is one of its size and ETag', async () => {
    const { book, faults, another } = await layBook();
    const [state, record] = [newState(), newObjectRecord()];
    await book.write(state, record, quiet);
    expect(await book.read({ ...state, sizeBytes: 5209 }, quiet)).toBeUndefined();
    expect(faults.splice(0)).toMatchObject([{ where: 'table', why: 'mismatched', key: 'a.jpg' }]);
    for (const ask of [book, await another()]) {
      expect(await ask.read({ ...state, etag: 'another' }, quiet)).toBeUndefined();
      expect(await ask.read({ ...state, etag: '' }, quiet)).toBeUndefined();
      expect(await ask.read({ ...state, key: 'b.jpg' }, quiet)).toBeUndefined();
      expect(await ask.read(state, quiet)).toEqual(record);
    }
    expect(faults).toEqual([]);
  });

  test('stays what it was when its writer uses the memory again', async () => {
    const { book, another } = await layBook();
    const [state, record] = [newState(), newObjectRecord()];
    const expected = structuredClone(record);
    await book.write(state, record, quiet);
    for (const bytes of [record.streamId, record.streamDigest, record.finalSalt]) bytes.fill(0);
    for (const ask of [book, await another()]) expect(await ask.read(state, quiet)).toEqual(expected);
  });

  test('is forgotten', async () => {
    const { book, another } = await layBook();
    const [one, two] = [newState(), newState()];
    await book.write(one, newObjectRecord(), quiet);
    await book.write(two, newObjectRecord(), quiet);
    await book.forget([one], quiet);
    await book.forget([], quiet);
    for (const ask of [book, await another()]) {
      const [first, second] = await ask.readMany([one, two], quiet);
      expect(first).toBeUndefined();
      expect(second).toBeDefined();
    }
  });

  test('of a replica under another bucket is found in its metadata alone', async () => {
    const { book, faults } = await layBook({ logicalBucket: () => 'the same' });
    const record = newObjectRecord();
    const value = book.sealForMetadata({ bucket: 'photos', key: 'a.jpg' }, record);
    const state = newState({ bucket: 'replica', metadata: { [recordMetadataName]: value } });
    expect(await book.read(state, quiet)).toEqual(record);
    expect(faults).toEqual([]);
  });
});

describe('many records', () => {
  test('are asked for at once, those that are not at hand', async () => {
    const { book, finds, another } = await layBook();
    const states = Array.from({ length: 1000 }, (_, n) => newState({ key: `${n}` }));
    const written = new Map<string, unknown>();
    for (const [n, state] of states.entries()) {
      if (n % 4 === 0) continue;
      const record = newObjectRecord({ contentLength: n });
      written.set(state.key, record);
      await book.write(state, record, quiet);
    }
    const fresh = await another();
    await fresh.read(states[1]!, quiet);
    finds.length = 0;
    const found = await fresh.readMany(states, quiet);
    expect(finds).toEqual([999]);
    expect(found).toEqual(states.map(({ key }) => written.get(key)));
    expect(await fresh.readMany(states, quiet)).toEqual(found);
    expect(finds).toEqual([999, 250]);
    expect(await fresh.readMany([], quiet)).toEqual([]);
    expect(finds).toHaveLength(2);
  });

  test('stay in memory as far as that goes, those that were used last', async () => {
    const { book, finds } = await layBook({ cacheBytes: 10 * 1500 });
    const states = Array.from({ length: 20 }, (_, n) => newState({ key: `${n}` }));
    for (const state of states) await book.write(state, newObjectRecord(), quiet);
    await book.readMany(states, quiet);
    expect(finds[0]).toBeGreaterThanOrEqual(9);
    expect(finds[0]).toBeLessThanOrEqual(11);
    finds.length = 0;
    await book.read(states[19]!, quiet);
    expect(finds).toEqual([]);
    const none = await layBook({ cacheBytes: 0 });
    await none.book.write(states[0]!, newObjectRecord(), quiet);
    expect(await none.book.read(states[0]!, quiet)).toBeDefined();
    expect(none.finds).toEqual([1]);
  });
});

describe('an object without a record', () => {
  test('is asked for once more if it is young, and may have one by then', async () => {
    const { book, records, finds, another } = await layBook();
    const state = newState({ lastModifiedMs: nowMs - 4_999 });
    const record = newObjectRecord();
    const old = newState({ key: 'old' });
    const reading = (await another()).readMany([old, state], quiet);
    await book.write(state, record, quiet);
    expect(await reading).toEqual([undefined, record]);
    expect(finds).toEqual([2, 1]);
    expect(records.name).toBe('memory:manifest');
  });

  test('is asked for once if it is old, or of unknown age', async () => {
    const { book, finds } = await layBook();
    expect(await book.read(newState({ lastModifiedMs: nowMs - 5_000 }), quiet)).toBeUndefined();
    expect(await book.read(newState({ lastModifiedMs: undefined }), quiet)).toBeUndefined();
    expect(finds).toEqual([1, 1]);
  });

  test('is waited for no longer than its reader wants', async () => {
    const { book } = await layBook();
    const cancel = new AbortController();
    const reading = book.read(newState({ lastModifiedMs: nowMs }), cancel.signal);
    const startedMs = performance.now();
    setTimeout(() => cancel.abort(), 20);
    await failureOf(reading, 'aborted');
    expect(performance.now() - startedMs).toBeLessThan(200);
    await failureOf(book.read(newState(), cancel.signal), 'aborted');
  });
});
