import { expect, test } from 'vitest';
import type { ListedPart } from '../../../src/objects/object-store.ts';
import { beginUpload, collect, joined, patternBytes, putBytes, quiet, readObject, storeParts } from './bytes.ts';
import { expectBytes, expectCode, expectWord, type StoreGround } from './ground.ts';

/** What completeMultipart refuses, and what it does with lists that it takes. */
export function describeCompleting(ground: () => StoreGround): void {
  /** An upload with a full first part and a second one of three bytes, and an object that stands in its way. */
  const prepare = async () => {
    const { store, bucket, partSizeBytes } = ground();
    await putBytes(store, { bucket, key: 'k' }, patternBytes(4, 4));
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const parts = new Map([
      [1, patternBytes(partSizeBytes, 1)],
      [2, patternBytes(3, 2)],
    ]);
    const [first, second] = (await storeParts(store, upload, parts)) as [ListedPart, ListedPart];
    const expectUntouched = async () => expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(4, 4));
    return { store, bucket, upload, first, second, parts, expectUntouched };
  };

  test('a list that no upload can have is refused, and the upload lives on', async () => {
    const { store, bucket, upload, first, second, parts, expectUntouched } = await prepare();
    const complete = (list: readonly ListedPart[]) => store.completeMultipart(upload, list, {}, quiet);
    await expectCode(complete([]), 'invalid-part');
    await expectWord(complete([second, first]), 'invalid-part', 'InvalidPartOrder');
    await expectWord(complete([first, first]), 'invalid-part', 'InvalidPartOrder');
    await expectWord(complete([first, second, second]), 'invalid-part', 'InvalidPartOrder');
    for (const partNumber of [0, -1, 1.5, Number.NaN, store.limits.maxParts + 1]) {
      await expectCode(complete([{ ...first, partNumber }]), 'invalid-part');
    }
    await expectUntouched();
    await complete([first, second]);
    expectBytes(await readObject(store, { bucket, key: 'k' }), joined(...parts.values()));
  });

  test('a part that is not there is InvalidPart', async () => {
    const { store, upload, first, second, expectUntouched } = await prepare();
    const list = [first, { partNumber: 3, etag: second.etag }];
    await expectWord(store.completeMultipart(upload, list, {}, quiet), 'invalid-part', 'InvalidPart');
    await expectUntouched();
  });

  test('the ETag of another part is InvalidPart', async ({ skip }) => {
    skip(!ground().store.limits.checksEtags, 'the store does not look at ETags');
    const { store, upload, first, second, expectUntouched } = await prepare();
    const list = [first, { ...second, etag: first.etag }];
    await expectWord(store.completeMultipart(upload, list, {}, quiet), 'invalid-part', 'InvalidPart');
    await expectUntouched();
  });

  test('the upload lives on after an InvalidPart', async ({ skip }) => {
    skip(ground().deviates('refusal-locks-upload'), 'the server locks the upload');
    const { store, bucket, upload, first, second, parts } = await prepare();
    const list = [first, { partNumber: 7, etag: second.etag }];
    await expectWord(store.completeMultipart(upload, list, {}, quiet), 'invalid-part', 'InvalidPart');
    expect(await collect(store.listParts(upload, quiet))).toMatchObject([first, second]);
    await store.completeMultipart(upload, [first, second], {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), joined(...parts.values()));
  });

  test('the part that was stored last counts', async () => {
    const { store, bucket, upload, first, second, parts } = await prepare();
    const replaced = patternBytes(parts.get(1)!.length, 3);
    const [fresh] = await storeParts(store, upload, new Map([[1, replaced]]));
    expect(fresh!.etag).not.toBe(first.etag);
    expect(await collect(store.listParts(upload, quiet))).toMatchObject([fresh, second]);
    await store.completeMultipart(upload, [fresh!, second], {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), joined(replaced, parts.get(2)!));
  });

  test('the ETag of a part that was stored again since is InvalidPart', async ({ skip }) => {
    skip(!ground().store.limits.checksEtags, 'the store does not look at ETags');
    const { store, upload, first, second, parts, expectUntouched } = await prepare();
    await storeParts(store, upload, new Map([[1, patternBytes(parts.get(1)!.length, 3)]]));
    const stale = store.completeMultipart(upload, [first, second], {}, quiet);
    await expectWord(stale, 'invalid-part', 'InvalidPart');
    await expectUntouched();
  });

  test('a small part that is not the last is EntityTooSmall', async ({ skip }) => {
    const { store, bucket } = ground();
    skip(store.limits.minPartBytes < 2, 'the store takes parts of one byte');
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const parts = new Map([
      [1, patternBytes(store.limits.minPartBytes - 1, 1)],
      [2, patternBytes(1, 2)],
    ]);
    const listed = await storeParts(store, upload, parts);
    const refused = store.completeMultipart(upload, listed, {}, quiet);
    await expectWord(refused, 'invalid-part', 'EntityTooSmall');
    await expectCode(store.head({ bucket, key: 'k' }, quiet), 'not-found');
  });

  test('a small part may be the last', async () => {
    const { store, bucket } = ground();
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const listed = await storeParts(store, upload, new Map([[4, patternBytes(1, 1)]]));
    await store.completeMultipart(upload, listed, {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(1, 1));
  });

  test('parts that are not listed are forgotten', async ({ skip }) => {
    const { store, bucket, partSizeBytes, deviates } = ground();
    skip(deviates('all-parts-only'), 'the server completes with all parts only');
    const upload = await beginUpload(store, { bucket, key: 'k' });
    const parts = new Map([1, 2, 3].map((number) => [number, patternBytes(partSizeBytes, number)]));
    const listed = await storeParts(store, upload, parts);
    await store.completeMultipart(upload, [listed[0]!, listed[2]!], {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), joined(parts.get(1)!, parts.get(3)!));
    const range = { first: partSizeBytes, last: partSizeBytes + 2 };
    expectBytes(await readObject(store, { bucket, key: 'k', range }), parts.get(3)!.subarray(0, 3));
  });

  test('a small part that is not listed does no harm', async ({ skip }) => {
    const { deviates } = ground();
    skip(deviates('all-parts-only'), 'the server completes with all parts only');
    const { store, bucket, upload, first, parts } = await prepare();
    const [last] = await storeParts(store, upload, new Map([[9, patternBytes(5, 9)]]));
    await store.completeMultipart(upload, [first, last!], {}, quiet);
    expectBytes(await readObject(store, { bucket, key: 'k' }), joined(parts.get(1)!, patternBytes(5, 9)));
  });

  test('an upload is completed once: the second time it is NoSuchUpload, or the same answer', async () => {
    const { store, bucket, upload, first, second, parts } = await prepare();
    const { etag } = await store.completeMultipart(upload, [first, second], {}, quiet);
    const again = store.completeMultipart(upload, [first, second], {}, quiet);
    const [outcome] = await Promise.allSettled([again]);
    // S3 gives its answer again for some time, so that a lost one can be asked for.
    if (outcome.status === 'fulfilled') expect(outcome.value.etag).toBe(etag);
    else await expectWord(again, 'not-found', 'NoSuchUpload');
    expectBytes(await readObject(store, { bucket, key: 'k' }), joined(...parts.values()));
    expect((await store.head({ bucket, key: 'k' }, quiet)).etag).toBe(etag);
  });

  test('to complete again what was completed does not bring back what was replaced since', async () => {
    const { store, bucket, upload, first, second } = await prepare();
    await store.completeMultipart(upload, [first, second], {}, quiet);
    await putBytes(store, { bucket, key: 'k' }, patternBytes(6, 6));
    const again = store.completeMultipart(upload, [first, second], {}, quiet);
    const [outcome] = await Promise.allSettled([again]);
    if (outcome.status === 'rejected') await expectWord(again, 'not-found', 'NoSuchUpload');
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(6, 6));
  });

  test('nothing can be added to an upload that was completed', async () => {
    const { store, bucket, upload, first, second, parts } = await prepare();
    await store.completeMultipart(upload, [first, second], {}, quiet);
    await expectWord(store.uploadPart(upload, 1, patternBytes(1, 9), quiet), 'not-found', 'NoSuchUpload');
    await expectWord(collect(store.listParts(upload, quiet)), 'not-found', 'NoSuchUpload');
    if (ground().deviates('aborts-anything')) await store.abortMultipart(upload, quiet);
    else await expectWord(store.abortMultipart(upload, quiet), 'not-found', 'NoSuchUpload');
    expect(await collect(store.listUploads(bucket, quiet))).toEqual([]);
    expectBytes(await readObject(store, { bucket, key: 'k' }), joined(...parts.values()));
  });

  test('a completion on condition that nothing stands there', async ({ skip }) => {
    skip(!ground().store.limits.conditionalComplete, 'the store knows no conditions here');
    const { store, bucket, upload, first, second, parts, expectUntouched } = await prepare();
    const complete = () => store.completeMultipart(upload, [first, second], { ifNoneMatch: '*' }, quiet);
    await expectCode(complete(), 'precondition');
    await expectUntouched();
    await store.delete({ bucket, key: 'k' }, quiet);
    await complete();
    expectBytes(await readObject(store, { bucket, key: 'k' }), joined(...parts.values()));
  });

  test('of many conditional completions at once one comes about', async ({ skip }) => {
    const { store, bucket, deviates } = ground();
    skip(!store.limits.conditionalComplete, 'the store knows no conditions here');
    const seeds = Array.from({ length: 6 }, (_, seed) => seed);
    const uploads = await Promise.all(
      seeds.map(async (seed) => {
        const upload = await beginUpload(store, { bucket, key: 'k' });
        return { upload, listed: await storeParts(store, upload, new Map([[1, patternBytes(100 + seed, seed)]])) };
      }),
    );
    const attempts = uploads.map(({ upload, listed }) =>
      store.completeMultipart(upload, listed, { ifNoneMatch: '*' }, quiet),
    );
    const outcomes = await Promise.allSettled(attempts);
    const winners = seeds.filter((seed) => outcomes[seed]?.status === 'fulfilled');
    // A server that does not hold them apart says so to several: what stands in the end is whole, and is one of theirs.
    const isTorn = deviates('torn-races');
    expect(winners.length).toBeGreaterThanOrEqual(1);
    expect(winners.length).toBeLessThanOrEqual(isTorn ? seeds.length - 1 : 1);
    const { etag } = await store.head({ bucket, key: 'k' }, quiet);
    const standing = outcomes.findIndex((outcome) => outcome.status === 'fulfilled' && outcome.value.etag === etag);
    expect(winners).toContain(standing);
    for (const seed of seeds.filter((other) => !winners.includes(other))) {
      // One whose object was replaced at once by the next is told that its upload is gone.
      await expectCode(attempts[seed]!, 'precondition', 'conflict', ...(isTorn ? (['not-found'] as const) : []));
      // What becomes of the losers' uploads differs; they can be cleared away.
      const [aborted] = await Promise.allSettled([store.abortMultipart(uploads[seed]!.upload, quiet)]);
      if (aborted.status === 'rejected') expect(aborted.reason).toMatchObject({ code: 'not-found' });
    }
    expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(100 + standing, standing));
    expect(await collect(store.listUploads(bucket, quiet))).toEqual([]);
  });
}
