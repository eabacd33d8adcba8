import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodeCrc32 } from '../../../src/objects/s3/payload.ts';
import { patternBytes, quiet } from '../../contracts/object-store/bytes.ts';
import { expectCode } from '../../contracts/object-store/ground.ts';
import { type FakeAnswer, fakeHandler, openFakeStore, xmlAnswer } from './fake-store.ts';

const name = { bucket: 'bucket', key: 'k' };
const upload = { ...name, uploadId: 'id' };
const written: FakeAnswer = { headers: { etag: '"e"' } };

describe('a key is sent as it is, escaped', () => {
  const paths: readonly (readonly [string, string])[] = [
    ['..', '/bucket/..'],
    ['../../etc/passwd', '/bucket/../../etc/passwd'],
    ['a/./b', '/bucket/a/./b'],
    ['/', '/bucket//'],
    ['//a//', '/bucket///a//'],
    ['per%2fcent', '/bucket/per%252fcent'],
    ['plus+ blank', '/bucket/plus%2B%20blank'],
    ["!'()*", '/bucket/%21%27%28%29%2A'],
    ['query?a=b#c', '/bucket/query%3Fa%3Db%23c'],
    ['\u00e9\u{1f512}', '/bucket/%C3%A9%F0%9F%94%92'],
    ['a\0b\n', '/bucket/a%00b%0A'],
    ['{Key+}', '/bucket/%7BKey%2B%7D'],
  ];
  test.each(paths)('%j', async (key, path) => {
    const handler = fakeHandler(() => written);
    const store = await openFakeStore(handler);
    await store.put({ bucket: 'bucket', key }, new Uint8Array(1), {}, {}, quiet);
    await store.uploadPart({ bucket: 'bucket', key, uploadId: 'i?&=d' }, 7, new Uint8Array(1), quiet);
    expect(handler.sent.map((request) => request.path)).toEqual([path, path]);
    expect(handler.sent[1]!.query).toMatchObject({ uploadId: 'i?&=d', partNumber: '7' });
  });
});

describe('what is said of a body', () => {
  const pieces = [patternBytes(1000, 1), new Uint8Array(0), patternBytes(70_000, 2)];
  const whole = Buffer.concat(pieces);
  const body = { pieces, crc32: crc32(whole) };
  const checksumHeaders = (headers: object) =>
    Object.keys(headers).filter((header) => /checksum|md5|trailer|content-encoding|transfer/.test(header));

  test.each(['http://127.0.0.1:9', 'http://localhost:9', 'http://[::1]:9', 'https://store.example'])(
    'over %s: its CRC-32 as it was given, and no hash',
    async (endpointUrl) => {
      const handler = fakeHandler(() => written);
      const store = await openFakeStore(handler, { endpointUrl });
      await store.put(name, { pieces, crc32: 0x80000001 }, {}, {}, quiet);
      await store.uploadPart(upload, 1, body, quiet);
      const [put, part] = handler.sent;
      expect(put!.headers['x-amz-checksum-crc32']).toBe('gAAAAQ==');
      expect(part!.headers['x-amz-checksum-crc32']).toBe(encodeCrc32(crc32(whole)));
      for (const { headers, body: sent } of handler.sent) {
        expect(headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
        expect(headers['content-length']).toBe(String(whole.length));
        expect(checksumHeaders(headers)).toEqual(['x-amz-checksum-crc32']);
        expect(sent.equals(whole)).toBe(true);
      }
    },
  );

  test('over http to elsewhere it is hashed, because anybody on the way could change it', async () => {
    const handler = fakeHandler(() => written);
    const store = await openFakeStore(handler, { endpointUrl: 'http://store.example:9000' });
    await store.put(name, body, {}, {}, quiet);
    await store.put(name, [], {}, {}, quiet);
    const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    expect(handler.sent.map(({ headers }) => headers['x-amz-content-sha256'])).toEqual([
      hash(whole),
      hash(Buffer.of()),
    ]);
  });

  test('a body without a CRC-32 gets one', async () => {
    const handler = fakeHandler(() => written);
    const store = await openFakeStore(handler);
    await store.put(name, pieces, {}, {}, quiet);
    expect(handler.sent[0]!.headers['x-amz-checksum-crc32']).toBe(encodeCrc32(crc32(whole)));
  });

  test('to a store that compares none, none is sent or asked for', async () => {
    const handler = fakeHandler((request) =>
      'uploads' in request.query
        ? xmlAnswer('<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>')
        : written,
    );
    const store = await openFakeStore(handler, { limits: { checksums: false } });
    await store.put(name, body, {}, {}, quiet);
    await store.createMultipart(name, {}, quiet);
    for (const { headers } of handler.sent) expect(checksumHeaders(headers)).toEqual([]);
  });

  test('what is larger than the store takes is not sent', async () => {
    const handler = fakeHandler(() => written);
    const store = await openFakeStore(handler, { limits: { maxPartBytes: 100 } });
    await expectCode(store.put(name, new Uint8Array(101), {}, {}, quiet), 'store');
    await expectCode(store.uploadPart(upload, 1, [new Uint8Array(60), new Uint8Array(41)], quiet), 'invalid-part');
    expect(handler.sent).toEqual([]);
  });
});

test('attributes and conditions travel in headers', async () => {
  const handler = fakeHandler(() => written);
  const store = await openFakeStore(handler);
  const attributes = { metadata: { one: '1' }, tags: { 'a b': 'c/d=\u00e9', e: '' } };
  await store.put(name, new Uint8Array(1), attributes, { ifNoneMatch: '*' }, quiet);
  expect(handler.sent[0]!.headers).toMatchObject({
    'x-amz-meta-one': '1',
    'x-amz-tagging': 'a%20b=c%2Fd%3D%C3%A9&e=',
    'if-none-match': '*',
  });
});

test('the head of an object without tags is one request', async () => {
  const headers = { etag: '"e"', 'content-length': '5', 'last-modified': 'Thu, 01 Jan 1970 00:00:01 GMT' };
  const handler = fakeHandler((request) =>
    'tagging' in request.query
      ? xmlAnswer('<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>')
      : { headers: { ...headers, ...(request.path.endsWith('tagged') ? { 'x-amz-tagging-count': '1' } : {}) } },
  );
  const store = await openFakeStore(handler);
  expect(await store.head(name, quiet)).toEqual({
    etag: 'e',
    sizeBytes: 5,
    lastModifiedMs: 1000,
    metadata: {},
    tags: {},
  });
  expect(handler.sent).toHaveLength(1);
  expect((await store.head({ bucket: 'bucket', key: 'tagged' }, quiet)).tags).toEqual({ a: 'b' });
  expect(handler.sent).toHaveLength(3);
});

test('upload ids that no store gives are not sent', async () => {
  const handler = fakeHandler(() => written);
  const store = await openFakeStore(handler);
  for (const uploadId of ['', '.', '..', '../id', 'a/b']) {
    await expectCode(store.uploadPart({ ...name, uploadId }, 1, new Uint8Array(1), quiet), 'not-found');
  }
  expect(handler.sent).toEqual([]);
});
