import { expect, test } from 'vitest';
import { SealpartError } from '../../../src/errors.ts';
import { beginUpload, collect, patternBytes, putBytes, quiet, readObject, storeParts } from './bytes.ts';
import { expectBytes, expectCode, newBucketName, type StoreGround } from './ground.ts';

export function describeCancelling(ground: () => StoreGround): void {
  test('no call begins when its signal has fired', async () => {
    const { store, bucket } = ground();
    const fired = AbortSignal.abort();
    await putBytes(store, { bucket, key: 'k' }, patternBytes(10, 1));
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const listed = await storeParts(store, upload, new Map([[1, patternBytes(5, 1)]]));
    const name = { bucket, key: 'k' };
    const bytes = patternBytes(10, 2);
    const fresh = newBucketName();
    await expectCode(store.createBucket(fresh, fired), 'aborted');
    await expectCode(store.createMultipart(name, {}, fired), 'aborted');
    await expectCode(store.uploadPart(upload, 1, bytes, fired), 'aborted');
    await expectCode(collect(store.listParts(upload, fired)), 'aborted');
    await expectCode(collect(store.listUploads(bucket, fired)), 'aborted');
    await expectCode(store.completeMultipart(upload, listed, {}, fired), 'aborted');
    await expectCode(store.abortMultipart(upload, fired), 'aborted');
    await expectCode(store.put(name, bytes, {}, {}, fired), 'aborted');
    await expectCode(store.get(name, fired), 'aborted');
    await expectCode(store.head(name, fired), 'aborted');
    await expectCode(store.list({ bucket }, fired), 'aborted');
    await expectCode(store.delete(name, fired), 'aborted');

    await expectCode(store.head({ bucket: fresh, key: 'k' }, quiet), 'not-found');
    expectBytes(await readObject(store, name), patternBytes(10, 1));
    expect(await collect(store.listParts(upload, quiet))).toMatchObject(listed);
    expect(await collect(store.listUploads(bucket, quiet))).toHaveLength(1);
  });

  test('a reason that is typed already is what the caller gets', async () => {
    const { store, bucket } = ground();
    const reason = new SealpartError('owned', 'Another process has taken the upload over.');
    await expect(store.head({ bucket, key: 'k' }, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test('a body stops reading when its signal fires', async () => {
    const { store, bucket } = ground();
    await putBytes(store, { bucket, key: 'k' }, patternBytes(1000, 1));
    const body = await store.get({ bucket, key: 'k' }, quiet);
    await expectCode(body.read(new Uint8Array(10), AbortSignal.abort()), 'aborted');
    await body.close();
  });

  test('a cancelled write happened or did not, and its memory is free', async () => {
    const { store, bucket } = ground();
    const old = patternBytes(100, 1);
    const fresh = patternBytes(9_000_000, 2);
    let cancelled = 0;
    for (let round = 0; round < 12; round++) {
      await putBytes(store, { bucket, key: 'k' }, old);
      const memory = fresh.slice();
      const controller = new AbortController();
      const writing = store.put({ bucket, key: 'k' }, memory, {}, {}, controller.signal);
      const outcome = Promise.allSettled([writing]);
      const cancelling = new Promise<void>((resolve) => {
        setTimeout(() => resolve(controller.abort()), round);
      });
      const [{ status }] = await outcome;
      // Whatever becomes of the memory now must not be seen in the object.
      memory.fill(0xff);
      await cancelling;
      const found = await readObject(store, { bucket, key: 'k' });
      if (status === 'rejected') {
        cancelled += 1;
        await expectCode(writing, 'aborted');
      }
      expectBytes(found, found.length === old.length && status === 'rejected' ? old : fresh);
    }
    expect(cancelled).toBeGreaterThan(0);
  });

  test('a cancelled part was stored or was not', async () => {
    const { store, bucket } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const controller = new AbortController();
    const writing = store.uploadPart(upload, 1, patternBytes(9_000_000, 1), controller.signal);
    controller.abort();
    const [{ status }] = await Promise.allSettled([writing]);
    const parts = await collect(store.listParts(upload, quiet));
    for (const part of parts) expect(part.sizeBytes).toBe(9_000_000);
    if (status === 'rejected') await expectCode(writing, 'aborted');
    else expect(parts).toHaveLength(1);
    const { etag } = await store.uploadPart(upload, 1, patternBytes(7, 2), quiet);
    await store.completeMultipart(upload, [{ partNumber: 1, etag }], {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(7, 2));
  });
}
