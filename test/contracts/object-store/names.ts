import { expect, test } from 'vitest';
import { beginUpload, collect, patternBytes, putBytes, quiet, readObject, storeParts } from './bytes.ts';
import { expectBytes, expectCode, newBucketName, type StoreGround } from './ground.ts';

/** Keys that something on the way to the disk might take for something else, or for one another. */
const oddKeys: readonly string[] = [
  '.',
  '..',
  '../../etc/passwd',
  '/',
  '//',
  '/absolute',
  'a',
  'a/',
  'a/b',
  'a//b',
  'A',
  'con',
  'NUL',
  'trailing.',
  'trailing ',
  ' leading',
  'back\\slash',
  'per%2fcent',
  'plus+plus',
  'query?versionId=1#fragment',
  '<&>"\'',
  '*',
  '-rf',
  '__proto__',
  'caf\u00e9',
  'cafe\u0301',
  '\u{1f512}',
  '\ufeffbyte order mark',
  'x'.repeat(1024),
  '\u00e9'.repeat(512),
];

/** Keys that would break a line or a text protocol that does not escape them. */
const controlKeys: readonly string[] = ['\0', 'new\nline', 'tab\t', 'a\u0001b', 'del\u007f'];

const badKeys: readonly string[] = ['', 'x'.repeat(1025), '\u00e9'.repeat(513), '\ud800', 'a\udc00b'];

const badBuckets: readonly string[] = [
  '',
  'ab',
  'x'.repeat(64),
  'Upper',
  'under_score',
  'sl/ash',
  '..',
  '-begin',
  'end-',
  '.begin',
  'end.',
  'two..dots',
  '192.168.0.1',
  'xn--name',
  'name-s3alias',
  'caf\u00e9',
];

export function describeNames(ground: () => StoreGround): void {
  test('any key names an object of its own', async ({ skip }) => {
    const { store, bucket, deviates } = ground();
    skip(deviates('keys-are-paths'), 'the server keeps objects in files of their names');
    const keys = [...oddKeys, ...controlKeys].filter((key) => !(deviates('no-zero-bytes') && key.includes('\0')));
    const contents = new Map(keys.map((key, index) => [key, patternBytes(index + 1, index)]));
    for (const [key, bytes] of contents) await putBytes(store, { bucket, key }, bytes);
    for (const [key, bytes] of contents) expectBytes(await readObject(store, { bucket, key }), bytes);

    const { objects } = await store.list({ bucket }, quiet);
    expect(new Set(objects.map((object) => object.key))).toEqual(new Set(keys));
    for (const key of keys) {
      await store.delete({ bucket, key }, quiet);
      await expectCode(store.head({ bucket, key }, quiet), 'not-found');
    }
    expect(await store.list({ bucket }, quiet)).toEqual({ objects: [] });
  });

  test('any key names an upload of its own', async ({ skip }) => {
    const { store, bucket, deviates } = ground();
    skip(deviates('keys-are-paths'), 'the server keeps objects in files of their names');
    for (const [index, key] of oddKeys.entries()) {
      const upload = await beginUpload(store, { bucket, key });
      const listed = await storeParts(store, upload, new Map([[1, patternBytes(index + 1, index)]]));
      await store.completeMultipart(upload, listed, {}, quiet);
    }
    for (const [index, key] of oddKeys.entries()) {
      expectBytes(await readObject(store, { bucket, key }), patternBytes(index + 1, index));
    }
  });

  test.each(badKeys.map((key) => [key.length, key]))('a key that cannot be is refused (%i)', async (_length, key) => {
    const { store, bucket } = ground();
    const name = { bucket, key };
    const upload = { ...name, uploadId: 'none' };
    await expectCode(store.put(name, new Uint8Array(1), {}, {}, quiet), 'bad-name');
    await expectCode(store.get(name, quiet), 'bad-name');
    await expectCode(store.head(name, quiet), 'bad-name');
    await expectCode(store.delete(name, quiet), 'bad-name');
    await expectCode(store.createMultipart(name, {}, quiet), 'bad-name');
    await expectCode(store.uploadPart(upload, 1, new Uint8Array(1), quiet), 'bad-name');
    await expectCode(collect(store.listParts(upload, quiet)), 'bad-name');
    await expectCode(store.completeMultipart(upload, [{ partNumber: 1, etag: 'x' }], {}, quiet), 'bad-name');
    await expectCode(store.abortMultipart(upload, quiet), 'bad-name');
    expect((await store.list({ bucket }, quiet)).objects).toEqual([]);
  });

  test.each(badBuckets)('the bucket name %j is refused', async (bucket) => {
    const { store } = ground();
    const error = await expectCode(store.createBucket(bucket, quiet), 'bad-name');
    expect(error.message).toContain(JSON.stringify(bucket));
    await expectCode(store.put({ bucket, key: 'k' }, new Uint8Array(1), {}, {}, quiet), 'bad-name');
    await expectCode(store.list({ bucket }, quiet), 'bad-name');
  });

  test('a bucket is made once', async () => {
    const { store, deviates } = ground();
    const bucket = newBucketName();
    await store.createBucket(bucket, quiet);
    // Some make it again for its owner, and nothing changes.
    const makeAgain = async () => {
      if (deviates('buckets-made-again')) await store.createBucket(bucket, quiet);
      else await expectCode(store.createBucket(bucket, quiet), 'exists');
    };
    await makeAgain();
    await putBytes(store, { bucket, key: 'k' }, patternBytes(3, 1));
    await makeAgain();
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(3, 1));
  });

  test('two buckets share no keys', async () => {
    const { store, bucket } = ground();
    const other = newBucketName();
    await store.createBucket(other, quiet);
    await putBytes(store, { bucket, key: 'k' }, patternBytes(5, 1));
    await expectCode(store.head({ bucket: other, key: 'k' }, quiet), 'not-found');
    await putBytes(store, { bucket: other, key: 'k' }, patternBytes(6, 2));
    await store.delete({ bucket, key: 'k' }, quiet);
    expectBytes(await readObject(store, { bucket: other, key: 'k' }), patternBytes(6, 2));
  });

  test('a bucket that does not exist is not found by any call', async () => {
    const { store } = ground();
    const name = { bucket: newBucketName(), key: 'k' };
    const upload = { ...name, uploadId: 'none' };
    await expectCode(store.put(name, new Uint8Array(1), {}, {}, quiet), 'not-found');
    await expectCode(store.get(name, quiet), 'not-found');
    await expectCode(store.head(name, quiet), 'not-found');
    await expectCode(store.delete(name, quiet), 'not-found');
    await expectCode(store.list({ bucket: name.bucket }, quiet), 'not-found');
    await expectCode(collect(store.listUploads(name.bucket, quiet)), 'not-found');
    await expectCode(store.createMultipart(name, {}, quiet), 'not-found');
    await expectCode(store.uploadPart(upload, 1, new Uint8Array(1), quiet), 'not-found');
    await expectCode(collect(store.listParts(upload, quiet)), 'not-found');
    await expectCode(store.abortMultipart(upload, quiet), 'not-found');
    await expectCode(store.completeMultipart(upload, [{ partNumber: 1, etag: 'x' }], {}, quiet), 'not-found');
  });
}
