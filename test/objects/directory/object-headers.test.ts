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
  [{ 'x-amz-website-redirect-location': '/x' }, 'NotImplemented'],
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

test('a version other than the only one is none', async () => {
  const store = await openGround();
  await store.put(k, new Uint8Array(1), {}, {}, quiet);
  expect((await store.head({ ...k, versionId: 'null' }, quiet)).versionId).toBeUndefined();
  await (await store.get({ ...k, versionId: 'null' }, quiet)).close();
  for (const call of [store.head({ ...k, versionId: 'x' }, quiet), store.get({ ...k, versionId: 'x' }, quiet)]) {
    expect((await expectCode(call, 'bad-parameters')).said).toBe('InvalidArgument');
  }
});
