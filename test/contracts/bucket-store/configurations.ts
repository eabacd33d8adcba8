import { expect, test } from 'vitest';
import { quiet } from '../object-store/bytes.ts';
import { newBucketName } from '../object-store/ground.ts';
import { ask, type BucketGround, documentOf, expectSaid, putKeys, textsOf } from './ground.ts';

const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

const cors = `<CORSConfiguration ${namespace}><CORSRule><ID>one</ID><AllowedOrigin>https://a.example</AllowedOrigin>
  <AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedHeader>*</AllowedHeader>
  <ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>300</MaxAgeSeconds></CORSRule></CORSConfiguration>`;

const publicAccessBlock = `<PublicAccessBlockConfiguration ${namespace}><BlockPublicAcls>true</BlockPublicAcls>
  <IgnorePublicAcls>false</IgnorePublicAcls></PublicAccessBlockConfiguration>`;

const ownership = (word: string) =>
  `<OwnershipControls ${namespace}><Rule><ObjectOwnership>${word}</ObjectOwnership></Rule></OwnershipControls>`;

/** What a bucket that was only just made does not have, and S3's word for each. */
const missing: readonly (readonly [string, string])[] = [
  ['GetBucketCors', 'NoSuchCORSConfiguration'],
  ['GetBucketLifecycleConfiguration', 'NoSuchLifecycleConfiguration'],
  ['GetBucketPolicy', 'NoSuchBucketPolicy'],
  ['GetBucketPolicyStatus', 'NoSuchBucketPolicy'],
  ['GetBucketReplication', 'ReplicationConfigurationNotFoundError'],
  ['GetBucketTagging', 'NoSuchTagSet'],
  ['GetObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError'],
];

