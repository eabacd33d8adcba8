import { expect, test } from 'vitest';
import { joined, patternBytes, putBytes, quiet, readBody, readObject } from './bytes.ts';
import { expectBytes, expectCode, type StoreGround } from './ground.ts';

export function describeWholeObjects(ground: () => StoreGround): void {
  test.each([0, 1, 1000, 300_001])('%i bytes are put and got back', async (length) => {
    const { store, bucket } = ground();
    const bytes = patternBytes(length, length);
    const before = Date.now();
    const etag = await putBytes(store, { bucket, key: 'k' }, bytes);
    expectBytes(await readObject(store, { bucket, key: 'k' }), bytes);

    const head = await store.head({ bucket, key: 'k' }, quiet);
    expect(head).toMatchObject({ etag, sizeBytes: length, metadata: {}, tags: {} });
    expect(head.partSizesBytes).toBeUndefined();
    // Stores tell the time in whole seconds, and by their own clocks.
    expect(Math.abs(head.lastModifiedMs - before)).toBeLessThan(60_000);
    expect(etag).toMatch(/^[^"]+$/);
  });

  test('a body of several views is stored as one', async () => {
    const { store, bucket } = ground();
    const shared = new Uint8Array(new SharedArrayBuffer(5000)).subarray(100, 4100);
    shared.set(patternBytes(4000, 1));
    const views = [patternBytes(10, 2), new Uint8Array(0), shared, patternBytes(70_000, 3)];
    await store.put({ bucket, key: 'k' }, views, {}, {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), joined(...views));
    await store.put({ bucket, key: 'none' }, [], {}, {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'none' }), new Uint8Array(0));
  });

  test('a second put replaces the first', async () => {
    const { store, bucket } = ground();
    const first = await putBytes(store, { bucket, key: 'k' }, patternBytes(50_000, 1));
    const second = await putBytes(store, { bucket, key: 'k' }, patternBytes(10, 2));
    expect(second).not.toBe(first);
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(10, 2));
    expect(await store.head({ bucket, key: 'k' }, quiet)).toMatchObject({ etag: second, sizeBytes: 10 });
    await expectCode(store.get({ bucket, key: 'k', ifMatch: first }, quiet), 'precondition');
    expectBytes(await readObject(store, { bucket, key: 'k', ifMatch: second }), patternBytes(10, 2));
  });

  test('ranges count both ends and are cut at the end of the object', async () => {
    const { store, bucket } = ground();
    const bytes = patternBytes(1000, 9);
    await putBytes(store, { bucket, key: 'k' }, bytes);
    const ranges = [
      [0, 0],
      [0, 999],
      [0, 5000],
      [999, 999],
      [999, 1000],
      [500, 501],
      [3, Number.MAX_SAFE_INTEGER],
    ] as const;
    for (const [first, last] of ranges) {
      const body = await store.get({ bucket, key: 'k', range: { first, last } }, quiet);
      expectBytes(await readBody(body), bytes.subarray(first, last + 1));
      expect(body.head.sizeBytes).toBe(1000);
      await body.close();
    }
    await expectCode(store.get({ bucket, key: 'k', range: { first: 1000, last: 1000 } }, quiet), 'bad-range');
    await expectCode(store.get({ bucket, key: 'k', range: { first: 5, last: 4 } }, quiet), 'bad-range');
    await expectCode(store.get({ bucket, key: 'k', range: { first: -1, last: 4 } }, quiet), 'bad-range');
    await putBytes(store, { bucket, key: 'empty' }, new Uint8Array(0));
    await expectCode(store.get({ bucket, key: 'empty', range: { first: 0, last: 0 } }, quiet), 'bad-range');
  });

  test('a suffix is the last bytes, or all if there are fewer', async () => {
    const { store, bucket } = ground();
    const bytes = patternBytes(1000, 9);
    await putBytes(store, { bucket, key: 'k' }, bytes);
    for (const suffixBytes of [1, 2, 999, 1000, 1001, 70_000, Number.MAX_SAFE_INTEGER]) {
      const body = await store.get({ bucket, key: 'k', range: { suffixBytes } }, quiet);
      expectBytes(await readBody(body), bytes.subarray(Math.max(0, 1000 - suffixBytes)));
      expect(body.head.sizeBytes).toBe(1000);
      await body.close();
    }
    for (const suffixBytes of [0, -1, 1.5, Number.NaN]) {
      await expectCode(store.get({ bucket, key: 'k', range: { suffixBytes } }, quiet), 'bad-range');
    }
    await putBytes(store, { bucket, key: 'empty' }, new Uint8Array(0));
    await expectCode(store.get({ bucket, key: 'empty', range: { suffixBytes: 1 } }, quiet), 'bad-range');
  });

  test('read fills its target, and only that', async () => {
    const { store, bucket } = ground();
    const bytes = patternBytes(250_000, 4);
    await putBytes(store, { bucket, key: 'k' }, bytes);
    const body = await store.get({ bucket, key: 'k' }, quiet);
    const memory = new Uint8Array(new SharedArrayBuffer(200_000)).fill(0xee);
    expect(await body.read(memory.subarray(10, 100_010), quiet)).toBe(100_000);
    expectBytes(memory.slice(10, 100_010), bytes.subarray(0, 100_000));
    expect(memory.subarray(0, 10).every((byte) => byte === 0xee)).toBe(true);
    expect(memory.subarray(100_010).every((byte) => byte === 0xee)).toBe(true);
    expect(await body.read(new Uint8Array(0), quiet)).toBe(0);
    expect(await body.read(memory.subarray(0, 1), quiet)).toBe(1);
    expect(memory[0]).toBe(bytes[100_000]);
    expect(await body.read(memory, quiet)).toBe(149_999);
    expectBytes(memory.slice(0, 149_999), bytes.subarray(100_001));
    expect(await body.read(memory, quiet)).toBe(0);
    await body.close();
    await body.close();
  });

  test('an object that is not there is not found', async () => {
    const { store, bucket } = ground();
    await expectCode(store.get({ bucket, key: 'k' }, quiet), 'not-found');
    await expectCode(store.get({ bucket, key: 'k', ifMatch: 'x' }, quiet), 'not-found', 'precondition');
    await expectCode(store.head({ bucket, key: 'k' }, quiet), 'not-found');
  });

  test('deleting is no error when nothing is there', async () => {
    const { store, bucket } = ground();
    await putBytes(store, { bucket, key: 'k' }, patternBytes(10, 1));
    await store.delete({ bucket, key: 'k' }, quiet);
    await store.delete({ bucket, key: 'k' }, quiet);
    await expectCode(store.head({ bucket, key: 'k' }, quiet), 'not-found');
    await putBytes(store, { bucket, key: 'k' }, patternBytes(11, 2));
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(11, 2));
  });

  test('a put on condition that nothing stands there', async ({ skip }) => {
    const { store, bucket } = ground();
    if (!store.limits.conditionalPut) skip();
    const condition = { ifNoneMatch: '*' } as const;
    await store.put({ bucket, key: 'k' }, patternBytes(10, 1), {}, condition, quiet);
    await expectCode(store.put({ bucket, key: 'k' }, patternBytes(10, 2), {}, condition, quiet), 'precondition');
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(10, 1));
    await store.delete({ bucket, key: 'k' }, quiet);
    await store.put({ bucket, key: 'k' }, patternBytes(10, 3), {}, condition, quiet);
  });

  test('of many conditional puts at once one comes about', async ({ skip }) => {
    const { store, bucket } = ground();
    if (!store.limits.conditionalPut) skip();
    const attempts = Array.from({ length: 12 }, (_, seed) =>
      store.put({ bucket, key: 'k' }, patternBytes(20_000, seed), {}, { ifNoneMatch: '*' }, quiet),
    );
    const outcomes = await Promise.allSettled(attempts);
    const winners = outcomes.flatMap((outcome, seed) => (outcome.status === 'fulfilled' ? [seed] : []));
    expect(winners).toHaveLength(1);
    for (const attempt of attempts.filter((_, seed) => seed !== winners[0]))
      await expectCode(attempt, 'precondition', 'conflict', 'store');
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(20_000, winners[0]!));
  });

  test('of many puts at once one stands whole', async () => {
    const { store, bucket } = ground();
    const etags = await Promise.all(
      Array.from({ length: 12 }, (_, seed) => putBytes(store, { bucket, key: 'k' }, patternBytes(20_000 + seed, seed))),
    );
    const head = await store.head({ bucket, key: 'k' }, quiet);
    const winner = etags.indexOf(head.etag);
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(20_000 + winner, winner));
  });
}
