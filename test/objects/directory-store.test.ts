import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import type { ObjectStore, UploadName } from '../../src/objects/object-store.ts';
import { bucketStoreContract } from '../contracts/bucket-store.ts';
import {
  beginUpload,
  collect,
  patternBytes,
  putBytes,
  quiet,
  readObject,
  storeParts,
} from '../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../contracts/object-store/ground.ts';
import { objectStoreContract } from '../contracts/object-store.ts';
import { changeCatalogue, dataFiles, expectSound, openStore, queryCatalogue, temporaryFolder } from './store-folder.ts';
import { watchedOperations } from './watched-operations.ts';

const bucket = 'bucket';
const k = { bucket, key: 'k' };

const makeStore = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sealpart-store-'));
  const store = await openDirectoryStore(folder, { create: true, limits: { minPartBytes: 1000 } });
  return {
    store,
    async dispose() {
      await store.close();
      await expectSound(folder);
      await rm(folder, { recursive: true });
    },
  };
};

objectStoreContract('directory store', makeStore);
bucketStoreContract('directory store', makeStore);

async function storeWithBucket(): Promise<{ root: string; store: ObjectStore }> {
  const root = await temporaryFolder();
  const store = await openStore(root);
  await store.createBucket(bucket, quiet);
  return { root, store };
}

/** Makes `series` a table of the numbers up to this one. */
function upTo(count: number): string {
  return `WITH RECURSIVE series (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM series WHERE value < ${count})`;
}

/** The name of a file that does not exist, for each number of `series`. */
const noFile = "printf('%016d-%032d', 0, value)";

/** Enters parts of 100 bytes whose files do not exist, where thousands of files would only take time. */
function addPartRows(root: string, upload: UploadName, count: number): void {
  changeCatalogue(
    root,
    `INSERT INTO parts ${upTo(count)} SELECT content, value, ${noFile}, 100, 'etag-' || value
      FROM uploads, series WHERE id = '${upload.uploadId}'`,
  );
}

describe('on the disk', () => {
  test('files are called nothing that anybody chose, and hold the bytes as they came', async () => {
    const { root, store } = await storeWithBucket();
    await putBytes(store, { bucket, key: '../../escape' }, patternBytes(10, 1));
    await putBytes(store, { bucket, key: 'plain' }, patternBytes(11, 2));
    const names = await dataFiles(root);
    expect(names).toHaveLength(2);
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{16}-[0-9a-f]{32}$/);
    expect(names[0]).not.toBe(names[1]);
    expect((await readdir(root)).filter((name) => !name.startsWith('catalogue.sqlite')).sort()).toEqual([
      'data',
      'owners',
    ]);
    expect((await stat(join(root, 'data', names[0]!))).mode & 0o077).toBe(0);
  });

  test('the catalogue keeps keys as bytes, in byte order', async () => {
    const { root, store } = await storeWithBucket();
    for (const key of ['\u{10000}', '\uffee', 'a']) await putBytes(store, { bucket, key }, patternBytes(1, 1));
    const rows = queryCatalogue(root, 'SELECT hex(key) AS key, typeof(key) AS type FROM objects ORDER BY key');
    expect(rows).toEqual(['61', 'EFBFAE', 'F0908080'].map((key) => ({ key, type: 'blob' })));
  });

  test('a completed object is made of the very files of its parts', async () => {
    const { root, store } = await storeWithBucket();
    const upload = await beginUpload(store, k);
    const listed = await storeParts(store, upload, new Map([1, 2, 3].map((n) => [n, patternBytes(50, n)])));
    const before = queryCatalogue(root, 'SELECT number, file FROM parts WHERE number <> 2');
    await store.completeMultipart(upload, [listed[0]!, listed[2]!], {}, quiet);
    expect(queryCatalogue(root, 'SELECT number, file FROM parts')).toEqual(before);
    expect(await dataFiles(root)).toHaveLength(2);
  });

  test('files go with what they belonged to', async () => {
    const { root, store } = await storeWithBucket();
    await putBytes(store, k, patternBytes(10, 1));
    const [first] = await dataFiles(root);
    await putBytes(store, k, patternBytes(10, 2));
    expect(await dataFiles(root)).not.toContain(first);
    expect(await dataFiles(root)).toHaveLength(1);
    const upload = await beginUpload(store, k);
    await storeParts(store, upload, new Map([[1, patternBytes(1, 1)]]));
    await storeParts(store, upload, new Map([[1, patternBytes(2, 1)]]));
    expect(await dataFiles(root)).toHaveLength(2);
    await store.abortMultipart(upload, quiet);
    expect(await dataFiles(root)).toHaveLength(1);
    await store.delete(k, quiet);
    expect(await dataFiles(root)).toEqual([]);
    await store.close();
    await expectSound(root);
  });

  test('the list of the doomed does not grow for ever', async () => {
    const { root, store } = await storeWithBucket();
    const upload = await beginUpload(store, k);
    addPartRows(root, upload, 505);
    await store.abortMultipart(upload, quiet);
    expect(queryCatalogue(root, 'SELECT count(*) AS count FROM parts')).toEqual([{ count: 0 }]);
    expect(queryCatalogue(root, 'SELECT file FROM doomed')).toEqual([]);
  });

  test('a list of the doomed that a dead process left is worked through, however long', async () => {
    const { root, store } = await storeWithBucket();
    await putBytes(store, k, patternBytes(10, 1));
    await store.close();
    changeCatalogue(root, `INSERT INTO doomed ${upTo(1234)} SELECT ${noFile} FROM series`);
    await writeFile(join(root, 'data', `${'0'.repeat(16)}-${'1233'.padStart(32, '0')}`), 'left');
    const again = await openStore(root);
    expectBytes(await readObject(again, k), patternBytes(10, 1));
    await again.close();
    await expectSound(root);
  });

  test('what is stored is there for the next one to open it', async () => {
    const { root, store } = await storeWithBucket();
    await putBytes(store, k, patternBytes(10, 1));
    const upload = await beginUpload(store, k);
    const listed = await storeParts(store, upload, new Map([[1, patternBytes(20, 2)]]));
    await store.close();
    const again = await openStore(root, { create: false });
    expectBytes(await readObject(again, k), patternBytes(10, 1));
    expect(await collect(again.listUploads(bucket, quiet))).toMatchObject([upload]);
    await again.completeMultipart(upload, listed, {}, quiet);
    expectBytes(await readObject(again, k), patternBytes(20, 2));
    await again.close();
    await expectSound(root);
  });
});

