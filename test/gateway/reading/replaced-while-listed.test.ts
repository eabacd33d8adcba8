import { expect, it } from 'vitest';
import { describeListed } from '../../../src/gateway/reading/describe-listed.ts';
import { opaqueEtag } from '../../../src/gateway/reading/opaque-etag.ts';
import type { BucketStore } from '../../../src/objects/bucket-store.ts';
import { randomLooking } from '../../support/content.ts';
import { calm } from '../../support/streams.ts';
import { bucket, key, layGround, makeBound, standard } from './reading-ground.ts';

const content = randomLooking(5000, 'replaced');

/** Replaces the object so many times, each time just before it is read. */
async function listedWhileReplaced(times: number) {
  const states = await Promise.all(
    Array.from({ length: times + 1 }, (_, at) => makeBound(content.subarray(at), standard, { seed: at + 1 })),
  );
  let replaced = 0;
  const decorate = (store: BucketStore): BucketStore =>
    new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (name !== 'get') return typeof value === 'function' ? value.bind(target) : value;
        return async (...given: Parameters<BucketStore['get']>) => {
          if (replaced < times) await target.put({ bucket, key }, states[++replaced]!.bytes, {}, {}, calm);
          return target.get(...given);
        };
      },
    });
  const gateway = await layGround({ decorate });
  await gateway.put(states[0]!, { record: 'none' });
  const { objects } = await gateway.store.list({ bucket }, calm);
  const [described] = await describeListed(gateway.ground, bucket, objects, calm);
  const { etag } = await gateway.store.head({ bucket, key }, calm);
  return { described, replaced, etag };
}

it('an object that is replaced while it is listed has the size of one of its contents', async () => {
  for (const times of [1, 3]) {
    const { described, replaced, etag } = await listedWhileReplaced(times);
    expect(replaced).toBe(times);
    expect(described).toMatchObject({ kind: 'sealed', sizeBytes: content.length - times, etag: opaqueEtag(etag) });
  }
});

it('and does not keep a listing waiting that is replaced again and again', async () => {
  const { described, replaced } = await listedWhileReplaced(20);
  expect(replaced).toBe(4);
  expect(described).toMatchObject({ kind: 'sealed', isSizeProven: false });
});
