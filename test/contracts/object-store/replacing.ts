import { expect, test } from 'vitest';
import { beginUpload, patternBytes, putBytes, quiet, readObject, storeParts } from './bytes.ts';
import { expectBytes, expectCode, type StoreGround } from './ground.ts';

/** Writes on condition that a certain object stands there. */
export function describeReplacing(ground: () => StoreGround): void {
  const name = () => ({ bucket: ground().bucket, key: 'k' });
  const put = (seed: number, ifMatch: string) =>
    ground().store.put(name(), patternBytes(100 + seed, seed), {}, { ifMatch }, quiet);
  const begin = async (seed: number) => {
    const { store } = ground();
    const upload = await beginUpload(store, name());
    const listed = await storeParts(store, upload, new Map([[1, patternBytes(100 + seed, seed)]]));
    return (ifMatch: string) => store.completeMultipart(upload, listed, { ifMatch }, quiet);
  };
  const expectObject = async (seed: number) =>
    expectBytes(await readObject(ground().store, name()), patternBytes(100 + seed, seed));

  test('a put replaces the object with the ETag given, and no other', async ({ skip }) => {
    skip(ground().deviates('no-if-match'), 'the server does not look at the condition');
    const first = await putBytes(ground().store, name(), patternBytes(101, 1));
    const { etag: second } = await put(2, first);
    await expectObject(2);
    const error = await expectCode(put(3, first), 'precondition');
    expect(error.said).toBe('PreconditionFailed');
    await expectObject(2);
    expect((await ground().store.head(name(), quiet)).etag).toBe(second);
  });

  test('where no object stands, none can have the ETag', async ({ skip }) => {
    skip(ground().deviates('no-if-match'), 'the server does not look at the condition');
    const { store } = ground();
    const etag = await putBytes(store, name(), patternBytes(101, 1));
    const complete = await begin(2);
    await store.delete(name(), quiet);
    for (const error of [await expectCode(put(2, etag), 'not-found'), await expectCode(complete(etag), 'not-found')]) {
      expect(error.said).toBe('NoSuchKey');
    }
    await expectCode(store.head(name(), quiet), 'not-found');
  });

  test('a completion replaces the object with the ETag given, and no other', async ({ skip }) => {
    skip(ground().deviates('no-if-match'), 'the server does not look at the condition');
    const { store } = ground();
    const first = await putBytes(store, name(), patternBytes(101, 1));
    const [replace, late] = [await begin(2), await begin(3)];
    await replace(first);
    await expectObject(2);
    await expectCode(late(first), 'precondition');
    await expectObject(2);
  });

  test('of many puts that would replace one object, one comes about', async ({ skip }) => {
    const { store, deviates } = ground();
    skip(deviates('no-if-match') || deviates('torn-races'), 'the server lets several win');
    const etag = await putBytes(store, name(), patternBytes(100, 0));
    const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
    const attempts = seeds.map((seed) => put(seed, etag));
    const outcomes = await Promise.allSettled(attempts);
    const winners = seeds.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    await expectObject(winners[0]!);
    for (const [index, seed] of seeds.entries()) {
      if (seed !== winners[0]) await expectCode(attempts[index]!, 'precondition', 'conflict', 'store');
    }
  });
}
