import { describe, expect, it } from 'vitest';
import { getObject } from '../../../src/gateway/operations/get-object.ts';
import { getObjectAttributes } from '../../../src/gateway/operations/get-object-attributes.ts';
import { headObject } from '../../../src/gateway/operations/head-object.ts';
import { headerText } from '../../../src/gateway/reading/header-text.ts';
import type { BucketStore } from '../../../src/objects/bucket-store.ts';
import { formatHttpDate } from '../../../src/s3-protocol/conditions/http-date.ts';
import { toS3Error } from '../../../src/s3-protocol/errors/to-s3-error.ts';
import { randomLooking } from '../../support/content.ts';
import { noteFault } from '../../support/fault-log.ts';
import { calm, inlinePool } from '../../support/streams.ts';
import { type Asked, bucket, key, layGround, makeBound, type ReadingGround, standard } from './reading-ground.ts';

const mib = 2 ** 20;
const content = randomLooking(3 * mib, 'conditions');
const pool = inlinePool(32 * mib);
const making = {
  small: makeBound(content.subarray(0, 1000)),
  large: makeBound(content, standard, { pool }),
  empty: makeBound(new Uint8Array(0)),
};
const etag = '"d41d8cd98f00b204e9800998ecf8427e"';

async function grounds(): Promise<[ReadingGround, number][]> {
  const small = await layGround();
  const large = await layGround();
  await small.put(await making.small);
  await large.put(await making.large);
  return [
    [small, 1000],
    [large, content.length],
  ];
}

/** What both a GET and a HEAD answer, which is the same but for the body. */
async function both(gateway: ReadingGround, asked: Asked): Promise<{ status: number; length: number; range: string }> {
  const outcome = async (handler: typeof getObject, method: string) => {
    try {
      const { status, headers, bytes } = await gateway.ask(handler, { ...asked, method });
      const length = method === 'HEAD' ? Number(headers['content-length'] ?? 0) : bytes.length;
      return { status, length, range: headers['content-range'] ?? '' };
    } catch (error) {
      const { status, fields } = toS3Error(error, { bucket, key });
      return { status, length: 0, range: fields.ActualObjectSize ?? '' };
    }
  };
  const head = await outcome(headObject, 'HEAD');
  expect(await outcome(getObject, 'GET')).toEqual(head);
  return head;
}

describe('conditions and ranges (H15, H16)', () => {
  it('H15: lengths are those of the content, whatever was asked', async () => {
    let reached = 0;
    for (const [gateway, length] of await grounds()) {
      const past = formatHttpDate(Date.now() - 86_400_000);
      const future = formatHttpDate(Date.now() + 60_000);
      const range = 'bytes=10-19';
      const whole = { status: 200, length, range: '' };
      const part = { status: 206, length: 10, range: `bytes 10-19/${length}` };
      const failed = { status: 412, length: 0, range: '' };
      const unmodified = { status: 304, length: 0, range: '' };
      for (const [headers, expected] of [
        [{}, whole],
        [{ range }, part],
        [{ 'if-match': etag }, whole],
        [{ 'if-match': etag, range }, part],
        [{ 'if-match': '"other"' }, failed],
        [{ 'if-match': '"other"', range }, failed],
        [{ 'if-none-match': etag }, unmodified],
        [{ 'if-none-match': etag, range }, unmodified],
        [{ 'if-none-match': `W/${etag}` }, unmodified],
        [{ 'if-none-match': '"other"', range }, part],
        [{ 'if-modified-since': past }, whole],
        [{ 'if-modified-since': future }, unmodified],
        [{ 'if-unmodified-since': past }, failed],
        [{ 'if-unmodified-since': future, range }, part],
        [{ 'if-match': etag, 'if-unmodified-since': past }, whole],
        [{ 'if-range': etag, range }, part],
        [{ 'if-range': '"other"', range }, whole],
        [{ 'if-range': past, range }, whole],
      ] as const) {
        // What is remembered after the first request changes nothing.
        for (let times = 0; times < 2; times++) {
          expect(await both(gateway, { headers }), JSON.stringify(headers)).toEqual(expected);
          reached++;
        }
      }
    }
    noteFault({ id: 'H15', injected: 'conditions with ranges', reached, outcome: 'as S3 answers' });
  });

  it('H16: ranges that cannot be, or are none', async () => {
    let reached = 0;
    for (const [gateway, length] of await grounds()) {
      const whole = { status: 200, length, range: '' };
      const none = { status: 416, length: 0, range: String(length) };
      for (const [range, expected] of [
        ['bytes=-0', none],
        [`bytes=${length}-`, none],
        ['bytes=9007199254740993-', none],
        ['bytes=9223372036854775808-', whole],
        [`bytes=-${length + 1}`, { status: 206, length, range: `bytes 0-${length - 1}/${length}` }],
        ['bytes=-99999999999999999', { status: 206, length, range: `bytes 0-${length - 1}/${length}` }],
        ['bytes=20-10', whole],
        ['bytes=0-1,3-4', whole],
        ['bytes=a-b', whole],
        ['items=0-1', whole],
        ['bytes=-', whole],
        ['', whole],
        ['bytes=0-0', { status: 206, length: 1, range: `bytes 0-0/${length}` }],
        [`bytes=${length - 1}-`, { status: 206, length: 1, range: `bytes ${length - 1}-${length - 1}/${length}` }],
      ] as const) {
        for (let times = 0; times < 2; times++) {
          expect(await both(gateway, { headers: { range } }), range).toEqual(expected);
          reached++;
        }
      }
    }
    const gateway = await layGround();
    await gateway.put(await making.empty);
    expect(await both(gateway, { headers: { range: 'bytes=0-' } })).toEqual({ status: 416, length: 0, range: '0' });
    expect(await both(gateway, { headers: { range: 'bytes=-5' } })).toEqual({ status: 200, length: 0, range: '' });
    noteFault({ id: 'H16', injected: 'ranges of no sense', reached, outcome: '416 or 200, as S3 answers' });
  });

  it('H18: the one part of an object that was put whole is all of it', async () => {
    let reached = 0;
    for (const [gateway, length] of await grounds()) {
      const first = await both(gateway, { query: 'partNumber=1' });
      expect(first).toEqual({ status: 206, length, range: `bytes 0-${length - 1}/${length}` });
      const told = await gateway.ask(headObject, { method: 'HEAD', query: 'partNumber=1' });
      expect(told.headers['x-amz-mp-parts-count']).toBeUndefined();
      expect((await both(gateway, { query: 'partNumber=2' })).status).toBe(416);
      for (const number of ['0', '10001', 'x']) {
        expect((await both(gateway, { query: `partNumber=${number}` })).status).toBe(400);
      }
      expect((await both(gateway, { query: 'partNumber=1', headers: { range: 'bytes=0-1' } })).status).toBe(400);
      expect((await both(gateway, { query: 'partNumber=1', headers: { 'if-none-match': etag } })).status).toBe(304);
      reached++;
    }
    const parts = await layGround();
    await parts.put(await making.small, { recorded: { partCount: 3 } });
    expect((await both(parts, { query: 'partNumber=2' })).status).toBe(501);
    expect((await both(parts, { query: 'partNumber=4' })).status).toBe(416);
    noteFault({ id: 'H18', injected: 'part numbers', reached, outcome: 'the whole, or InvalidPartNumber' });
  });
});