describe('limits', () => {
  test('are those of S3 unless told', async () => {
    const store = await openStore(await temporaryFolder(), { limits: {} });
    expect(store.limits).toMatchObject({ minPartBytes: 5 * 2 ** 20, maxPartBytes: 5 * 2 ** 30, maxParts: 10_000 });
    await store.createBucket(bucket, quiet);
    const upload = await beginUpload(store, k);
    const parts = new Map([1, 2].map((number) => [number, new Uint8Array(5 * 2 ** 20 - 1)]));
    const listed = await storeParts(store, upload, parts);
    await expectCode(store.completeMultipart(upload, listed, {}, quiet), 'invalid-part');
  });

  test('a body that is too large is refused before anything is written', async () => {
    const root = await temporaryFolder();
    const store = await openStore(root, { limits: { minPartBytes: 1, maxPartBytes: 100 } });
    await store.createBucket(bucket, quiet);
    const upload = await beginUpload(store, k);
    const body = [patternBytes(60, 1), patternBytes(41, 2)];
    await expectCode(store.uploadPart(upload, 1, body, quiet), 'invalid-part');
    expect((await expectCode(store.put(k, body, {}, {}, quiet), 'store')).message).toContain('EntityTooLarge');
    expect(await dataFiles(root)).toEqual([]);
  });

  test('more parts than one page of the catalogue', async () => {
    const { root, store } = await storeWithBucket();
    const upload = await beginUpload(store, k);
    addPartRows(root, upload, 10_000);
    const listed = await collect(store.listParts(upload, quiet));
    expect(listed.map((part) => part.partNumber)).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
    const { etag } = await store.completeMultipart(upload, listed, {}, quiet);
    expect(etag).toMatch(/^[0-9a-f]{32}-10000$/);
    const head = await store.head(k, quiet);
    expect(head.partSizesBytes).toEqual(new Array(10_000).fill(100));
    expect(head.sizeBytes).toBe(1_000_000);
  });

  test('more uploads than one page of the catalogue', async () => {
    const { root, store } = await storeWithBucket();
    changeCatalogue(
      root,
      `INSERT INTO contents ${upTo(2005)} SELECT value FROM series;
      INSERT INTO uploads ${upTo(2005)} SELECT 'id-' || value, '${bucket}', CAST('key-' || value % 7 AS BLOB), value, 0, '{}', '{}', '{}' FROM series`,
    );
    const found = await collect(store.listUploads(bucket, quiet));
    expect(found).toHaveLength(2005);
    expect(new Set(found.map(({ uploadId }) => uploadId)).size).toBe(2005);
  });

  test('a page of a listing has at most 1,000 objects', async () => {
    const { root, store } = await storeWithBucket();
    changeCatalogue(
      root,
      `INSERT INTO contents ${upTo(1001)} SELECT value FROM series;
      INSERT INTO objects ${upTo(1001)} SELECT '${bucket}', CAST(9999 + value AS BLOB), value, 'etag', 1, 0, '{}', '{}', NULL, '{}' FROM series`,
    );
    for (const limit of [undefined, 5000]) {
      const page = await store.list({ bucket, ...(limit === undefined ? {} : { limit }) }, quiet);
      expect(page.objects).toHaveLength(1000);
      expect(page.next).toBe('10999');
    }
    expect((await store.list({ bucket, startAfter: '10999' }, quiet)).objects).toHaveLength(1);
    await expect(store.list({ bucket, limit: 0 }, quiet)).rejects.toThrow(RangeError);
  });
});

