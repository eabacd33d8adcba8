import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { NamedRequest } from '../../../src/objects/bucket-store.ts';
import { encodeCrc32 } from '../../../src/objects/s3/payload.ts';
import { quiet } from '../../contracts/object-store/bytes.ts';
import { expectCode } from '../../contracts/object-store/ground.ts';
import { errorAnswer, fakeHandler, openFakeStore } from './fake-store.ts';

const bytes = new TextEncoder().encode('<Tagging><TagSet/></Tagging>');
const put: NamedRequest = {
  operation: 'PutObjectTagging',
  method: 'PUT',
  bucket: 'bucket',
  key: 'a//../\u00e9?b',
  query: new Map([
    ['tagging', ''],
    ['versionId', 'v/1'],
  ]),
  headers: { 'content-type': 'application/xml', 'x-amz-request-payer': 'requester' },
  body: bytes,
};
const none = new Uint8Array(0);
const get: NamedRequest = { ...put, operation: 'GetObjectTagging', method: 'GET', headers: {}, body: none };
const make: NamedRequest = {
  operation: 'CreateBucket',
  method: 'PUT',
  bucket: 'bucket',
  query: new Map(),
  headers: { 'x-amz-acl': 'private' },
  body: none,
};

describe('a request', () => {
  test('is sent as it is given, with a check of its body', async () => {
    const handler = fakeHandler(() => ({ status: 204 }));
    const store = await openFakeStore(handler);
    await store.ask(put, quiet);
    const [sent] = handler.sent;
    expect(sent).toMatchObject({
      method: 'PUT',
      path: '/bucket/a//../%C3%A9%3Fb',
      query: { tagging: '', versionId: 'v/1' },
      headers: { ...put.headers, 'x-amz-checksum-crc32': encodeCrc32(crc32(bytes)) },
    });
    expect(sent!.headers['x-amz-content-sha256']).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(sent!.body.equals(bytes)).toBe(true);
  });

  test('has an MD5 for a store without checksums, and nothing where it has one or no body', async () => {
    const handler = fakeHandler(() => ({ status: 200 }));
    const store = await openFakeStore(handler, { limits: { checksums: false } });
    await store.ask(put, quiet);
    await store.ask({ ...put, headers: { 'content-md5': 'given' } }, quiet);
    await store.ask({ ...put, headers: { 'x-amz-checksum-sha256': 'given' } }, quiet);
    await store.ask(get, quiet);
    const checks = handler.sent.map(({ headers }) =>
      Object.entries(headers).filter(([name]) => name === 'content-md5' || name.startsWith('x-amz-checksum')),
    );
    expect(checks).toEqual([
      [['content-md5', createHash('md5').update(bytes).digest('base64')]],
      [['content-md5', 'given']],
      [['x-amz-checksum-sha256', 'given']],
      [],
    ]);
  });

  test("does not bring another one's signature, length or way", async () => {
    const handler = fakeHandler(() => ({ status: 200 }));
    const store = await openFakeStore(handler);
    const foreign = {
      authorization: 'theirs',
      host: 'theirs',
      connection: 'theirs',
      'content-length': '9999',
      'transfer-encoding': 'chunked',
      'x-amz-content-sha256': 'theirs',
      'x-amz-date': 'theirs',
      'x-amz-security-token': 'theirs',
      'x-amz-trailer': 'theirs',
      'x-amz-decoded-content-length': '9999',
      'x-amz-sdk-checksum-algorithm': 'theirs',
    };
    await store.ask({ ...put, headers: foreign }, quiet);
    expect(Object.values(handler.sent[0]!.headers).join()).not.toMatch(/theirs|9999|chunked/);
  });

  test('that nobody knows is not sent: a store would take it for what is left of it', async () => {
    const handler = fakeHandler(() => ({ status: 200 }));
    const store = await openFakeStore(handler);
    const magic = { ...make, operation: 'PutBucketMagic', query: new Map([['magic', '']]) };
    expect((await expectCode(store.ask(magic, quiet), 'bad-parameters')).said).toBe('NotImplemented');
    await expectCode(store.ask({ ...make, bucket: '../x' }, quiet), 'bad-name');
    await expectCode(store.ask({ ...put, key: '' }, quiet), 'bad-name');
    expect(handler.sent).toEqual([]);
  });
});

