import { expect, test } from 'vitest';
import type { RemoveRequest } from '../../../src/objects/bucket-store.ts';
import { patternBytes, quiet } from '../object-store/bytes.ts';
import { expectCode, newBucketName } from '../object-store/ground.ts';
import { type BucketGround, expectSaid, putKeys } from './ground.ts';

/** Removing objects, of a bucket that was never told to keep versions. */
export function describeRemoving(ground: () => BucketGround): void {
  const remove = async (words: Partial<RemoveRequest> = {}) => {
    const { store, bucket } = ground();
    return await store.remove({ bucket, key: 'k', ...words }, quiet);
  };
  const expectThere = async (isThere: boolean) => {
    const { store, bucket } = ground();
    if (isThere) await store.head({ bucket, key: 'k' }, quiet);
    else await expectSaid(store.head({ bucket, key: 'k' }, quiet), 'not-found', 'NoSuchKey', 'NotFound');
  };

  test('what is removed is gone, and leaves no mark', async () => {
    await putKeys(ground(), ['k', 'k2']);
    const removed = await remove();
    expect(removed.deleteMarker ?? false).toBe(false);
    expect(removed.versionId ?? 'null').toBe('null');
    await expectThere(false);
    const { store, bucket } = ground();
    const { objects } = await store.listKeys({ bucket, prefix: '', limit: 10 }, quiet);
    expect(objects.map(({ key }) => key)).toEqual(['k2']);
  });

  test('removing what is not there is no error', async () => {
    await remove();
    await putKeys(ground(), ['k']);
    await remove();
    await remove();
    await expectThere(false);
  });

  test('the only version is called null', async () => {
    await putKeys(ground(), ['k']);
    await remove({ versionId: 'null' });
    await expectThere(false);
    await remove({ versionId: 'null' });
  });

  test('a version that is none is refused, and nothing is removed', async ({ skip }) => {
    skip(ground().deviates('any-version-removed'), 'the server does not look at the version');
    await putKeys(ground(), ['k']);
    for (const versionId of ['01G65Z755AFWAKHE12NY0CQ9FH', 'x']) {
      const codes = ['bad-parameters', 'not-found'] as const;
      await expectSaid(remove({ versionId }), codes, 'InvalidArgument', 'NoSuchVersion', 'InvalidVersionId');
    }
    await expectThere(true);
  });

  test('a removal on condition of an ETag', async ({ skip }) => {
    const { store, bucket, deviates } = ground();
    skip(deviates('unconditional-removes'), 'the server does not look at the condition');
    const { etag } = await store.put({ bucket, key: 'k' }, patternBytes(3, 1), {}, {}, quiet);
    const { etag: other } = await store.put({ bucket, key: 'other' }, patternBytes(4, 2), {}, {}, quiet);
    await expectSaid(remove({ ifMatch: other }), 'precondition', 'PreconditionFailed');
    await expectThere(true);
    await remove({ ifMatch: etag });
    await expectThere(false);
  });

  test('a conditional removal never takes away what was put since', async ({ skip }) => {
    const { store, bucket, deviates } = ground();
    skip(deviates('unconditional-removes'), 'the server does not look at the condition');
    const { etag } = await store.put({ bucket, key: 'k' }, patternBytes(3, 1), {}, {}, quiet);
    const [put] = await Promise.all([
      store.put({ bucket, key: 'k' }, patternBytes(5, 5), {}, {}, quiet),
      Promise.allSettled([remove({ ifMatch: etag })]),
    ]);
    // Whichever came first, the object that was put since is not the one that was to be removed.
    expect((await store.head({ bucket, key: 'k' }, quiet)).etag).toBe(put.etag);
  });

  test('a bucket that is not there is NoSuchBucket', async () => {
    const error = await expectSaid(remove({ bucket: newBucketName() }), 'not-found', 'NoSuchBucket');
    expect(error.missing).toBe('bucket');
    await expectCode(remove({ key: '' }), 'bad-name', 'bad-parameters');
  });
}
