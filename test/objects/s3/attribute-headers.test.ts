import { describe, expect, test } from 'vitest';
import { quiet } from '../../contracts/object-store/bytes.ts';
import { expectCode } from '../../contracts/object-store/ground.ts';
import { type FakeAnswer, fakeHandler, openFakeStore, xmlAnswer } from './fake-store.ts';

const name = { bucket: 'bucket', key: 'k' };
const headers = {
  'content-type': 'text/plain; charset="x"',
  'cache-control': 'no-cache',
  'content-disposition': 'attachment; filename="caf\u00e9"',
  'content-encoding': 'gzip',
  'content-language': 'de',
  expires: 'in a while',
  'x-amz-storage-class': 'STANDARD_IA',
};
const asked = {
  'x-amz-acl': 'private',
  'x-amz-grant-read': 'id="1"',
  'x-amz-object-lock-mode': 'GOVERNANCE',
  'x-amz-object-lock-retain-until-date': '2030-01-01T00:00:00Z',
  'x-amz-object-lock-legal-hold': 'OFF',
  'x-amz-server-side-encryption': 'AES256',
};
const written: FakeAnswer = { headers: { etag: '"e"', 'x-amz-version-id': 'v1' } };
const completed: FakeAnswer = {
  ...xmlAnswer('<CompleteMultipartUploadResult><ETag>&quot;e&quot;</ETag></CompleteMultipartUploadResult>'),
  headers: { 'x-amz-version-id': 'v2' },
};
const created = xmlAnswer('<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');

describe('what a writer gives', () => {
  test('travels with a put and with the beginning of an upload, as the text it is', async () => {
    const handler = fakeHandler(({ method }) => (method === 'POST' ? created : written));
    const store = await openFakeStore(handler);
    const attributes = { headers: { ...headers, ...asked } };
    await store.put(name, new Uint8Array(1), attributes, {}, quiet);
    await store.createMultipart(name, attributes, quiet);
    for (const sent of handler.sent) expect(sent.headers).toMatchObject({ ...headers, ...asked });
    // What a cache on the way may change is not signed.
    expect(handler.sent[0]!.headers.authorization).toContain('content-type;');
    expect(handler.sent[0]!.headers.authorization).not.toContain('cache-control');
  });

  test.each([
    ['authorization', 'x'],
    ['host', 'elsewhere'],
    ['content-length', '5'],
    ['x-amz-copy-source', '/other/k'],
    ['x-amz-tagging', 'a=b'],
    ['x-amz-meta-a', 'b'],
    ['x-amz-server-side-encryptio', 'AES256'],
    ['x-amz-acls', 'private'],
    ['Content-Type', 'text/plain'],
    ['content-type', 'a\r\nx-amz-acl: public-read'],
    ['content-type', '\u{1f512}'],
  ])('is refused where it is none of an object: %s: %j', async (header, value) => {
    const handler = fakeHandler(() => written);
    const store = await openFakeStore(handler);
    const attributes = { headers: { [header]: value } };
    await expectCode(store.put(name, new Uint8Array(1), attributes, {}, quiet), 'bad-parameters');
    await expectCode(store.createMultipart(name, attributes, quiet), 'bad-parameters');
    expect(handler.sent).toEqual([]);
  });

  test('conditions travel with a put and with a completion, which tell of the version they made', async () => {
    const handler = fakeHandler(({ method }) => (method === 'POST' ? completed : written));
    const store = await openFakeStore(handler, { limits: { checksums: false } });
    expect(await store.put(name, new Uint8Array(1), {}, { ifMatch: 'e1' }, quiet)).toEqual({
      etag: 'e',
      versionId: 'v1',
    });
    const upload = { ...name, uploadId: 'u' };
    const parts = [{ partNumber: 1, etag: 'p' }];
    const made = await store.completeMultipart(upload, parts, { ifMatch: '"e1"' }, quiet);
    expect(made).toEqual({ etag: 'e', versionId: 'v2' });
    expect(handler.sent.slice(0, 2).map((sent) => sent.headers['if-match'])).toEqual(['"e1"', '"e1"']);
    expect(handler.sent[1]!.body.toString()).toContain(
      '<Part><ETag>&#34;p&#34;</ETag><PartNumber>1</PartNumber></Part>',
    );
  });
});

describe('what a head tells', () => {
  const told: FakeAnswer = {
    headers: {
      ...headers,
      etag: '"e"',
      'content-length': '0',
      'accept-ranges': 'bytes',
      'x-amz-request-id': 'R',
      'x-amz-checksum-crc32': 'AAAAAA==',
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'x-amz-restore': 'ongoing-request="true"',
      'x-amz-meta-a': 'b',
      'x-amz-tagging-count': '3',
      'x-amz-version-id': 'v1',
    },
  };
  const expected = {
    etag: 'e',
    sizeBytes: 0,
    lastModifiedMs: 0,
    metadata: { a: 'b' },
    tags: {},
    tagCount: 3,
    headers: { ...headers, 'x-amz-object-lock-mode': 'GOVERNANCE', 'x-amz-restore': 'ongoing-request="true"' },
    versionId: 'v1',
  };

  test('are the headers, and how many tags there are where nobody wants them', async () => {
    const handler = fakeHandler(() => told);
    const store = await openFakeStore(handler);
    const request = { ...name, versionId: 'v1', withTags: false };
    expect(await store.head(request, quiet)).toEqual(expected);
    const body = await store.get(request, quiet);
    expect(body.head).toEqual(expected);
    await body.close();
    expect(handler.sent.map(({ method, query }) => [method, query])).toEqual([
      ['HEAD', { versionId: 'v1' }],
      ['GET', { versionId: 'v1' }],
    ]);
  });

  test('are the tags of the version that it is of, where they are wanted', async () => {
    const tagging = xmlAnswer('<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>');
    const handler = fakeHandler(({ query }) => ('tagging' in query ? tagging : told));
    const store = await openFakeStore(handler);
    expect((await store.head(name, quiet)).tags).toEqual({ a: '1' });
    expect(handler.sent[1]!.query).toEqual({ tagging: '', versionId: 'v1' });
  });
});
