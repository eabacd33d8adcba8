import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { copyFile, rm, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { beginUpload, patternBytes, putBytes, quiet, readBody, storeParts } from '../contracts/object-store/bytes.ts';
import { expectCode } from '../contracts/object-store/ground.ts';
import { changeCatalogue, dataFiles, openStore, temporaryFolder } from './store-folder.ts';

const bucket = 'bucket';
const k = { bucket, key: 'k' };

const prepare = async () => {
  const root = await temporaryFolder();
  const store = await openStore(root);
  await store.createBucket(bucket, quiet);
  await putBytes(store, k, patternBytes(5000, 1));
  const [file] = await dataFiles(root);
  return { root, store, path: join(root, 'data', file!) };
};

test('a symbolic link is not followed', async () => {
  const { root, store, path } = await prepare();
  const secret = join(root, 'secret');
  await copyFile(path, secret, constants.COPYFILE_EXCL);
  await rm(path);
  await symlink(secret, path);
  expect((await expectCode(store.get(k, quiet), 'store')).message).toContain('symbolic link');
});

test.skipIf(process.platform === 'win32')('a FIFO is not waited for', async () => {
  const { store, path } = await prepare();
  await rm(path);
  execFileSync('mkfifo', [path]);
  expect((await expectCode(store.get(k, quiet), 'store')).message).toContain('is no file');
});

test('a file of another size, or none, is damage', async () => {
  const { store, path } = await prepare();
  await truncate(path, 4999);
  expect((await expectCode(store.get(k, quiet), 'store')).message).toContain('damaged');
  await rm(path);
  expect((await expectCode(store.get(k, quiet), 'store')).message).toContain('damaged');
});

test('a file that shrinks while it is read is damage', async () => {
  const { store, path } = await prepare();
  const body = await store.get(k, quiet);
  await truncate(path, 100);
  await expectCode(readBody(body), 'store');
  await body.close();
});

test('a later part that is gone is damage', async () => {
  const { root, store } = await prepare();
  const upload = await beginUpload(store, k);
  const parts = new Map([1, 2].map((number) => [number, patternBytes(100, number)]));
  await store.completeMultipart(upload, await storeParts(store, upload, parts), {}, quiet);
  const body = await store.get(k, quiet);
  for (const file of await dataFiles(root)) await rm(join(root, 'data', file));
  const error = await expectCode(readBody(body), 'store');
  expect(error.message).toContain('part 2');
  await body.close();
});

test.each([
  ['without parts', 'DELETE FROM parts'],
  ['with a part too few', 'DELETE FROM parts WHERE number = 2'],
])('an object %s is damage', async (_, sql) => {
  const { root, store } = await prepare();
  const upload = await beginUpload(store, k);
  const parts = new Map([1, 2].map((number) => [number, patternBytes(100, number)]));
  await store.completeMultipart(upload, await storeParts(store, upload, parts), {}, quiet);
  changeCatalogue(root, sql);
  const error = await expectCode(store.get(k, quiet), 'store');
  expect(error.message).toContain('damaged');
});