describe('requests that a HEAD costs', () => {
  it.each([
    ['metadata', { head: 1 }],
    ['table', { head: 1 }],
    // The stream's header with that of the one segment, and the TERMINATOR: they prove the length.
    ['none', { head: 1, get: 2 }],
  ] as const)('with its record in: %s', async (record, requests) => {
    const gateway = await layGround();
    await gateway.put(await making.large, { record });
    const { headers } = await gateway.ask(headObject, { method: 'HEAD' });
    expect([headers['content-length'], gateway.store.requests]).toEqual([String(content.length), requests]);
    gateway.store.reset();
    await gateway.ask(headObject, { method: 'HEAD' });
    expect(gateway.store.requests).toEqual({ head: 1 });
  });

  it('a GET that may find nothing changed asks for no content', async () => {
    const gateway = await layGround();
    await gateway.put(await making.large);
    const { status } = await gateway.ask(getObject, { headers: { 'if-none-match': etag } });
    expect([status, gateway.store.requests]).toEqual([304, { head: 1 }]);
  });
});

describe('what is told of an object', () => {
  const attributes = {
    metadata: { owner: 'somebody', 'x-y': 'a b' },
    headers: { 'content-type': 'image/png', 'cache-control': 'no-store', 'content-encoding': 'gzip', expires: 'never' },
    tags: { a: '1', b: '2' },
  };

  it('metadata, headers, tags and checksums, and nothing of our own', async () => {
    for (const size of ['small', 'large'] as const) {
      const gateway = await layGround();
      await gateway.put(await making[size], { attributes });
      const head = await gateway.ask(headObject, { method: 'HEAD', headers: { 'x-amz-checksum-mode': 'ENABLED' } });
      const { 'content-length': length, ...headers } = head.headers;
      expect(headers).toEqual({
        etag,
        'last-modified': expect.stringMatching(/GMT$/),
        'accept-ranges': 'bytes',
        'content-type': 'image/png',
        'cache-control': 'no-store',
        'content-encoding': 'gzip',
        expires: 'never',
        'x-amz-meta-owner': 'somebody',
        'x-amz-meta-x-y': 'a b',
        'x-amz-tagging-count': '2',
        'x-amz-checksum-crc32c': 'AAAAAA==',
        'x-amz-checksum-type': 'FULL_OBJECT',
      });
      expect(length).toBe(String((await making[size]).content.length));
      const whole = await gateway.ask(getObject, { headers: { 'x-amz-checksum-mode': 'ENABLED' } });
      expect(whole.headers).toEqual(headers);
      const part = await gateway.ask(getObject, { headers: { 'x-amz-checksum-mode': 'ENABLED', range: 'bytes=0-9' } });
      expect(part.headers).toMatchObject({ 'content-range': expect.any(String), 'x-amz-meta-owner': 'somebody' });
      expect(Object.keys(part.headers).some((name) => name.startsWith('x-amz-checksum'))).toBe(false);
      expect((await gateway.ask(getObject)).headers['x-amz-checksum-crc32c']).toBeUndefined();
      const unmodified = await gateway.ask(headObject, { method: 'HEAD', headers: { 'if-none-match': etag } });
      expect(Object.keys(unmodified.headers).sort()).toEqual(['cache-control', 'etag', 'expires', 'last-modified']);
    }
  });

  it('what the request wants in place of headers, of who signs it', async () => {
    const gateway = await layGround();
    await gateway.put(await making.small, { attributes });
    const query = 'response-content-type=text%2Fplain&response-cache-control=max-age%3D1';
    const { headers } = await gateway.ask(getObject, { query });
    expect(headers).toMatchObject({ 'content-type': 'text/plain', 'cache-control': 'max-age=1', expires: 'never' });
    const anonymous = gateway.ask(getObject, { query, anonymous: true });
    await expect(anonymous).rejects.toMatchObject({ code: 'InvalidRequest' });
    const split = gateway.ask(getObject, { query: 'response-expires=a%0d%0aSet-Cookie:%20b' });
    await expect(split).rejects.toMatchObject({ code: 'InvalidArgument' });
    const mode = gateway.ask(getObject, { headers: { 'x-amz-checksum-mode': 'x' } });
    await expect(mode).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  it('H12: what a store says cannot end a header', async () => {
    let reached = 0;
    const evil = 'a\r\nSet-Cookie: b';
    const decorate = (store: BucketStore): BucketStore =>
      new Proxy(store, {
        get(target, name) {
          const value = Reflect.get(target, name);
          if (name !== 'head') return typeof value === 'function' ? value.bind(target) : value;
          return async (...given: Parameters<BucketStore['head']>) => {
            reached++;
            const head = await target.head(...given);
            const metadata = { ...head.metadata, evil, 'x\n': 'y' };
            return { ...head, etag: evil, versionId: evil, metadata, headers: { 'content-type': evil } };
          };
        },
      });
    const gateway = await layGround({ decorate });
    await gateway.put(await making.small);
    const { headers } = await gateway.ask(headObject, { method: 'HEAD' });
    for (const [name, value] of Object.entries(headers)) expect(`${name}${value}`).not.toMatch(/[^\t -~\u0080-\u00ff]/);
    expect(headers['x-amz-meta-evil']).toBe(`=?UTF-8?B?${Buffer.from(evil).toString('base64')}?=`);
    expect(headerText('caf\u00e9 \u20ac')).toBe(`=?UTF-8?B?${Buffer.from('café €').toString('base64')}?=`);
    noteFault({ id: 'H12', injected: 'line ends in what a store says', reached, outcome: 'encoded' });
  });

  it('an opaque ETag where there is no record, and S3 sign of it where that was chosen', async () => {
    const gateway = await layGround({ changes: { etags: 'opaque' } });
    await gateway.put(await making.small, { record: 'none' });
    const { headers } = await gateway.ask(getObject);
    const backend = (await gateway.store.head({ bucket, key }, calm)).etag;
    expect(headers).toMatchObject({ etag: `"${backend}-1"`, 'x-amz-server-side-encryption': 'aws:kms' });
    expect((await gateway.ask(getObject, { headers: { 'if-none-match': headers.etag! } })).status).toBe(304);
  });
});

describe('GetObjectAttributes', () => {
  const ask = (gateway: ReadingGround, attributes: string, headers = {}) =>
    gateway.ask(getObjectAttributes, {
      query: 'attributes',
      headers: { 'x-amz-object-attributes': attributes, ...headers },
    });

  it('tells what was asked for, of the content', async () => {
    const gateway = await layGround();
    await gateway.put(await making.large);
    const text = async (attributes: string) => Buffer.from((await ask(gateway, attributes)).bytes).toString();
    const all = await text('ETag, Checksum,ObjectParts,StorageClass,ObjectSize');
    expect(all).toContain(
      '<ETag>d41d8cd98f00b204e9800998ecf8427e</ETag><Checksum><ChecksumCRC32C>AAAAAA==</ChecksumCRC32C>' +
        '<ChecksumType>FULL_OBJECT</ChecksumType></Checksum><StorageClass>STANDARD</StorageClass>' +
        `<ObjectSize>${content.length}</ObjectSize>`,
    );
    expect(await text('ObjectSize')).not.toContain('ETag');
    expect(gateway.store.requests).toEqual({ head: 2 });
  });

  it('refuses what it does not know', async () => {
    const gateway = await layGround();
    await gateway.put(await making.small);
    await expect(ask(gateway, ' ')).rejects.toMatchObject({ code: 'InvalidRequest' });
    await expect(ask(gateway, 'ETag,Size')).rejects.toMatchObject({ code: 'InvalidArgument' });
    await expect(ask(gateway, 'ETag', { 'x-amz-max-parts': '-1' })).rejects.toMatchObject({ code: 'InvalidArgument' });
  });
});
