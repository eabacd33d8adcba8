import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectRecordItem, ObjectRecords, RecordedObject } from '../../src/manifest/object-records.ts';
import { fc } from '../support/properties.ts';
import { collect, expectCode, plain, quiet } from './upload-manifest-ground.ts';

/** Object records under test. */
export interface ObjectRecordsFixture {
  readonly records: ObjectRecords;
  /** Opens the same records once more, as another process would; absent where that cannot be. */
  readonly openAgain?: () => Promise<ObjectRecords>;
  /** Closes the manifest that `records` are of. */
  close(): Promise<void>;
  /** Closes all that was opened and takes away what it was made in. */
  dispose(): Promise<void>;
}

/** A record of an object of a bucket that no other test uses, unless told. */
export function newRecord(told: Partial<ObjectRecordItem> = {}): ObjectRecordItem {
  return {
    bucket: 'bucket',
    key: 'key',
    etag: randomBytes(16).toString('hex'),
    sizeBytes: 4096,
    streamId: randomBytes(16),
    record: randomBytes(177),
    writtenMs: 1_700_000_000_000,
    ...told,
  };
}

const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength });
const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });

const items: fc.Arbitrary<ObjectRecordItem> = fc.record({
  bucket: text(63),
  key: text(300),
  etag: fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
  sizeBytes: fc.maxSafeNat(),
  streamId: bytes(16, 16),
  record: bytes(0, 300),
  writtenMs: fc.integer({ min: 0, max: 2 ** 43 }),
});

/**
 * What every table of object records must do. The factory is called once a test; several tests may have one table behind
 * the scenes.
 */