/** Configurations of buckets. */
export function describeConfigurations(ground: () => BucketGround): void {
  test('a fresh bucket has no versions, and belongs to one who may do everything', async () => {
    const versioning = await ask(ground(), 'GetBucketVersioning');
    expect(versioning.status).toBe(200);
    expect(documentOf(versioning)).toMatch(/^<VersioningConfiguration[^>]*(\/>|><\/VersioningConfiguration>)$/);
    const acl = await ask(ground(), 'GetBucketAcl');
    expect(textsOf(acl, 'Permission')).toEqual(['FULL_CONTROL']);
    const [owner, grantee] = textsOf(acl, 'ID');
    expect(grantee ?? '').toBe(owner ?? '');
  });

  test('a bucket tells where it is', async () => {
    expect(documentOf(await ask(ground(), 'GetBucketLocation'))).toMatch(/^<LocationConstraint/);
  });

  test.each(missing)('%s of a fresh bucket is %s', async (operation, word) => {
    if (ground().deviates('no-fresh-answers')) return;
    await expectSaid(ask(ground(), operation), ['not-found', 'bad-parameters'], word);
  });

  test.each([
    'GetBucketLocation',
    'GetBucketAcl',
    'GetBucketCors',
    'GetBucketPolicy',
    'GetBucketTagging',
    'GetBucketVersioning',
    'DeleteBucketCors',
    'DeleteBucketTagging',
    'DeleteBucketPolicy',
  ])('%s of a bucket that is not there is NoSuchBucket', async (operation) => {
    if (ground().deviates('missing-buckets-unnoticed')) return;
    const error = await expectSaid(ask(ground(), operation, { bucket: newBucketName() }), 'not-found', 'NoSuchBucket');
    expect(error.missing).toBe('bucket');
  });

  test('rules for other origins are put, told and deleted', async ({ skip }) => {
    skip(ground().deviates('no-cors'), 'the server keeps none');
    expect((await ask(ground(), 'PutBucketCors', { body: cors })).status).toBe(200);
    const answer = await ask(ground(), 'GetBucketCors');
    expect(textsOf(answer, 'AllowedMethod')).toEqual(['GET', 'PUT']);
    expect(textsOf(answer, 'MaxAgeSeconds')).toEqual(['300']);
    expect((await ask(ground(), 'DeleteBucketCors')).status).toBe(204);
    await expectSaid(ask(ground(), 'GetBucketCors'), 'not-found', 'NoSuchCORSConfiguration');
  });

  test('rules for other origins that S3 does not take are refused', async ({ skip }) => {
    const { deviates } = ground();
    skip(deviates('no-cors') || deviates('cors-unchecked'), 'the server does not refuse them in these words');
    const put = (from: string, to: string) => ask(ground(), 'PutBucketCors', { body: cors.replace(from, to) });
    const empty = `<CORSConfiguration ${namespace}></CORSConfiguration>`;
    await expectSaid(ask(ground(), 'PutBucketCors', { body: empty }), 'bad-parameters', 'MalformedXML');
    await expectSaid(put('https://a.example', 'https://*.a.*'), 'bad-parameters', 'InvalidRequest');
    await expectSaid(put('>PUT<', '>PATCH<'), 'bad-parameters', 'InvalidRequest');
    await expectSaid(ask(ground(), 'GetBucketCors'), 'not-found', 'NoSuchCORSConfiguration');
  });

  test('who owns objects is put, told and deleted', async ({ skip }) => {
    skip(ground().deviates('no-ownership'), 'the server does not know of it');
    const asked = async () => textsOf(await ask(ground(), 'GetBucketOwnershipControls'), 'ObjectOwnership');
    expect(await asked()).toEqual(['BucketOwnerEnforced']);
    await ask(ground(), 'PutBucketOwnershipControls', { body: ownership('ObjectWriter') });
    expect(await asked()).toEqual(['ObjectWriter']);
    const refused = ask(ground(), 'PutBucketOwnershipControls', { body: ownership('nobody') });
    await expectSaid(refused, 'bad-parameters', 'MalformedXML');
    expect((await ask(ground(), 'DeleteBucketOwnershipControls')).status).toBe(204);
    await expectSaid(ask(ground(), 'GetBucketOwnershipControls'), 'not-found', 'OwnershipControlsNotFoundError');
    const made = newBucketName();
    await ask(ground(), 'CreateBucket', { bucket: made, headers: { 'x-amz-object-ownership': 'ObjectWriter' } });
    const answer = await ask(ground(), 'GetBucketOwnershipControls', { bucket: made });
    expect(textsOf(answer, 'ObjectOwnership')).toEqual(['ObjectWriter']);
  });

  test('a block of public access is put, told and deleted', async ({ skip }) => {
    skip(ground().deviates('no-public-access-block'), 'the server keeps none');
    expect((await ask(ground(), 'PutPublicAccessBlock', { body: publicAccessBlock })).status).toBe(200);
    const answer = await ask(ground(), 'GetPublicAccessBlock');
    expect(textsOf(answer, 'BlockPublicAcls')).toEqual(['true']);
    expect([200, 204]).toContain((await ask(ground(), 'DeletePublicAccessBlock')).status);
    await expectSaid(ask(ground(), 'GetPublicAccessBlock'), 'not-found', 'NoSuchPublicAccessBlockConfiguration');
  });

  test('an object belongs to the owner of its bucket', async ({ skip }) => {
    const { store, bucket, deviates } = ground();
    skip(deviates('no-object-acls'), 'the server tells none');
    await putKeys(ground(), ['k']);
    expect(textsOf(await ask(ground(), 'GetObjectAcl', { key: 'k' }), 'Permission')).toEqual(['FULL_CONTROL']);
    await expectSaid(ask(ground(), 'GetObjectAcl', { key: 'none' }), 'not-found', 'NoSuchKey');
    await store.head({ bucket, key: 'k' }, quiet);
  });

  test('an operation that nobody knows is NotImplemented', async () => {
    const { store, bucket } = ground();
    const request = {
      operation: 'PutBucketMagic',
      method: 'PUT',
      bucket,
      query: new Map([['magic', '']]),
      headers: {},
    };
    await expectSaid(store.ask({ ...request, body: new Uint8Array(0) }, quiet), 'bad-parameters', 'NotImplemented');
  });
}
