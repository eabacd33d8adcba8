import { expect, test } from 'vitest';
import { beginUpload, collect, joined, patternBytes, quiet, readBody, readObject, storeParts } from './bytes.ts';
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
    for (const suffixBytes of [1, size, size + 1, 2 * size, 3 * size - 1, 3 * size, 3 * size + 1]) {
      const found = await readObject(store, { bucket, key: 'k', range: { suffixBytes } });
      expectBytes(found, whole.subarray(Math.max(0, whole.length - suffixBytes)));
    }
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

  test('one empty part makes an empty object', async () => {
    const { store, bucket } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const listed = await storeParts(store, upload, new Map([[1, new Uint8Array(0)]]));
    expect(await collect(store.listParts(upload, quiet))).toEqual([{ ...listed[0], sizeBytes: 0 }]);
    await store.completeMultipart(upload, listed, {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), new Uint8Array(0));
    expect(await store.head({ bucket, key: 'k' }, quiet)).toMatchObject({ sizeBytes: 0 });
    await expectCode(store.get({ bucket, key: 'k', range: { first: 0, last: 0 } }, quiet), 'bad-range');
    await expectCode(store.get({ bucket, key: 'k', range: { suffixBytes: 1 } }, quiet), 'bad-range');
  });

  test('the last part may be empty', async () => {
    const { store, bucket, partSizeBytes } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const parts = new Map([
      [1, patternBytes(partSizeBytes, 1)],
      [2, new Uint8Array(0)],
    ]);
    await store.completeMultipart(upload, await storeParts(store, upload, parts), {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), parts.get(1)!);
    const end = partSizeBytes - 1;
    expectBytes(
      await readObject(store, { bucket, key: 'k', range: { first: end, last: end } }),
      parts.get(1)!.subarray(end),
    );
    expectBytes(await readObject(store, { bucket, key: 'k', range: { suffixBytes: 1 } }), parts.get(1)!.subarray(end));
    const beyond = { first: partSizeBytes, last: partSizeBytes };
    await expectCode(store.get({ bucket, key: 'k', range: beyond }, quiet), 'bad-range');
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