describe('an answer', () => {
  test('comes as it is, but for what is about its way', async () => {
    const headers = {
      'content-type': 'application/xml',
      'x-amz-version-id': 'v1',
      connection: 'close',
      date: 'Thu, 01 Jan 1970 00:00:01 GMT',
      server: 's',
      'content-length': '4',
      'transfer-encoding': 'chunked',
      'x-amz-request-id': 'R',
      'x-amz-id-2': 'I',
    };
    const store = await openFakeStore(fakeHandler(() => ({ headers, body: '<a/>' })));
    const answer = await store.ask(get, quiet);
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/xml', 'x-amz-version-id': 'v1' },
    });
    expect(Object.keys(answer.headers)).toHaveLength(2);
    expect(Buffer.from(answer.body).toString()).toBe('<a/>');
  });

  test('that does not end is refused', async () => {
    const body = Buffer.alloc(8 * 1024 * 1024 + 1);
    const store = await openFakeStore(
      fakeHandler(() => ({ body })),
      { maxAttempts: 1 },
    );
    await expectCode(store.ask(get, quiet), 'store');
  });

  test.each([
    [404, 'NoSuchTagSet', 'not-found'],
    [404, 'NoSuchBucketPolicy', 'not-found'],
    [404, 'NoSuchBucket', 'not-found'],
    [400, 'MalformedXML', 'bad-parameters'],
    [400, 'InvalidRequest', 'bad-parameters'],
    [501, 'NotImplemented', 'bad-parameters'],
    [403, 'AccessDenied', 'denied'],
    [409, 'BucketNotEmpty', 'conflict'],
    [409, 'InvalidBucketState', 'store'],
  ] as const)('%i %s is told once, in its words', async (status, word, code) => {
    const handler = fakeHandler(() => errorAnswer(status, word));
    const store = await openFakeStore(handler);
    const error = await expectCode(store.ask(make, quiet), code);
    expect([error.said, error.missing, handler.sent.length]).toEqual([
      word,
      word === 'NoSuchBucket' ? 'bucket' : undefined,
      1,
    ]);
    expect(error.message.includes('There is no bucket')).toBe(word === 'NoSuchBucket');
  });

  test('that is lost is asked for again, and what was done by then is done', async () => {
    const lost = errorAnswer(500, 'InternalError');
    const remove = { ...make, operation: 'DeleteBucket', method: 'DELETE', headers: {} };
    for (const [request, word, status, settled] of [
      [make, 'BucketAlreadyOwnedByYou', 409, 200],
      [remove, 'NoSuchBucket', 404, 204],
    ] as const) {
      const handler = fakeHandler((_, index) => (index === 0 ? lost : errorAnswer(status, word)));
      const store = await openFakeStore(handler);
      expect((await store.ask(request, quiet)).status).toBe(settled);
      const plain = await openFakeStore(fakeHandler(() => errorAnswer(status, word)));
      expect((await expectCode(plain.ask(request, quiet), 'exists', 'not-found')).said).toBe(word);
    }
  });
});

describe('removing', () => {
  const k = { bucket: 'bucket', key: 'k' };

  test('names the version and the condition, and tells what was made', async () => {
    const handler = fakeHandler(() => ({
      status: 204,
      headers: { 'x-amz-version-id': 'v2', 'x-amz-delete-marker': 'true' },
    }));
    const store = await openFakeStore(handler);
    const request = { ...k, versionId: 'v1', ifMatch: 'e', bypassGovernance: true };
    expect(await store.remove(request, quiet)).toEqual({ versionId: 'v2', deleteMarker: true });
    expect(handler.sent[0]).toMatchObject({
      method: 'DELETE',
      query: { versionId: 'v1' },
      headers: { 'if-match': '"e"', 'x-amz-bypass-governance-retention': 'true' },
    });
    await store.remove(k, quiet);
    expect(handler.sent[1]!.headers).not.toHaveProperty('x-amz-bypass-governance-retention');
  });

  test('what is not there is no error, unless it is a version or has a condition', async () => {
    const store = await openFakeStore(fakeHandler(() => errorAnswer(404, 'NoSuchKey')));
    expect(await store.remove(k, quiet)).toEqual({});
    await store.delete(k, quiet);
    await expectCode(store.remove({ ...k, versionId: 'v' }, quiet), 'not-found');
    await expectCode(store.remove({ ...k, ifMatch: 'e' }, quiet), 'not-found');
  });

  test('what a lost answer had removed is removed', async () => {
    for (const [words, word] of [
      [{ ifMatch: 'e' }, 'NoSuchKey'],
      [{ versionId: 'v' }, 'NoSuchVersion'],
    ] as const) {
      const handler = fakeHandler((_, index) =>
        index === 0 ? errorAnswer(500, 'InternalError') : errorAnswer(404, word),
      );
      expect(await (await openFakeStore(handler)).remove({ ...k, ...words }, quiet)).toEqual({});
    }
  });
});
