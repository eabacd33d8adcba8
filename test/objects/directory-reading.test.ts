import { expect, test } from 'vitest';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import {
  beginUpload,
  joined,
  patternBytes,
  putBytes,
  quiet,
  readBody,
  readObject,
  storeParts,
} from '../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../contracts/object-store/ground.ts';
import { dataFiles, openStore, temporaryFolder } from './store-folder.ts';
import { watchedOperations } from './watched-operations.ts';

const bucket = 'bucket';
const k = { bucket, key: 'k' };

async function storeWithBucket(): Promise<{ root: string; store: ObjectStore }> {
  const root = await temporaryFolder();
  const store = await openStore(root);
  await store.createBucket(bucket, quiet);
  return { root, store };
}

/** Completes an object of parts of 100 bytes. */
async function completeParts(store: ObjectStore, count: number, seed = 0): Promise<Uint8Array> {
  const upload = await beginUpload(store, k);
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const parts = new Map(numbers.map((number) => [number, patternBytes(100, seed + number)]));
  await store.completeMultipart(upload, await storeParts(store, upload, parts), {}, quiet);
  return joined(...parts.values());
}

test('a range opens only the files that it needs', async () => {
  const root = await temporaryFolder();
  let opened = 0;
  const store = await openStore(
    root,
    {},
    {
      files: watchedOperations((step) => {
        if (step === 'open') opened += 1;
      }),
    },
  );
  await store.createBucket(bucket, quiet);
  const whole = await completeParts(store, 10);
  const opens = async (first: number, last: number) => {
    opened = 0;
    expectBytes(await readObject(store, { ...k, range: { first, last } }), whole.subarray(first, last + 1));
    return opened;
  };
  expect(await opens(250, 260)).toBe(1);
  expect(await opens(299, 300)).toBe(2);
  expect(await opens(900, 5000)).toBe(1);
  expect(await opens(0, 999)).toBe(10);
  opened = 0;
  await store.head(k, quiet);
  expect(opened).toBe(0);
});

test.each(['overwrite', 'delete'] as const)(
  'an %s lets a reader finish the file at hand, then stops it',
  async (how) => {
    const { store } = await storeWithBucket();
    const whole = await completeParts(store, 3);
    const body = await store.get(k, quiet);
    if (how === 'overwrite') await completeParts(store, 3, 50);
    else await store.delete(k, quiet);
    const target = new Uint8Array(100);
    expect(await body.read(target, quiet)).toBe(100);
    expectBytes(target, whole.subarray(0, 100));
    const error = await expectCode(body.read(target, quiet), 'precondition');
    expect(error.message).toContain('was replaced or deleted while it was read');
    await body.close();
  },
);

test('an object of one file is read to its end whatever happens to it', async () => {
  const { root, store } = await storeWithBucket();
  await putBytes(store, k, patternBytes(5000, 1));
  const body = await store.get(k, quiet);
  await store.delete(k, quiet);
  expect(await dataFiles(root)).toEqual([]);
  expectBytes(await readBody(body), patternBytes(5000, 1));
  await body.close();
});

test('an object that is replaced between look-up and opening is looked up again', async () => {
  const root = await temporaryFolder();
  let replaced = 0;
  const store = await openStore(
    root,
    {},
    {
      files: watchedOperations(async (step) => {
        if (step === 'open' && replaced++ === 0) await putBytes(store, k, patternBytes(20, 2));
      }),
    },
  );
  await store.createBucket(bucket, quiet);
  await putBytes(store, k, patternBytes(10, 1));
  expectBytes(await readObject(store, k), patternBytes(20, 2));
  expect(replaced).toBe(2);
});

test('a body that is closed in the middle of a read lets go of everything', async () => {
  const root = await temporaryFolder();
  let opened = 0;
  let closing: Promise<void> | undefined;
  const store = await openStore(
    root,
    {},
    {
      files: watchedOperations((step) => {
        if (step === 'open' && ++opened === 2) closing = body.close();
      }),
    },
  );
  await store.createBucket(bucket, quiet);
  await completeParts(store, 2);
  const body = await store.get(k, quiet);
  await expectCode(body.read(new Uint8Array(200), quiet), 'aborted');
  expect(opened).toBe(2);
  await closing;
});

test('a body of a store that was closed fails in one line', async () => {
  const { store } = await storeWithBucket();
  await completeParts(store, 2);
  const body = await store.get(k, quiet);
  await store.delete(k, quiet);
  await store.close();
  const error = await expectCode(readBody(body), 'store');
  expect(error.message).toContain('closed');
  await body.close();
});
