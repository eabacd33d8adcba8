import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../../src/errors.ts';
import { headObject } from '../../../src/gateway/operations/head-object.ts';
import { describeListed } from '../../../src/gateway/reading/describe-listed.ts';
import { opaqueEtag } from '../../../src/gateway/reading/opaque-etag.ts';
import type { BucketStore } from '../../../src/objects/bucket-store.ts';
import { randomLooking, xorBit } from '../../support/content.ts';
import { calm, inlinePool } from '../../support/streams.ts';
import { bucket, layGround, makeBound, makeBoundIndexed, type ReadingGround, standard } from './reading-ground.ts';

const mib = 2 ** 20;
const content = randomLooking(5 * mib, 'listed');
const pool = inlinePool(32 * mib);

/** A store that does not give some objects, or none. */
function failing(keys: readonly string[] | undefined, error: SealpartError, onGet?: () => void) {
  return (store: BucketStore): BucketStore =>
    new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (name !== 'get') return typeof value === 'function' ? value.bind(target) : value;
        return async (...given: Parameters<BucketStore['get']>) => {
          onGet?.();
          if (keys === undefined || keys.includes(given[0].key)) throw error;
          return target.get(...given);
        };
      },
    });
}

async function listed(gateway: ReadingGround) {
  const { objects } = await gateway.store.list({ bucket }, calm);
  gateway.store.reset();
  return describeListed(gateway.ground, bucket, objects, calm);
}

