import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { UploadName } from '../../../src/objects/object-store.ts';
import { beginUpload, collect, patternBytes, putBytes, quiet, readObject, storeParts } from './bytes.ts';
import { expectBytes, expectCode, expectWord, type StoreGround } from './ground.ts';

/** Uploads before they are completed: which there are, which parts they have, and how they are given up. */
export function describeUploads(ground: () => StoreGround): void {
  /** Expects an abort to fail because there is no such upload, where the server looks. */
  const expectNoUpload = async (upload: UploadName) => {
    const { store, deviates } = ground();
    const aborting = store.abortMultipart(upload, quiet);
    const [{ status }] = await Promise.allSettled([aborting]);
    if (status === 'rejected' || !deviates('aborts-anything')) await expectWord(aborting, 'not-found', 'NoSuchUpload');
  };

  test('a new upload has no parts', async () => {
    const { store, bucket } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    expect(await collect(store.listParts(upload, quiet))).toEqual([]);
    expect(await collect(store.listUploads(bucket, quiet))).toMatchObject([upload]);
  });

  test('a bucket without uploads has an empty list of them', async () => {
    const { store, bucket } = ground();
    await putBytes(store, { bucket, key: 'k' }, patternBytes(4, 4));
    expect(await collect(store.listUploads(bucket, quiet))).toEqual([]);
  });

  test('part numbers go from 1 to the limit', async () => {
    const { store, bucket } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    for (const partNumber of [0, -1, 1.5, Number.NaN, store.limits.maxParts + 1]) {
      await expectCode(store.uploadPart(upload, partNumber, new Uint8Array(1), quiet), 'invalid-part');
    }
    const listed = await storeParts(store, upload, new Map([[store.limits.maxParts, patternBytes(2, 1)]]));
    await store.completeMultipart(upload, listed, {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(2, 1));
  });

  test('more parts than a server lists in one answer are listed once each, ascending', async () => {
    const { store, bucket } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const count = Math.min(1003, store.limits.maxParts);
    const etags = new Map<number, string>();
    let next = count;
    const walk = async () => {
      while (next > 0) {
        const partNumber = next--;
        const bytes = patternBytes(1 + (partNumber % 5), partNumber);
        etags.set(partNumber, (await store.uploadPart(upload, partNumber, bytes, quiet)).etag);
      }
    };
    await Promise.all(Array.from({ length: 16 }, walk));
    expect(await collect(store.listParts(upload, quiet))).toEqual(
      Array.from({ length: count }, (_, index) => ({
        partNumber: index + 1,
        etag: etags.get(index + 1),
        sizeBytes: 1 + ((index + 1) % 5),
      })),
    );
    await store.abortMultipart(upload, quiet);
  });

  test('parts are listed while others are on their way', async () => {
    const { store, bucket } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const numbers = [7, 3, 12, 1, 9, 4, 2, 11];
    let isDone = false;
    const writing = Promise.all(
      numbers.map((partNumber) => storeParts(store, upload, new Map([[partNumber, patternBytes(partNumber, 1)]]))),
    ).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      const found = (await collect(store.listParts(upload, quiet))).map((part) => part.partNumber);
      expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
      expect(numbers).toEqual(expect.arrayContaining(found));
      // A store on this machine may answer without letting anything else happen.
      await nextTurn();
    }
    const listed = (await writing).flat().sort((a, b) => a.partNumber - b.partNumber);
    const found = await collect(store.listParts(upload, quiet));
    expect(found).toEqual(listed.map((part) => ({ ...part, sizeBytes: part.partNumber })));
  });

  test('of one part that is stored many times at once one stands', async () => {
    const { store, bucket } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const etags = await Promise.all(
      Array.from({ length: 8 }, async (_, seed) => {
        return (await store.uploadPart(upload, 5, patternBytes(200 + seed, seed), quiet)).etag;
      }),
    );
    const [part, ...others] = await collect(store.listParts(upload, quiet));
    expect(others).toEqual([]);
    const winner = etags.indexOf(part!.etag);
    expect(part).toEqual({ partNumber: 5, etag: etags[winner], sizeBytes: 200 + winner });
    await store.completeMultipart(upload, [{ partNumber: 5, etag: part!.etag }], {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(200 + winner, winner));
  });

  test('an aborted upload is gone, and what stands there is untouched', async () => {
    const { store, bucket } = ground();
    await putBytes(store, { bucket, key: 'k' }, patternBytes(4, 4));
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const parts = [1, 2].map((number) => [number, patternBytes(9, number)] as const);
    const listed = await storeParts(store, upload, new Map(parts));
    await store.abortMultipart(upload, quiet);
    await expectNoUpload(upload);
    await expectWord(store.uploadPart(upload, 3, patternBytes(1, 1), quiet), 'not-found', 'NoSuchUpload');
    await expectWord(collect(store.listParts(upload, quiet)), 'not-found', 'NoSuchUpload');
    await expectWord(store.completeMultipart(upload, listed, {}, quiet), 'not-found', 'NoSuchUpload');
    expect(await collect(store.listUploads(bucket, quiet))).toEqual([]);
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(4, 4));
  });

  test('an upload that is aborted while parts are on their way ends without parts', async () => {
    const { store, bucket } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const writing = Promise.allSettled(
      [1, 2, 3, 4].map((number) => store.uploadPart(upload, number, patternBytes(100_000, number), quiet)),
    );
    await store.abortMultipart(upload, quiet);
    for (const outcome of await writing) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'not-found' });
    }
    // S3 may have kept a part that came in late: then the upload is still there, and is aborted again.
    const [again] = await Promise.allSettled([store.abortMultipart(upload, quiet)]);
    if (again.status === 'rejected') expect(again.reason).toMatchObject({ code: 'not-found' });
    await expectWord(collect(store.listParts(upload, quiet)), 'not-found', 'NoSuchUpload');
    await expectCode(store.head({ bucket, key: 'k' }, quiet), 'not-found');
  });

  test('an upload belongs to its key', async () => {
    const { store, bucket } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const elsewhere = { ...upload, key: 'other' };
    await expectWord(store.uploadPart(elsewhere, 1, patternBytes(1, 1), quiet), 'not-found', 'NoSuchUpload');
    await expectWord(collect(store.listParts(elsewhere, quiet)), 'not-found', 'NoSuchUpload');
    await expectNoUpload(elsewhere);
    expect(await collect(store.listUploads(bucket, quiet))).toMatchObject([upload]);
  });

  test.each(['unknown', '0123456789abcdef0123456789abcdef', '..', 'a/b', 'a b&uploadId=c?'])(
    'an upload that never was is NoSuchUpload (%s)',
    async (uploadId) => {
      const { store, bucket } = ground();
      const upload = { bucket, key: 'k', uploadId };
      await expectWord(store.uploadPart(upload, 1, patternBytes(1, 1), quiet), 'not-found', 'NoSuchUpload');
      await expectWord(collect(store.listParts(upload, quiet)), 'not-found', 'NoSuchUpload');
      await expectNoUpload(upload);
      const list = [{ partNumber: 1, etag: '0123456789abcdef0123456789abcdef' }];
      await expectWord(store.completeMultipart(upload, list, {}, quiet), 'not-found', 'NoSuchUpload');
    },
  );

  test('uploads are listed in the order of their keys', async ({ skip }) => {
    const { store, bucket, deviates } = ground();
    skip(deviates('uploads-unordered'), 'the server lists them otherwise');
    const keys = ['k-2', 'K', 'k-10', '\u00e9', 'k-2', 'k', 'k-2'];
    for (const key of keys) await beginUpload(store, { bucket, key });
    const found = await collect(store.listUploads(bucket, quiet));
    expect(found.map(({ key }) => key)).toEqual(['K', 'k', 'k-10', 'k-2', 'k-2', 'k-2', '\u00e9']);
  });

  test('uploads of one key know nothing of each other, and all are listed', async () => {
    const { store, bucket } = ground();
    const before = Date.now();
    const uploads = [
      await beginUpload(store, { bucket, key: 'k' }),
      await beginUpload(store, { bucket, key: 'k' }),
      await beginUpload(store, { bucket, key: 'other/key' }),
    ];
    const [one, two] = uploads as [never, never];
    const listedOne = await storeParts(store, one, new Map([[1, patternBytes(10, 1)]]));
    const listedTwo = await storeParts(store, two, new Map([[1, patternBytes(20, 2)]]));
    const found = await collect(store.listUploads(bucket, quiet));
    const idsOf = (list: readonly { readonly uploadId: string; readonly key: string }[]) =>
      list.map(({ uploadId, key }) => `${uploadId} ${key}`).sort();
    expect(idsOf(found)).toEqual(idsOf(uploads));
    for (const { initiatedMs } of found) expect(Math.abs(initiatedMs - before)).toBeLessThan(60_000);
    await store.completeMultipart(two, listedTwo, {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(20, 2));
    expect(await collect(store.listParts(one, quiet))).toMatchObject(listedOne);
    await store.completeMultipart(one, listedOne, {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(10, 1));
    expect(idsOf(await collect(store.listUploads(bucket, quiet)))).toEqual(idsOf(uploads.slice(2)));
  });
}