export function objectRecordsContract(name: string, make: () => Promise<ObjectRecordsFixture>): void {
  describe(`${name}: the contract of object records`, () => {
    let fixture: ObjectRecordsFixture;
    let records: ObjectRecords;
    let other: ObjectRecords;
    beforeEach(async () => {
      fixture = await make();
      records = fixture.records;
      other = (await fixture.openAgain?.()) ?? records;
    });
    afterEach(() => fixture.dispose());

    const list = async (bucket: string, prefix?: string) =>
      await collect(other.list(prefix === undefined ? { bucket } : { bucket, prefix }, quiet));

    test('they have a name', () => {
      expect(records.name).toMatch(/^[a-z]+:./);
    });

    test('the key item is made once, whoever comes first', async () => {
      let made = 0;
      const maker = (byte: number) => async () => {
        made += 1;
        return new Uint8Array(1024).fill(byte);
      };
      const all = [1, 2, 3, 4].map((n) => (n % 2 === 0 ? records : other).keyItem(maker(n), quiet));
      const [first, ...others] = (await Promise.all(all)).map(plain);
      expect(first).toHaveLength(1024);
      for (const item of others) expect(item).toEqual(first);
      made = 0;
      expect(plain(await records.keyItem(maker(9), quiet))).toEqual(first);
      expect(plain(await other.keyItem(maker(9), quiet))).toEqual(first);
      expect(made).toBe(0);
    });

    test('a key item that could not be made is not there', async () => {
      const failing = () => Promise.reject(new Error('no key'));
      await expect(records.keyItem(failing, quiet)).rejects.toThrow('no key');
      const item = await other.keyItem(async () => new Uint8Array(512), quiet);
      expect(plain(item)).toEqual(new Uint8Array(512));
    });

    test('a record is found by bucket, key and ETag, and by all three of them', async () => {
      const item = newRecord();
      await records.put(item, quiet);
      const near: RecordedObject[] = [
        { ...item, bucket: 'bucke' },
        { ...item, key: 'key ' },
        { ...item, key: 'KEY' },
        { ...item, etag: item.etag.toUpperCase().replace(/^\d/, 'A') },
        { ...item, etag: '' },
      ];
      expect(plain(await other.find([item], quiet))).toEqual([plain(item)]);
      expect(await other.find(near, quiet)).toEqual(near.map(() => undefined));
      expect(await other.find([], quiet)).toEqual([]);
    });

    test('records are found in the order that they were asked for', async () => {
      const all = Array.from({ length: 1500 }, (_, n) => newRecord({ key: `key ${n}` }));
      await Promise.all(all.map((item) => records.put(item, quiet)));
      const asked = all.flatMap((item, n) => (n % 3 === 0 ? [{ ...item, etag: 'none' }, item] : [item])).toReversed();
      const found = await other.find(asked, quiet);
      expect(plain(found)).toEqual(plain(asked.map((item) => (item.etag === 'none' ? undefined : item))));
      expect(await other.find([all[0]!, all[0]!], quiet)).toHaveLength(2);
    });

    test('a record stands in place of the one before it, and beside those of other ETags', async () => {
      const first = newRecord();
      const version = { ...newRecord(), etag: 'another' };
      const second = { ...newRecord(), etag: first.etag, sizeBytes: 5 };
      await records.put(first, quiet);
      await records.put(version, quiet);
      await records.put(second, quiet);
      expect(plain(await other.find([first, version], quiet))).toEqual(plain([second, version]));
      expect(await list('bucket')).toHaveLength(2);
    });

    test('what was removed is gone, and nothing else', async () => {
      const all = Array.from({ length: 1200 }, (_, n) => newRecord({ key: `${n}`, etag: 'one' }));
      await Promise.all(all.map((item) => records.put(item, quiet)));
      await records.remove([...all.slice(0, 1100), newRecord({ key: 'not there' })], quiet);
      await records.remove(all.slice(0, 3), quiet);
      await records.remove([{ ...all[1100]!, etag: 'two' }], quiet);
      expect((await list('bucket')).map(({ key }) => key).sort()).toEqual(all.slice(1100).map(({ key }) => key));
    });

    test('records are listed by bucket and prefix, in the order of the bytes of their keys', async () => {
      const keys = ['', 'a', 'a ', 'a/', 'a/b', 'a0', 'aé', 'a\u{1f600}', 'a\uffee', 'b', 'é', '\u{10ffff}', 'a\u007f'];
      for (const key of keys) await records.put(newRecord({ key, etag: 'x' }), quiet);
      await records.put(newRecord({ key: 'a/b', etag: 'X' }), quiet);
      await records.put(newRecord({ bucket: 'bucket2', key: 'a/c' }), quiet);
      const inOrder = (some: string[]) => some.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const names = async (prefix?: string) => (await list('bucket', prefix)).map(({ key, etag }) => `${key}|${etag}`);
      const expected = inOrder(keys).flatMap((key) => (key === 'a/b' ? ['a/b|X', 'a/b|x'] : [`${key}|x`]));
      expect(await names()).toEqual(expected);
      for (const prefix of ['a', 'a/', 'a/b', 'aé', 'a\u007f', '\u{10ffff}', 'none', 'a%']) {
        expect(await names(prefix)).toEqual(expected.filter((name) => name.startsWith(prefix)));
      }
    });

    test('long listings come in pages, while they are removed from', async () => {
      const all = Array.from({ length: 2300 }, (_, n) => newRecord({ key: String(n).padStart(5, '0') }));
      await Promise.all(all.map((item) => records.put(item, quiet)));
      const seen: string[] = [];
      for await (const item of other.list({ bucket: 'bucket' }, quiet)) {
        seen.push(item.key);
        if (seen.length % 100 === 0) await records.remove([item], quiet);
      }
      expect(seen).toEqual(all.map(({ key }) => key));
      expect(await list('bucket')).toHaveLength(2277);
    });

    test('whatever is entered comes back exactly', async () => {
      await fc.assert(
        fc.asyncProperty(items, async (item) => {
          await records.put(item, quiet);
          expect(plain(await other.find([item], quiet))).toEqual([plain(item)]);
          expect(plain(await list(item.bucket, item.key))).toContainEqual(plain(item));
        }),
        { numRuns: 100 },
      );
    });

    test('bytes are taken as they are when the call is made, and given as a copy', async () => {
      const shared = new Uint8Array(new SharedArrayBuffer(100)).fill(1);
      const item = newRecord({ record: shared });
      const putting = records.put(item, quiet);
      shared.fill(2);
      await putting;
      const [found] = await records.find([item], quiet);
      expect(plain(found!.record)).toEqual(new Uint8Array(100).fill(1));
      found!.record.fill(3);
      const [again] = await records.find([item], quiet);
      expect(plain(again!.record)).toEqual(new Uint8Array(100).fill(1));
    });

    test('what cannot be kept as it is, is refused', async () => {
      await expect(records.put(newRecord({ key: 'half of a pair: \ud83d' }), quiet)).rejects.toThrow(RangeError);
      await expect(records.find([newRecord({ etag: '\udc00' })], quiet)).rejects.toThrow(RangeError);
      await expect(records.put(newRecord({ sizeBytes: 0.5 }), quiet)).rejects.toThrow(/sizeBytes of an object record/);
      await expect(collect(records.list({ bucket: 'b', prefix: '\ud83d' }, quiet))).rejects.toThrow(RangeError);
    });

    test('no call begins when its signal has fired', async () => {
      const fired = AbortSignal.abort();
      const item = newRecord();
      await records.put(item, quiet);
      await expectCode(records.put(newRecord({ key: 'two' }), fired), 'aborted');
      await expectCode(records.remove([item], fired), 'aborted');
      await expectCode(records.find([item], fired), 'aborted');
      await expectCode(
        records.keyItem(async () => new Uint8Array(9), fired),
        'aborted',
      );
      await expectCode(collect(records.list({ bucket: 'bucket' }, fired)), 'aborted');
      expect(plain(await list('bucket'))).toEqual([plain(item)]);
    });

    test('closed ones do nothing more', async () => {
      const item = newRecord();
      const writing = records.put(item, quiet);
      await fixture.close();
      await writing;
      await expectCode(records.put(item, quiet), 'manifest');
      await expectCode(records.find([item], quiet), 'manifest');
      await expectCode(records.remove([item], quiet), 'manifest');
      await expectCode(
        records.keyItem(async () => new Uint8Array(9), quiet),
        'manifest',
      );
      await expectCode(collect(records.list({ bucket: 'bucket' }, quiet)), 'manifest');
      if (other !== records) expect(plain(await other.find([item], quiet))).toEqual([plain(item)]);
    });
  });
}
