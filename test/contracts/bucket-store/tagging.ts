import { expect, test } from 'vitest';
import { patternBytes, quiet } from '../object-store/bytes.ts';
import { newBucketName } from '../object-store/ground.ts';
import { ask, type BucketGround, expectSaid, putKeys, textsOf } from './ground.ts';

/** A Tagging document as clients write it. */
export function taggingOf(tags: readonly (readonly [string, string])[]): string {
  const elements = tags.map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`);
  return `<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>${elements.join('')}</TagSet></Tagging>`;
}

/** What S3 refuses, for objects and for buckets. */
const refusedTags: readonly (readonly [string, readonly (readonly [string, string])[], readonly string[]])[] = [
  ['an empty key', [['', 'v']], ['InvalidTag']],
  ['a long key', [['k'.repeat(129), 'v']], ['InvalidTag']],
  ['a long value', [['k', 'v'.repeat(257)]], ['InvalidTag']],
  ['a key with other signs', [['k!', 'v']], ['InvalidTag']],
  ['a value with other signs', [['k', 'a?b']], ['InvalidTag']],
  [
    'a key twice',
    [
      ['k', '1'],
      ['k', '2'],
    ],
    ['InvalidTag'],
  ],
  ['far too many', Array.from({ length: 51 }, (_, i) => [`k${i}`, 'v'] as const), ['BadRequest', 'InvalidTag']],
];

/** Tags of objects and of buckets. */
export function describeTagging(ground: () => BucketGround): void {
  const k = { key: 'k' };

  test('tags of an object are put, told and deleted', async () => {
    const { store, bucket } = ground();
    await store.put({ bucket, key: 'k' }, patternBytes(3, 1), { tags: { first: '1' } }, {}, quiet);
    const before = await store.head({ bucket, key: 'k' }, quiet);
    expect(textsOf(await ask(ground(), 'GetObjectTagging', k), 'Key')).toEqual(['first']);

    const body = taggingOf([
      ['b', ''],
      ['a b', '=&#45;='],
    ]);
    expect((await ask(ground(), 'PutObjectTagging', { ...k, body })).status).toBe(200);
    const answer = await ask(ground(), 'GetObjectTagging', k);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/xml/);
    expect(textsOf(answer, 'Key').sort()).toEqual(['a b', 'b']);
    const after = await store.head({ bucket, key: 'k' }, quiet);
    expect(after).toMatchObject({ etag: before.etag, tags: { 'a b': '=-=', b: '' } });

    expect((await ask(ground(), 'DeleteObjectTagging', k)).status).toBe(204);
    expect(textsOf(await ask(ground(), 'GetObjectTagging', k), 'Key')).toEqual([]);
    expect((await store.head({ bucket, key: 'k' }, quiet)).tags).toEqual({});
    expect((await ask(ground(), 'DeleteObjectTagging', k)).status).toBe(204);
  });

  test('an empty set of tags of an object is one', async () => {
    await putKeys(ground(), ['k']);
    await ask(ground(), 'PutObjectTagging', { ...k, body: taggingOf([['a', '1']]) });
    await ask(ground(), 'PutObjectTagging', { ...k, body: taggingOf([]) });
    expect(textsOf(await ask(ground(), 'GetObjectTagging', k), 'Key')).toEqual([]);
  });

  test('tags of an object that is not there are NoSuchKey', async () => {
    await expectSaid(ask(ground(), 'GetObjectTagging', k), 'not-found', 'NoSuchKey');
    await expectSaid(
      ask(ground(), 'PutObjectTagging', { ...k, body: taggingOf([['a', '1']]) }),
      'not-found',
      'NoSuchKey',
    );
    await expectSaid(ask(ground(), 'DeleteObjectTagging', k), 'not-found', 'NoSuchKey');
    const elsewhere = { ...k, bucket: newBucketName() };
    await expectSaid(ask(ground(), 'GetObjectTagging', elsewhere), 'not-found', 'NoSuchBucket');
  });

  test.each(refusedTags)('tags that S3 does not take are refused, and those there stay: %s', async (_, tags, words) => {
    const { store, bucket, deviates } = ground();
    if (deviates('tags-unchecked')) return;
    await store.put({ bucket, key: 'k' }, patternBytes(3, 1), { tags: { first: '1' } }, {}, quiet);
    const body = taggingOf(tags);
    await expectSaid(ask(ground(), 'PutObjectTagging', { ...k, body }), 'bad-parameters', ...words);
    expect((await store.head({ bucket, key: 'k' }, quiet)).tags).toEqual({ first: '1' });
    if (ground().deviates('no-bucket-tags')) return;
    await expectSaid(ask(ground(), 'PutBucketTagging', { body }), 'bad-parameters', ...words);
    await expectSaid(ask(ground(), 'GetBucketTagging'), 'not-found', 'NoSuchTagSet');
  });

  test('eleven tags are too many for an object, and not for a bucket', async ({ skip }) => {
    skip(ground().deviates('no-bucket-tags'), 'the server keeps no tags of buckets');
    await putKeys(ground(), ['k']);
    const body = taggingOf(Array.from({ length: 11 }, (_, i) => [`k${i}`, 'v'] as const));
    await expectSaid(ask(ground(), 'PutObjectTagging', { ...k, body }), 'bad-parameters', 'BadRequest', 'InvalidTag');
    await ask(ground(), 'PutBucketTagging', { body });
    expect(textsOf(await ask(ground(), 'GetBucketTagging'), 'Key')).toHaveLength(11);
  });

  test('tags of a bucket are put, told and deleted', async ({ skip }) => {
    skip(ground().deviates('no-bucket-tags'), 'the server keeps no tags of buckets');
    await expectSaid(ask(ground(), 'GetBucketTagging'), 'not-found', 'NoSuchTagSet');
    const put = await ask(ground(), 'PutBucketTagging', {
      body: taggingOf([
        ['team', 'a b'],
        ['more', ''],
      ]),
    });
    expect([200, 204]).toContain(put.status);
    const answer = await ask(ground(), 'GetBucketTagging');
    expect(textsOf(answer, 'Key').sort()).toEqual(['more', 'team']);
    expect(textsOf(answer, 'Value').sort()).toEqual(['', 'a b']);
    expect([200, 204]).toContain((await ask(ground(), 'DeleteBucketTagging')).status);
    await expectSaid(ask(ground(), 'GetBucketTagging'), 'not-found', 'NoSuchTagSet');
    expect([200, 204]).toContain((await ask(ground(), 'DeleteBucketTagging')).status);
  });

  test('what is no Tagging document is MalformedXML', async ({ skip }) => {
    const { deviates } = ground();
    skip(
      deviates('tags-unchecked') || deviates('lenient-documents'),
      'the server takes it, or has another word for it',
    );
    await putKeys(ground(), ['k']);
    for (const body of [
      '<Tagging/>',
      '<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>',
      '<Tagging><TagSet><Tag><Value>a</Value></Tag></TagSet></Tagging>',
      '<Tagging><Tag><Key>a</Key><Value>b</Value></Tag></Tagging>',
    ]) {
      await expectSaid(ask(ground(), 'PutObjectTagging', { ...k, body }), 'bad-parameters', 'MalformedXML');
    }
  });
}