test.each(['abort', 'complete'] as const)(
  '%s while a part is on its way: the part is gone with the upload',
  async (how) => {
    const root = await temporaryFolder();
    let reached = 0;
    let meanwhile: (() => Promise<unknown>) | undefined;
    const files = watchedOperations(async (step) => {
      if (step !== 'rename' || meanwhile === undefined) return;
      reached += 1;
      await meanwhile();
    });
    const store = await openStore(root, {}, { files });
    await store.createBucket(bucket, quiet);
    const upload = await beginUpload(store, k);
    const listed = await storeParts(store, upload, new Map([[1, patternBytes(10, 1)]]));
    meanwhile = () =>
      how === 'abort' ? store.abortMultipart(upload, quiet) : store.completeMultipart(upload, listed, {}, quiet);
    await expectCode(store.uploadPart(upload, 1, patternBytes(20, 2), quiet), 'not-found');
    expect(reached).toBe(1);
    if (how === 'complete') expectBytes(await readObject(store, k), patternBytes(10, 1));
    await store.close();
    await expectSound(root);
  },
);

test('a cancelled write stops at the next slice, and leaves nothing', async () => {
  const root = await temporaryFolder();
  const controller = new AbortController();
  let slices = 0;
  const files = watchedOperations((step) => {
    if (step !== 'write') return;
    slices += 1;
    if (slices === 2) controller.abort();
  });
  const store = await openStore(root, {}, { files });
  await store.createBucket(bucket, quiet);
  const body = [new Uint8Array(20_000_000), new Uint8Array(1)];
  await expectCode(store.put(k, body, {}, {}, controller.signal), 'aborted');
  expect(slices).toBe(2);
  expect(await dataFiles(root)).toEqual([]);
  await store.close();
  await expectSound(root);
});

describe('where S3 leaves it open, this store', () => {
  test('knows nothing of an upload that was completed or aborted', async () => {
    const { root, store } = await storeWithBucket();
    const upload = await beginUpload(store, k);
    const listed = await storeParts(store, upload, new Map([[1, patternBytes(10, 1)]]));
    await store.completeMultipart(upload, listed, {}, quiet);
    const again = store.completeMultipart(upload, listed, {}, quiet);
    expect((await expectCode(again, 'not-found')).message).toContain('NoSuchUpload');
    await store.close();
    await expectSound(root);
  });

  test('lists the uploads of one key in the order in which they were begun', async () => {
    const { store } = await storeWithBucket();
    const begun: string[] = [];
    for (let count = 0; count < 12; count++) {
      begun.push((await beginUpload(store, k)).uploadId);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const found = await collect(store.listUploads(bucket, quiet));
    expect(found.map(({ uploadId }) => uploadId)).toEqual(begun);
  });

  test('takes metadata of 2,048 bytes, and tags to the last character', async () => {
    const { store } = await storeWithBucket();
    const keys = Array.from({ length: 10 }, (_, index) => String(index).padEnd(128, '\u00f6'));
    const attributes = {
      metadata: { ab: 'x'.repeat(1000), c: 'y'.repeat(1045) },
      tags: Object.fromEntries(keys.map((key) => [key, '\u65e5'.repeat(256)])),
    };
    await store.put(k, patternBytes(1, 1), attributes, {}, quiet);
    expect(await store.head(k, quiet)).toMatchObject(attributes);
    const more = { metadata: { ...attributes.metadata, c: 'y'.repeat(1046) } };
    const error = await expectCode(store.put(k, patternBytes(1, 1), more, {}, quiet), 'bad-parameters');
    expect(error.message).toContain('2049 bytes in names and values, and 2048 is the most (MetadataTooLarge)');
  });

  test('compares CRCs before it tells of a file, and leaves none', async () => {
    const { root, store } = await storeWithBucket();
    const pieces = [new Uint8Array(5_000_000), patternBytes(10, 1)];
    const error = await expectCode(store.put(k, { pieces, crc32: 0xabcd }, {}, {}, quiet), 'store');
    expect(error.message).toMatch(/"bucket\/k" .* CRC-32 [0-9a-f]{8}, and 0000abcd was given \(BadDigest\)/);
    expect(await dataFiles(root)).toEqual([]);
    await store.close();
    await expectSound(root);
  });

  test('words an error in one line whatever it was given', async () => {
    const { store } = await storeWithBucket();
    const upload = await beginUpload(store, k);
    await storeParts(store, upload, new Map([[1, patternBytes(10, 1)]]));
    for (const etag of ['two\nlines', 'x'.repeat(1_000_000), '']) {
      const refused = store.completeMultipart(upload, [{ partNumber: 1, etag }], {}, quiet);
      expect((await expectCode(refused, 'invalid-part')).message.length).toBeLessThan(1000);
      const unknown = store.completeMultipart({ ...upload, uploadId: etag }, [{ partNumber: 1, etag }], {}, quiet);
      expect((await expectCode(unknown, 'not-found')).message.length).toBeLessThan(1000);
    }
  });
});

test('an opening can be cancelled', async () => {
  const root = await temporaryFolder();
  await expectCode(openDirectoryStore(root, { create: true, signal: AbortSignal.abort() }), 'aborted');
});