describe('objects of a listing', () => {
  it('that have records cost no request', async () => {
    const gateway = await layGround();
    const made = await makeBound(content.subarray(0, 1000), standard, { ofKey: 'k' });
    for (let each = 0; each < 40; each++) await gateway.put(made, { ofKey: `k${each}`, record: 'table' });
    const described = await listed(gateway.restarted());
    expect(described.map(({ sizeBytes }) => sizeBytes)).toEqual(Array.from({ length: 40 }, () => 1000));
    expect(described[0]).toMatchObject({
      etag: 'd41d8cd98f00b204e9800998ecf8427e',
      checksumAlgorithms: ['CRC32C'],
    });
    expect(gateway.store.requests).toEqual({});
  });

  it('that have none cost one GET of 4 KiB, 16 at a time, and nothing the next time', async () => {
    const gateway = await layGround();
    for (let each = 0; each < 40; each++) {
      const ofKey = `k${100 + each}`;
      const made = await makeBound(content.subarray(0, 5000 + each), standard, { ofKey });
      await gateway.put(made, { ofKey, record: each % 2 === 0 ? 'none' : 'metadata' });
    }
    for (const requests of [{ get: 40 }, {}]) {
      const described = await listed(gateway);
      expect(described.map(({ sizeBytes }) => sizeBytes)).toEqual([...described.keys()].map((each) => 5000 + each));
      expect(described.map(({ etag }) => /-1$/.test(etag))).toEqual(
        [...described.keys()].map((each) => each % 2 === 0),
      );
      expect(gateway.store.requests).toEqual(requests);
      if (requests.get !== undefined) {
        expect(gateway.store.mostOpenGets).toBe(16);
        expect(gateway.store.gets.every(({ end, closed }) => end <= 4096 && closed)).toBe(true);
      }
    }
  });

  it('of every kind: large, empty, indexed, compressed, foreign', async () => {
    const gateway = await layGround();
    const compressed = { ...standard, compression: 1 } as const;
    const half = content.map((byte, at) => (at % 2 === 0 ? byte : 7));
    const parts = [{ partNumber: 1, lengths: [mib, mib] }];
    await gateway.put(await makeBound(content, standard, { pool, ofKey: '1' }), { ofKey: '1', record: 'none' });
    await gateway.put(await makeBound(half, compressed, { pool, ofKey: '2' }), { ofKey: '2', record: 'none' });
    const indexed = await makeBoundIndexed(content.subarray(0, 2 * mib), parts, pool);
    await gateway.put(indexed, { record: 'none' });
    await gateway.put(await makeBound(new Uint8Array(0), standard, { ofKey: '3' }), { ofKey: '3', record: 'none' });
    await gateway.putBytes(content.subarray(0, 3000), {}, '4');
    await gateway.putBytes(new Uint8Array(0), {}, '5');
    const { objects } = await gateway.store.list({ bucket }, calm);
    const described = await listed(gateway);
    expect(described.map(({ kind, sizeBytes }) => [kind, sizeBytes])).toEqual([
      ['sealed', content.length],
      ['sealed', content.length],
      ['sealed', 0],
      ['foreign', 3000],
      ['foreign', 0],
      ['sealed', 2 * mib],
    ]);
    const isForeign = ({ kind }: (typeof described)[number]): boolean => kind === 'foreign';
    expect(described.map((one) => one.etag)).toEqual(
      described.map((one, at) => (isForeign(one) ? objects[at]!.etag : opaqueEtag(objects[at]!.etag))),
    );
  });

  it('a size that is only computed is proved before it is told as that of one object', async () => {
    const gateway = await layGround();
    await gateway.put(await makeBound(content, standard, { pool }), { record: 'none' });
    expect((await listed(gateway))[0]).toMatchObject({ sizeBytes: content.length, isSizeProven: false });
    gateway.store.reset();
    await gateway.ask(headObject, { method: 'HEAD' });
    expect(gateway.store.requests).toEqual({ head: 1, get: 2 });
    expect((await listed(gateway))[0]).toMatchObject({ sizeBytes: content.length, isSizeProven: true });
    expect(gateway.store.requests).toEqual({});
  });

  it('that are damaged, of others, or gone do not spoil it', async () => {
    let deleted = 0;
    const decorate = (store: BucketStore): BucketStore =>
      new Proxy(store, {
        get(target, name) {
          const value = Reflect.get(target, name);
          if (name !== 'get') return typeof value === 'function' ? value.bind(target) : value;
          return async (...given: Parameters<BucketStore['get']>) => {
            if (given[0].key === '3' && deleted++ === 0) await target.delete({ bucket, key: '3' }, calm);
            return target.get(...given);
          };
        },
      });
    const gateway = await layGround({ decorate });
    const made = await makeBound(content.subarray(0, 1000), standard, { ofKey: '1' });
    await gateway.putBytes(xorBit(made.bytes, 800), {}, '1');
    await gateway.putBytes(made.bytes, {}, '2');
    await gateway.putBytes(made.bytes, {}, '3');
    const described = await listed(gateway);
    expect(described.map(({ kind, sizeBytes }) => [kind, sizeBytes])).toEqual(
      Array.from({ length: 3 }, () => ['sealed', made.bytes.length]),
    );
    expect(deleted).toBeGreaterThan(0);
  });

  it.each([
    ['denied', undefined],
    ['denied', 'InvalidObjectState'],
    ['store', undefined],
  ] as const)('that the store does not give (%s, %s) are listed as it has them', async (code, said) => {
    const gateway = await layGround({
      decorate: failing(['1', '3'], new SealpartError(code, 'Made to fail.', { said })),
    });
    for (const ofKey of ['1', '2', '3']) {
      await gateway.put(await makeBound(content.subarray(0, 1000), standard, { ofKey }), { ofKey, record: 'none' });
    }
    const { objects } = await gateway.store.list({ bucket }, calm);
    expect((await listed(gateway)).map(({ sizeBytes }) => sizeBytes)).toEqual([
      objects[0]!.sizeBytes,
      1000,
      objects[2]!.sizeBytes,
    ]);
  });

  it('also if they are all that is listed, where they are archived', async () => {
    const error = new SealpartError('denied', 'Made to fail.', { said: 'InvalidObjectState' });
    const gateway = await layGround({ decorate: failing(['1'], error) });
    const made = await makeBound(content.subarray(0, 1000), standard, { ofKey: '1' });
    await gateway.put(made, { ofKey: '1', record: 'none' });
    expect((await listed(gateway)).map(({ sizeBytes }) => sizeBytes)).toEqual([made.bytes.length]);
  });

  it('but who gives up is told so', async () => {
    const gone = new AbortController();
    const error = new SealpartError('aborted', 'Made to fail.');
    const gateway = await layGround({ decorate: failing(['1'], error) });
    for (const ofKey of ['1', '2']) {
      await gateway.put(await makeBound(content.subarray(0, 1000), standard, { ofKey }), { ofKey, record: 'none' });
    }
    await expect(listed(gateway)).rejects.toBe(error);
    gone.abort();
    const { objects } = await gateway.store.list({ bucket }, calm);
    await expect(describeListed(gateway.ground, bucket, objects, gone.signal)).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('but a store that fails does, before all of it was tried', async () => {
    let gets = 0;
    const error = new SealpartError('store', 'Made to fail.');
    const gateway = await layGround({ decorate: failing(undefined, error, () => gets++) });
    for (let each = 0; each < 60; each++) {
      await gateway.put(await makeBound(new Uint8Array(10)), { ofKey: `k${each}`, record: 'none' });
    }
    await expect(listed(gateway)).rejects.toBe(error);
    expect(gets).toBeLessThan(40);
  });

  it('and one that gives nothing', async () => {
    const gateway = await layGround({ decorate: failing(undefined, new SealpartError('store', 'Made to fail.')) });
    await gateway.put(await makeBound(content.subarray(0, 1000)), { record: 'none' });
    await expect(listed(gateway)).rejects.toMatchObject({ code: 'store' });
  });
});

it('an opaque ETag is never of the form of an MD5, and follows the store', () => {
  expect(opaqueEtag('d41d8cd98f00b204e9800998ecf8427e')).toBe('d41d8cd98f00b204e9800998ecf8427e-1');
  expect(opaqueEtag('d41d8cd98f00b204e9800998ecf8427e-12')).toBe('d41d8cd98f00b204e9800998ecf8427e-12');
});
