import { describe, expect, test } from 'vitest';
import type { BucketStore, NamedAnswer } from '../../../src/objects/bucket-store.ts';
import { bucketOperations, objectOperations } from '../../../src/objects/directory/operations/operation-table.ts';
import { forwardedOperations } from '../../../src/s3-protocol/routes/forwarded-operations.ts';
import { readCreateBucketConfiguration } from '../../../src/s3-protocol/xml/read-configurations.ts';
import { readTagging } from '../../../src/s3-protocol/xml/read-tagging.ts';
import { type AskWords, ask, documentOf, expectSaid, textsOf } from '../../contracts/bucket-store/ground.ts';
import { quiet } from '../../contracts/object-store/bytes.ts';
import { openStore, temporaryFolder } from '../store-folder.ts';

const bucket = 'bucket';

async function openGround(options: { owner?: { id: string; displayName: string }; region?: string } = {}) {
  const store: BucketStore = await openStore(await temporaryFolder(), options);
  await store.createBucket(bucket, quiet);
  await store.put({ bucket, key: 'k' }, new Uint8Array(3), {}, {}, quiet);
  return { store, bucket, deviates: () => false };
}

test('the tables have all operations that are forwarded by name, and no other', () => {
  const level = (name: 'bucket' | 'object') =>
    forwardedOperations
      .filter((row) => row.level === name)
      .map((row) => row.name)
      .sort();
  expect(Object.keys(bucketOperations).sort()).toEqual(level('bucket'));
  expect(Object.keys(objectOperations).sort()).toEqual(level('object'));
});

/** What is answered of a bucket, in whole. */
const fixed: readonly (readonly [string, string])[] = [
  ['GetBucketAccelerateConfiguration', '<AccelerateConfiguration></AccelerateConfiguration>'],
  ['GetBucketLocation', '<LocationConstraint></LocationConstraint>'],
  ['GetBucketLogging', '<BucketLoggingStatus></BucketLoggingStatus>'],
  ['GetBucketNotificationConfiguration', '<NotificationConfiguration></NotificationConfiguration>'],
  [
    'GetBucketOwnershipControls',
    '<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>',
  ],
  ['GetBucketRequestPayment', '<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>'],
  ['GetBucketVersioning', '<VersioningConfiguration></VersioningConfiguration>'],
];

test.each(fixed)('%s', async (operation, expected) => {
  const answer = await ask(await openGround(), operation);
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/xml');
  expect(documentOf(answer).replace(' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', '')).toBe(expected);
});

const versioning = (status: string) => `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`;
const policy = (grants: string) =>
  `<AccessControlPolicy><Owner><ID>sealpart</ID></Owner><AccessControlList>${grants}</AccessControlList></AccessControlPolicy>`;
const grant = (id: string, permission = 'FULL_CONTROL') =>
  `<Grant><Grantee><ID>${id}</ID></Grantee><Permission>${permission}</Permission></Grant>`;
const cors = (rule: string) => `<CORSConfiguration><CORSRule>${rule}</CORSRule></CORSConfiguration>`;
const origin = '<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>';
const located = (place: string) =>
  `<CreateBucketConfiguration><LocationConstraint>${place}</LocationConstraint></CreateBucketConfiguration>`;

