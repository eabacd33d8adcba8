import { expect, test } from 'vitest';
import { beginUpload, patternBytes, quiet, storeParts } from '../object-store/bytes.ts';
import { expectCode, newBucketName } from '../object-store/ground.ts';
import { ask, type BucketGround, expectSaid, putKeys } from './ground.ts';

/** Buckets: made, found, listed and deleted. */
export function describeBuckets(ground: () => BucketGround): void {
  const listNames = async (words: { prefix?: string; startAfter?: string; limit?: number }) => {
    const page = await ground().store.listBuckets(words, quiet);
    return { names: page.buckets.map(({ name }) => name), next: page.next };
  };

  test('a bucket is made, found and deleted by name', async () => {
    const bucket = newBucketName();
    await expectSaid(ask(ground(), 'HeadBucket', { bucket }), 'not-found', 'NoSuchBucket', 'NotFound');
    const made = await ask(ground(), 'CreateBucket', { bucket });
    expect(made.status).toBe(200);
    expect((await ask(ground(), 'HeadBucket', { bucket })).status).toBe(200);
    expect((await listNames({ prefix: bucket })).names).toEqual([bucket]);
    expect((await ask(ground(), 'DeleteBucket', { bucket })).status).toBe(204);
    const gone = await expectSaid(ask(ground(), 'HeadBucket', { bucket }), 'not-found', 'NoSuchBucket', 'NotFound');
    expect(gone.missing).toBe('bucket');
    expect((await listNames({ prefix: bucket })).names).toEqual([]);
    await expectSaid(ask(ground(), 'DeleteBucket', { bucket }), 'not-found', 'NoSuchBucket');
  });

  test('a bucket that is there already is not made again', async ({ skip }) => {
    skip(ground().deviates('buckets-made-again'), 'the server says nothing of it');
    await putKeys(ground(), ['k']);
    await expectSaid(ask(ground(), 'CreateBucket'), 'exists', 'BucketAlreadyOwnedByYou');
    const { store, bucket } = ground();
    await store.head({ bucket, key: 'k' }, quiet);
  });

  test('a name that no bucket may have is refused', async () => {
    for (const bucket of ['aa', '.a.', 'A-b', 'a..b', 'x'.repeat(64)]) {
      await expectCode(ask(ground(), 'CreateBucket', { bucket }), 'bad-name', 'bad-parameters');
    }
  });

  test('a bucket with an object is not deleted', async () => {
    const { store, bucket } = ground();
    await putKeys(ground(), ['k']);
    await expectSaid(ask(ground(), 'DeleteBucket'), ['conflict', 'exists'], 'BucketNotEmpty');
    await store.head({ bucket, key: 'k' }, quiet);
    await store.remove({ bucket, key: 'k' }, quiet);
    expect((await ask(ground(), 'DeleteBucket')).status).toBe(204);
  });

  test('uploads under way go with their bucket', async ({ skip }) => {
    const { store, bucket, deviates } = ground();
    skip(deviates('uploads-block-removal'), 'the server keeps the bucket');
    const upload = await beginUpload(store, { bucket, key: 'k' });
    await storeParts(store, upload, new Map([[1, patternBytes(10, 1)]]));
    expect((await ask(ground(), 'DeleteBucket')).status).toBe(204);
    await expectCode(store.uploadPart(upload, 2, patternBytes(1, 1), quiet), 'not-found');
    await store.createBucket(bucket, quiet);
    await expectCode(store.uploadPart(upload, 2, patternBytes(1, 1), quiet), 'not-found');
  });

  test('a bucket that is made again has nothing of the one before', async () => {
    const { store, bucket } = ground();
    if (!ground().deviates('no-bucket-tags')) {
      const body = '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>';
      await ask(ground(), 'PutBucketTagging', { body });
    }
    await ask(ground(), 'DeleteBucket');
    await expectSaid(ask(ground(), 'HeadBucket'), 'not-found', 'NoSuchBucket', 'NotFound');
    await store.createBucket(bucket, quiet);
    if (!ground().deviates('no-bucket-tags'))
      await expectSaid(ask(ground(), 'GetBucketTagging'), 'not-found', 'NoSuchTagSet');
    expect(await store.list({ bucket }, quiet)).toEqual({ objects: [] });
  });

  test('buckets are listed by name, with the time they were made at', async () => {
    const { store, bucket } = ground();
    const names = ['-a', '-b', '.c', '0'].map((end) => `${bucket}${end}`);
    for (const name of names.toReversed()) await store.createBucket(name, quiet);
    const all = (await listNames({})).names;
    expect(all).toEqual(all.toSorted());
    expect(all.filter((name) => name.startsWith(bucket))).toEqual([bucket, ...names]);
    const found = (await store.listBuckets({ prefix: bucket }, quiet)).buckets.find(({ name }) => name === bucket);
    expect(Math.abs((found?.createdMs ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  test('a prefix, a place to go on from and a limit choose buckets', async ({ skip }) => {
    const { store, bucket, deviates } = ground();
    skip(deviates('no-bucket-pages'), 'the server lists all of them');
    const names = [bucket, ...['-a', '-b', '-c'].map((end) => `${bucket}${end}`)];
    for (const name of names.slice(1)) await store.createBucket(name, quiet);
    expect(await listNames({ prefix: `${bucket}-` })).toEqual({ names: names.slice(1), next: undefined });
    expect((await listNames({ prefix: bucket, startAfter: names[1]! })).names).toEqual(names.slice(2));
    expect((await listNames({ prefix: bucket, limit: 4 })).next).toBeUndefined();
    const found: string[] = [];
    for (let startAfter: string | undefined; ; ) {
      const page = await listNames({ prefix: bucket, limit: 3, ...(startAfter === undefined ? {} : { startAfter }) });
      expect(page.names.length).toBeLessThanOrEqual(3);
      found.push(...page.names);
      if (page.next === undefined || found.length > 4) break;
      startAfter = page.next;
    }
    expect(found).toEqual(names);
  });
}
