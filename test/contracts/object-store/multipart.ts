import { expect, test } from 'vitest';
import {
  beginUpload,
  collect,
  joined,
  patternBytes,
  putBytes,
  quiet,
  readBody,
  readObject,
  storeParts,
} from './bytes.ts';
import { expectBytes, expectCode, type StoreGround } from './ground.ts';

export function describeMultipart(ground: () => StoreGround): void {
  test('parts in any order make an object in the order of their numbers', async () => {
    const { store, bucket, partSizeBytes } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const parts = new Map([3, 1, 7, 2].map((number) => [number, patternBytes(partSizeBytes, number)]));
    parts.set(9, patternBytes(5, 9));
    const listed = await storeParts(store, upload, parts);
    await expectCode(store.head({ bucket, key: 'k' }, quiet), 'not-found');
    expect(await collect(store.listParts(upload, quiet))).toEqual(
      listed.map((part) => ({ ...part, sizeBytes: part.partNumber === 9 ? 5 : partSizeBytes })),
    );
    const { etag } = await store.completeMultipart(upload, listed, {}, quiet);

    const whole = joined(...[1, 2, 3, 7, 9].map((number) => parts.get(number)!));
    expectBytes(await readObject(store, { bucket, key: 'k' }), whole);
    const head = await store.head({ bucket, key: 'k' }, quiet);
    expect(head).toMatchObject({ etag, sizeBytes: whole.length });
    const sizes = [partSizeBytes, partSizeBytes, partSizeBytes, partSizeBytes, 5];
    expect(head.partSizesBytes ?? sizes).toEqual(sizes);
    expect((await store.list({ bucket }, quiet)).objects).toMatchObject([{ key: 'k', etag, sizeBytes: whole.length }]);
    // Nothing is left of the upload.
    await expectCode(collect(store.listParts(upload, quiet)), 'not-found');
    await expectCode(store.uploadPart(upload, 1, new Uint8Array(1), quiet), 'not-found');
    await expectCode(store.abortMultipart(upload, quiet), 'not-found');
    expect(await collect(store.listUploads(bucket, quiet))).toEqual([]);
  });

  test('ranges reach across parts', async () => {
    const { store, bucket, partSizeBytes: size } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const parts = new Map([1, 2, 3].map((number) => [number, patternBytes(size, number)]));
    await store.completeMultipart(upload, await storeParts(store, upload, parts), {}, quiet);
    const whole = joined(...parts.values());
    const ranges = [
      [0, 0],
      [size - 1, size],
      [size, size],
      [size - 1, 2 * size],
      [2 * size, 3 * size - 1],
      [3 * size - 1, 3 * size + 10],
      [0, 3 * size],
    ] as const;
    for (const [first, last] of ranges) {
      expectBytes(
        await readObject(store, { bucket, key: 'k', range: { first, last } }),
        whole.subarray(first, last + 1),
      );
    }
    await expectCode(store.get({ bucket, key: 'k', range: { first: 3 * size, last: 3 * size } }, quiet), 'bad-range');
  });

  test('parts may differ in size where the store does not say otherwise', async ({ skip }) => {
    const { store, bucket, partSizeBytes } = ground();
    if (store.limits.equalParts) skip();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const parts = new Map([3, 1, 2].map((number) => [number, patternBytes(partSizeBytes + number * 3, number)]));
    await store.completeMultipart(upload, await storeParts(store, upload, parts), {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), joined(parts.get(1)!, parts.get(2)!, parts.get(3)!));
  });

  test('a part is made of several views, shared memory among them', async () => {
    const { store, bucket } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const shared = new Uint8Array(new SharedArrayBuffer(70_000)).subarray(7);
    shared.set(patternBytes(shared.length, 1));
    const views = [shared, patternBytes(3, 2)];
    const { etag } = await store.uploadPart(upload, 1, views, quiet);
    await store.completeMultipart(upload, [{ partNumber: 1, etag }], {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), joined(...views));
  });

  test('the part that was stored last counts', async () => {
    const { store, bucket, partSizeBytes } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const old = await storeParts(
      store,
      upload,
      new Map([
        [1, patternBytes(partSizeBytes, 1)],
        [2, patternBytes(9, 2)],
      ]),
    );
    const fresh = await storeParts(store, upload, new Map([[1, patternBytes(partSizeBytes, 3)]]));
    expect(await collect(store.listParts(upload, quiet))).toMatchObject([fresh[0], old[1]]);
    if (store.limits.checksEtags) {
      const error = await expectCode(store.completeMultipart(upload, old, {}, quiet), 'invalid-part');
      expect(error.message).toMatch(/\b1\b/);
    }
    await store.completeMultipart(upload, [fresh[0]!, old[1]!], {}, quiet);
    expectBytes(
      await readObject(store, { bucket, key: 'k' }),
      joined(patternBytes(partSizeBytes, 3), patternBytes(9, 2)),
    );
  });

  test('parts that are not listed are forgotten', async () => {
    const { store, bucket, partSizeBytes } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const parts = new Map([1, 2, 3].map((number) => [number, patternBytes(partSizeBytes, number)]));
    const listed = await storeParts(store, upload, parts);
    await store.completeMultipart(upload, [listed[0]!, listed[2]!], {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), joined(parts.get(1)!, parts.get(3)!));
    const range = { first: partSizeBytes, last: partSizeBytes + 2 };
    expectBytes(await readObject(store, { bucket, key: 'k', range }), parts.get(3)!.subarray(0, 3));
  });

  test('a list that does not fit the stored parts is refused, and the upload lives on', async () => {
    const { store, bucket, partSizeBytes } = ground();
    await putBytes(store, { bucket, key: 'k' }, patternBytes(4, 4));
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const parts = new Map([
      [1, patternBytes(partSizeBytes, 1)],
      [2, patternBytes(3, 2)],
    ]);
    const [first, second] = (await storeParts(store, upload, parts)) as [never, never];
    const lists = [[], [second, first], [first, first], [first, second, { partNumber: 3, etag: 'none' }]];
    for (const list of lists) await expectCode(store.completeMultipart(upload, list, {}, quiet), 'invalid-part');
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(4, 4));
    await store.completeMultipart(upload, [first, second], {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), joined(...parts.values()));
  });

  test('a small part that is not the last is refused at the end', async ({ skip }) => {
    const { store, bucket } = ground();
    if (store.limits.minPartBytes < 2) skip();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const parts = new Map([
      [1, patternBytes(store.limits.minPartBytes - 1, 1)],
      [2, patternBytes(1, 2)],
    ]);
    const listed = await storeParts(store, upload, parts);
    const error = await expectCode(store.completeMultipart(upload, listed, {}, quiet), 'invalid-part');
    expect(error.message).toContain('EntityTooSmall');
    await store.completeMultipart(upload, [listed[0]!], {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), parts.get(1)!);
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

  test('one empty part makes an empty object', async () => {
    const { store, bucket } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    await store.completeMultipart(
      upload,
      await storeParts(store, upload, new Map([[1, new Uint8Array(0)]])),
      {},
      quiet,
    );
    expectBytes(await readObject(store, { bucket, key: 'k' }), new Uint8Array(0));
  });

  test('metadata and tags are those of the beginning', async () => {
    const { store, bucket } = ground();
    const attributes = { metadata: { made: 'by parts' }, tags: { t: '1' } };
    const { uploadId } = await store.createMultipart({ bucket, key: 'k' }, attributes, quiet);
    const upload = { bucket, key: 'k', uploadId };
    await store.completeMultipart(
      upload,
      await storeParts(store, upload, new Map([[1, patternBytes(9, 1)]])),
      {},
      quiet,
    );
    expect(await store.head({ bucket, key: 'k' }, quiet)).toMatchObject(attributes);
  });

  test('completing replaces an object, and a reader of the old one gets no byte of the new', async () => {
    const { store, bucket, partSizeBytes } = ground();
    const build = async (seed: number) => {
      const upload = await beginUpload(store, { bucket, key: 'k' });
      const parts = new Map([1, 2, 3].map((number) => [number, patternBytes(partSizeBytes, seed + number)]));
      return { upload, listed: await storeParts(store, upload, parts), whole: joined(...parts.values()) };
    };
    const old = await build(10);
    await store.completeMultipart(old.upload, old.listed, {}, quiet);
    const body = await store.get({ bucket, key: 'k' }, quiet);
    const begin = new Uint8Array(1);
    await body.read(begin, quiet);
    const fresh = await build(20);
    await store.completeMultipart(fresh.upload, fresh.listed, {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), fresh.whole);

    const rest = readBody(body).then((bytes) => expectBytes(joined(begin, bytes), old.whole));
    const outcome = await Promise.allSettled([rest]);
    if (outcome[0].status === 'rejected') await expectCode(rest, 'precondition', 'store');
    await body.close();
  });

  test('a completion on condition that nothing stands there', async ({ skip }) => {
    const { store, bucket } = ground();
    if (!store.limits.conditionalComplete) skip();
    const condition = { ifNoneMatch: '*' } as const;
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const listed = await storeParts(store, upload, new Map([[1, patternBytes(9, 1)]]));
    await putBytes(store, { bucket, key: 'k' }, patternBytes(3, 2));
    await expectCode(store.completeMultipart(upload, listed, condition, quiet), 'precondition');
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(3, 2));
    await store.delete({ bucket, key: 'k' }, quiet);
    await store.completeMultipart(upload, listed, condition, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(9, 1));
  });

  test('an aborted upload is gone, and what stands there is untouched', async () => {
    const { store, bucket } = ground();
    await putBytes(store, { bucket, key: 'k' }, patternBytes(4, 4));
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const listed = await storeParts(
      store,
      upload,
      new Map([
        [1, patternBytes(9, 1)],
        [2, patternBytes(9, 2)],
      ]),
    );
    await store.abortMultipart(upload, quiet);
    await expectCode(store.abortMultipart(upload, quiet), 'not-found');
    await expectCode(store.uploadPart(upload, 3, patternBytes(1, 1), quiet), 'not-found');
    await expectCode(collect(store.listParts(upload, quiet)), 'not-found');
    await expectCode(store.completeMultipart(upload, listed, {}, quiet), 'not-found');
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(4, 4));
  });

  test('an upload belongs to its key', async () => {
    const { store, bucket } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    await expectCode(store.uploadPart({ ...upload, key: 'other' }, 1, patternBytes(1, 1), quiet), 'not-found');
    await expectCode(store.abortMultipart({ ...upload, uploadId: 'unknown' }, quiet), 'not-found');
  });

  test('uploads of one key know nothing of each other, and all are listed', async () => {
    const { store, bucket } = ground();
    const before = Date.now();
    const uploads = [
      await beginUpload(store, { bucket, key: 'k' }),
      await beginUpload(store, { bucket, key: 'k' }),
      await beginUpload(store, { bucket, key: 'a/other' }),
    ];
    const [one, two] = uploads as [never, never];
    const listedOne = await storeParts(store, one, new Map([[1, patternBytes(10, 1)]]));
    const listedTwo = await storeParts(store, two, new Map([[1, patternBytes(20, 2)]]));
    const found = await collect(store.listUploads(bucket, quiet));
    expect(new Set(found.map(({ uploadId, key }) => `${uploadId} ${key}`))).toEqual(
      new Set(uploads.map(({ uploadId, key }) => `${uploadId} ${key}`)),
    );
    for (const { initiatedMs } of found) expect(Math.abs(initiatedMs - before)).toBeLessThan(60_000);
    await store.completeMultipart(two, listedTwo, {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(20, 2));
    await store.completeMultipart(one, listedOne, {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(10, 1));
  });

  test('many parts at once', async () => {
    const { store, bucket, partSizeBytes } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const numbers = [1, 2, 3, 4, 5, 6];
    const listed = await Promise.all(
      numbers.map(async (partNumber) => {
        const { etag } = await store.uploadPart(upload, partNumber, patternBytes(partSizeBytes, partNumber), quiet);
        return { partNumber, etag };
      }),
    );
    await store.completeMultipart(upload, listed, {}, quiet);
    expectBytes(
      await readObject(store, { bucket, key: 'k' }),
      joined(...numbers.map((number) => patternBytes(partSizeBytes, number))),
    );
  });
}