/** What is refused, and by which word. */
const refused: readonly (readonly [string, AskWords, string])[] = [
  ['PutBucketVersioning', { body: versioning('Enabled') }, 'NotImplemented'],
  ['PutBucketVersioning', { body: versioning('enabled') }, 'MalformedXML'],
  ['PutBucketPolicy', { body: '{}' }, 'NotImplemented'],
  ['PutBucketLifecycleConfiguration', { body: '<LifecycleConfiguration/>' }, 'NotImplemented'],
  ['PutBucketEncryption', { body: '<ServerSideEncryptionConfiguration/>' }, 'NotImplemented'],
  ['PutBucketReplication', { body: '<ReplicationConfiguration/>' }, 'NotImplemented'],
  ['PutBucketLogging', { body: '<BucketLoggingStatus/>' }, 'NotImplemented'],
  ['PutBucketNotificationConfiguration', { body: '<NotificationConfiguration/>' }, 'NotImplemented'],
  ['PutBucketAccelerateConfiguration', { body: '<AccelerateConfiguration/>' }, 'NotImplemented'],
  ['PutBucketRequestPayment', { body: '<RequestPaymentConfiguration/>' }, 'NotImplemented'],
  ['PutObjectLockConfiguration', { body: '<ObjectLockConfiguration/>' }, 'InvalidBucketState'],
  ['GetBucketEncryption', {}, 'ServerSideEncryptionConfigurationNotFoundError'],
  ['GetObjectRetention', { key: 'k' }, 'InvalidRequest'],
  ['PutObjectLegalHold', { key: 'k', body: '<LegalHold/>' }, 'InvalidRequest'],
  ['GetObjectRetention', { key: 'none' }, 'NoSuchKey'],
  ['GetObjectTagging', { key: 'k', query: { versionId: 'x' } }, 'InvalidArgument'],
  ['GetObjectAcl', { key: 'k', query: { versionId: '' } }, 'InvalidArgument'],
  ['PutBucketAcl', {}, 'MissingSecurityHeader'],
  ['PutBucketAcl', { headers: { 'x-amz-acl': 'public-read' } }, 'AccessControlListNotSupported'],
  ['PutBucketAcl', { headers: { 'x-amz-acl': 'magic' } }, 'InvalidArgument'],
  ['PutBucketAcl', { headers: { 'x-amz-grant-read': 'id="x"' } }, 'AccessControlListNotSupported'],
  ['PutBucketAcl', { headers: { 'x-amz-grant-read': 'id="x"', 'x-amz-acl': 'private' } }, 'InvalidRequest'],
  ['PutBucketAcl', { headers: { 'x-amz-acl': 'private' }, body: policy(grant('sealpart')) }, 'UnexpectedContent'],
  ['PutBucketAcl', { body: policy(grant('sealpart') + grant('x')) }, 'AccessControlListNotSupported'],
  ['PutBucketAcl', { body: policy(grant('sealpart', 'READ')) }, 'AccessControlListNotSupported'],
  ['PutBucketAcl', { body: policy('') }, 'AccessControlListNotSupported'],
  ['PutBucketAcl', { body: '<AccessControlPolicy/>' }, 'MalformedXML'],
  ['PutObjectAcl', { key: 'k', headers: { 'x-amz-acl': 'public-read' } }, 'AccessControlListNotSupported'],
  ['PutObjectAcl', { key: 'none', headers: { 'x-amz-acl': 'private' } }, 'NoSuchKey'],
  ['PutBucketCors', { body: cors('<AllowedOrigin>*</AllowedOrigin>') }, 'MalformedXML'],
  ['PutBucketCors', { body: cors(origin.replace('GET', 'get')) }, 'InvalidRequest'],
  ['PutBucketCors', { body: cors(`${origin}<AllowedHeader>a b</AllowedHeader>`) }, 'InvalidRequest'],
  ['PutBucketCors', { body: cors(`${origin}<AllowedHeader>*a*</AllowedHeader>`) }, 'InvalidRequest'],
  ['PutBucketCors', { body: cors(`${origin}<ExposeHeader>x-*</ExposeHeader>`) }, 'InvalidRequest'],
  ['PutBucketCors', { body: cors(`${origin}<MaxAgeSeconds>soon</MaxAgeSeconds>`) }, 'MalformedXML'],
  ['PutBucketCors', { body: cors(`${origin}<Magic>1</Magic>`) }, 'MalformedXML'],
  [
    'PutBucketCors',
    { body: `<CORSConfiguration>${`<CORSRule>${origin}</CORSRule>`.repeat(101)}</CORSConfiguration>` },
    'MalformedXML',
  ],
  [
    'PutPublicAccessBlock',
    {
      body: '<PublicAccessBlockConfiguration><BlockPublicAcls>maybe</BlockPublicAcls></PublicAccessBlockConfiguration>',
    },
    'MalformedXML',
  ],
  ['PutBucketOwnershipControls', { body: '<OwnershipControls/>' }, 'MalformedXML'],
  ...['not a place', 'eu-central-1', 'EU', 'us-east-1'].map(
    (place) => ['CreateBucket', { bucket: 'new-bucket', body: located(place) }, 'InvalidLocationConstraint'] as const,
  ),
  ['CreateBucket', { bucket: 'new-bucket', headers: { 'x-amz-acl': 'magic' } }, 'InvalidArgument'],
  [
    'CreateBucket',
    { bucket: 'new-bucket', headers: { 'x-amz-acl': 'public-read' } },
    'InvalidBucketAclWithObjectOwnership',
  ],
  [
    'CreateBucket',
    { bucket: 'new-bucket', headers: { 'x-amz-grant-read': 'id="x"' } },
    'InvalidBucketAclWithObjectOwnership',
  ],
  ['CreateBucket', { bucket: 'new-bucket', headers: { 'x-amz-bucket-object-lock-enabled': 'true' } }, 'NotImplemented'],
  ['CreateBucket', { bucket: 'new-bucket', headers: { 'x-amz-object-ownership': 'mine' } }, 'InvalidArgument'],
];

test.each(refused)('%s %j is %s', async (operation, words, said) => {
  const ground = await openGround();
  const codes = ['bad-parameters', 'not-found'] as const;
  const error = await expectSaid(ask(ground, operation, words), codes, said);
  expect(error.message).toContain(`(${said}).`);
  expect((await ground.store.listBuckets({}, quiet)).buckets.map(({ name }) => name)).toEqual([bucket]);
});

