import { expect, test } from 'vitest';
import { quiet } from '../../contracts/object-store/bytes.ts';
import { expectCode } from '../../contracts/object-store/ground.ts';
import { openStore, temporaryFolder } from '../store-folder.ts';

const k = { bucket: 'bucket', key: 'k' };

async function openGround() {
  const store = await openStore(await temporaryFolder());
  await store.createBucket(k.bucket, quiet);
  return store;
}

const answered: readonly (readonly [Record<string, string>, Record<string, string>])[] = [
  [{ 'x-amz-storage-class': 'STANDARD_IA' }, { 'x-amz-storage-class': 'STANDARD_IA' }],
  [{ 'x-amz-storage-class': 'STANDARD' }, {}],
  [{ 'x-amz-server-side-encryption': 'AES256' }, { 'x-amz-server-side-encryption': 'AES256' }],
  [{ 'x-amz-acl': 'private' }, {}],
  [{ 'x-amz-acl': 'bucket-owner-full-control' }, {}],
  [{ 'content-disposition': 'filename="\u00e9"' }, { 'content-disposition': 'filename="\u00e9"' }],
  [{ 'x-amz-website-redirect-location': '/x' }, { 'x-amz-website-redirect-location': '/x' }],
  [{}, {}],
];

test.each(answered)('an object that is written with %j is told with %j', async (headers, expected) => {
  const store = await openGround();
  await store.put(k, new Uint8Array(1), { headers }, {}, quiet);
  expect((await store.head(k, quiet)).headers).toEqual(expected);
});

const refused: readonly (readonly [Record<string, string>, string])[] = [
  [{ 'x-amz-storage-class': 'standard' }, 'InvalidStorageClass'],
  [{ 'x-amz-server-side-encryption': 'aws:kms' }, 'NotImplemented'],
  [{ 'x-amz-server-side-encryption-aws-kms-key-id': 'x' }, 'NotImplemented'],
  [{ 'x-amz-acl': 'public-read' }, 'AccessControlListNotSupported'],
  [{ 'x-amz-acl': 'magic' }, 'InvalidArgument'],
  [{ 'x-amz-grant-full-control': 'id="x"' }, 'AccessControlListNotSupported'],
  [{ 'x-amz-object-lock-mode': 'COMPLIANCE' }, 'InvalidRequest'],
  [{ 'Content-Type': 'text/plain' }, 'InvalidArgument'],
];

test.each(refused)('an object cannot be written with %j: %s', async (headers, said) => {
  const store = await openGround();
  const put = await expectCode(store.put(k, new Uint8Array(1), { headers }, {}, quiet), 'bad-parameters');
  expect(put.said).toBe(said);
  const begun = await expectCode(store.createMultipart(k, { headers }, quiet), 'bad-parameters');
  expect(begun.said).toBe(said);
  await expectCode(store.head(k, quiet), 'not-found');
});

test('an object has one version, which head and get do not name', async () => {
  const store = await openGround();
  const stored = await store.put(k, new Uint8Array(1), {}, {}, quiet);
  expect(stored).toEqual({ etag: stored.etag });
  const named = { ...k, versionId: 'null' };
  expect((await store.head(named, quiet)).versionId).toBeUndefined();
  const body = await store.get(named, quiet);
  expect(body.head).toMatchObject({ etag: stored.etag });
  expect(body.head.versionId).toBeUndefined();
  await body.close();
});

test.each(['x', '', '01G65Z755AFWAKHE12NY0CQ9FH'])('an object has no version %j', async (versionId) => {
  const store = await openGround();
  await store.put(k, new Uint8Array(1), {}, {}, quiet);
  for (const reading of [store.head({ ...k, versionId }, quiet), store.get({ ...k, versionId }, quiet)]) {
    const error = await expectCode(reading, 'bad-parameters');
    expect([error.said, error.saidWhy]).toEqual(['InvalidArgument', 'Invalid version id specified']);
  }
});
