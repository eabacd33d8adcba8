import { expect, test } from 'vitest';
import type { ObjectAttributes } from '../../../src/objects/object-store.ts';
import { collect, patternBytes, putBytes, quiet, storeParts } from './bytes.ts';
import { expectCode, type StoreGround } from './ground.ts';

const kept: readonly (readonly [string, string])[] = [
  ['content-type', 'text/plain; charset=utf-8'],
  ['cache-control', 'max-age=60, private'],
  ['content-disposition', 'attachment; filename="a b.txt"'],
  ['content-encoding', 'gzip'],
  ['content-language', 'de, en'],
  ['expires', 'Wed, 21 Oct 2037 07:28:00 GMT'],
];

const refused: readonly (readonly [string, ObjectAttributes])[] = [
  ['a value of two lines', { headers: { 'content-type': 'text/plain\r\nx-amz-acl: public-read' } }],
  ['a value with a NUL', { headers: { 'cache-control': 'x\0' } }],
  ['a value beyond bytes', { headers: { 'content-disposition': 'filename=\u{1f512}' } }],
];

/** Headers that are kept beside an object, and tags that nobody asks for. */
export function describeHeaders(ground: () => StoreGround): void {
  const put = async (key: string, attributes: ObjectAttributes) => {
    const { store, bucket } = ground();
    await store.put({ bucket, key }, patternBytes(3, 1), attributes, {}, quiet);
  };
  const complete = async (key: string, attributes: ObjectAttributes) => {
    const { store, bucket } = ground();
    const { uploadId } = await store.createMultipart({ bucket, key }, attributes, quiet);
    const upload = { bucket, key, uploadId };
    const listed = await storeParts(store, upload, new Map([[1, patternBytes(9, 1)]]));
    await store.completeMultipart(upload, listed, {}, quiet);
  };
  const headersOf = async (key: string) => {
    const { store, bucket } = ground();
    return (await store.head({ bucket, key }, quiet)).headers ?? {};
  };

  test('they are given back by head and get, of objects put and completed', async ({ skip }) => {
    const { store, bucket, deviates } = ground();
    skip(deviates('headers-lost'), 'the server forgets some');
    const headers = Object.fromEntries(kept);
    await put('put', { headers, metadata: { one: '1' } });
    await complete('completed', { headers });
    for (const key of ['put', 'completed']) {
      expect(await headersOf(key)).toMatchObject(headers);
      const body = await store.get({ bucket, key }, quiet);
      expect(body.head.headers).toMatchObject(headers);
      await body.close();
    }
    expect((await store.head({ bucket, key: 'put' }, quiet)).metadata).toEqual({ one: '1' });
  });

  test('each is kept by itself, and goes with the object', async () => {
    const { store, bucket } = ground();
    await put('k', { headers: { 'content-language': 'fr' } });
    expect(await headersOf('k')).toMatchObject({ 'content-language': 'fr' });
    expect(await headersOf('k')).not.toHaveProperty('content-disposition');
    await putBytes(store, { bucket, key: 'k' }, patternBytes(3, 1));
    expect(await headersOf('k')).not.toHaveProperty('content-language');
  });

  test('one that says what is so anyway changes nothing', async () => {
    await put('k', { headers: { 'x-amz-acl': 'private', 'content-type': 'text/plain' } });
    expect(await headersOf('k')).toMatchObject({ 'content-type': 'text/plain' });
    expect(await headersOf('k')).not.toHaveProperty('x-amz-acl');
  });

  test.each(refused)('what no header can be is refused: %s', async (_, attributes) => {
    const { store, bucket } = ground();
    await expectCode(put('k', attributes), 'bad-parameters');
    await expectCode(store.createMultipart({ bucket, key: 'k' }, attributes, quiet), 'bad-parameters');
    await expectCode(store.head({ bucket, key: 'k' }, quiet), 'not-found');
    expect(await collect(store.listUploads(bucket, quiet))).toEqual([]);
  });

  test('tags that nobody wants are counted', async () => {
    const { store, bucket } = ground();
    await put('k', { tags: { a: '1', b: '2', c: '3' } });
    await put('none', {});
    const head = await store.head({ bucket, key: 'k', withTags: false }, quiet);
    expect(head).toMatchObject({ tags: {}, tagCount: 3 });
    const body = await store.get({ bucket, key: 'k', withTags: false }, quiet);
    expect(body.head).toMatchObject({ tags: {}, tagCount: 3 });
    await body.close();
    expect((await store.head({ bucket, key: 'none', withTags: false }, quiet)).tagCount ?? 0).toBe(0);
    expect((await store.head({ bucket, key: 'k', withTags: true }, quiet)).tags).toEqual({ a: '1', b: '2', c: '3' });
  });
}