const done: readonly (readonly [string, AskWords, number])[] = [
  ['PutBucketAcl', { headers: { 'x-amz-acl': 'private' } }, 200],
  ['PutBucketAcl', { body: policy(grant('sealpart')) }, 200],
  ['PutObjectAcl', { key: 'k', headers: { 'x-amz-acl': 'bucket-owner-full-control' } }, 200],
  ['PutBucketCors', { body: cors(`${origin}<MaxAgeSeconds>-100</MaxAgeSeconds>`) }, 200],
  ['DeleteBucketPolicy', {}, 204],
  ['DeleteBucketTagging', {}, 204],
  ['DeleteBucketCors', {}, 204],
  ['DeletePublicAccessBlock', {}, 204],
  ['DeleteBucketOwnershipControls', {}, 204],
  ['DeleteBucketLifecycle', {}, 204],
  ['DeleteBucketEncryption', {}, 204],
  ['DeleteBucketReplication', {}, 204],
  ['CreateBucket', { bucket: 'new-bucket', body: located(''), headers: { 'x-amz-acl': 'private' } }, 200],
  ['CreateBucket', { bucket: 'new-bucket', body: '<CreateBucketConfiguration/>' }, 200],
  ['CreateBucket', { bucket: 'new-bucket', headers: { 'x-amz-bucket-object-lock-enabled': 'false' } }, 200],
];

test.each(done)('%s %j is answered %i', async (operation, words, status) => {
  const answer: NamedAnswer = await ask(await openGround(), operation, words);
  expect(answer).toMatchObject({ status, body: new Uint8Array(0) });
  if (operation !== 'CreateBucket') return;
  expect(answer.headers).toEqual({ location: '/new-bucket', 'x-amz-bucket-arn': 'arn:aws:s3:::new-bucket' });
});

describe('what a bucket is made with', () => {
  test.each([
    ['eu-west-1', 'eu-west-1'],
    ['eu-west-1', 'EU'],
    ['eu-central-1', 'eu-central-1'],
  ])('in %s, the place %s', async (region, place) => {
    const ground = await openGround({ region });
    expect(await ask(ground, 'CreateBucket', { bucket: 'there', body: located(place) })).toMatchObject({ status: 200 });
  });

  test('an ownership that is none is told as it came', async () => {
    const headers = { 'x-amz-object-ownership': 'mine' };
    const error = await expectSaid(
      ask(await openGround(), 'CreateBucket', { bucket: 'new-bucket', headers }),
      ['bad-parameters'],
      'InvalidArgument',
    );
    expect(error.saidWhy).toBe('Invalid x-amz-object-ownership header: mine');
  });

  test('tags', async () => {
    const ground = await openGround();
    const tag = '<Tag><Key>team</Key><Value>a&#43;b</Value></Tag>';
    const body = `<CreateBucketConfiguration><Tags>${tag}</Tags></CreateBucketConfiguration>`;
    expect(readCreateBucketConfiguration(Buffer.from(body)).tags).toEqual([{ key: 'team', value: 'a+b' }]);
    await ask(ground, 'CreateBucket', { bucket: 'tagged', body });
    const { body: kept } = await ask(ground, 'GetBucketTagging', { bucket: 'tagged' });
    expect(readTagging(kept, 'bucket')).toEqual([{ key: 'team', value: 'a+b' }]);
  });
});

test('the owner and the region are those that the store was opened with', async () => {
  const ground = await openGround({ owner: { id: 'o<&>', displayName: 'O' }, region: 'eu-central-1' });
  expect(textsOf(await ask(ground, 'GetBucketAcl'), 'ID')).toEqual(['o&lt;&amp;&gt;', 'o&lt;&amp;&gt;']);
  expect(textsOf(await ask(ground, 'GetBucketLocation'), 'LocationConstraint')).toEqual(['eu-central-1']);
  expect((await ask(ground, 'HeadBucket')).headers).toEqual({ 'x-amz-bucket-region': 'eu-central-1' });
});

test('rules for other origins are given back byte by byte', async () => {
  const ground = await openGround();
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<!-- ours -->\n${cors(`<ID>\u00e9</ID>${origin}`)}\n`;
  await ask(ground, 'PutBucketCors', { body });
  expect(Buffer.from((await ask(ground, 'GetBucketCors')).body).toString()).toBe(body);
});

test('a block of public access tells all that it can block', async () => {
  const ground = await openGround();
  const body =
    '<PublicAccessBlockConfiguration><BlockPublicPolicy>TRUE</BlockPublicPolicy></PublicAccessBlockConfiguration>';
  await ask(ground, 'PutPublicAccessBlock', { body });
  const text = documentOf(await ask(ground, 'GetPublicAccessBlock'));
  expect(text.match(/>(true|false)</g)).toEqual(['>false<', '>false<', '>true<', '>false<']);
});

test('a tag may be called like what objects inherit', async () => {
  const ground = await openGround();
  const body = '<Tagging><TagSet><Tag><Key>__proto__</Key><Value>x</Value></Tag></TagSet></Tagging>';
  await ask(ground, 'PutObjectTagging', { key: 'k', body });
  expect(readTagging((await ask(ground, 'GetObjectTagging', { key: 'k' })).body, 'object')).toEqual([
    { key: '__proto__', value: 'x' },
  ]);
  expect((await ground.store.head({ bucket, key: 'k', withTags: false }, quiet)).tagCount).toBe(1);
});
