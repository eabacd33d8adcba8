import { expect, it } from 'vitest';
import { contentLengthOf, streamLength, wireOffset } from '../../../src/format/schedule.ts';
import { exportObject } from '../../../src/pipelines/get-object.ts';
import { verifyObjectStructure } from '../../../src/pipelines/verify-object.ts';
import { randomLooking } from '../../support/content.ts';
import { failureOf } from '../../support/refusal.ts';
import { calm, makeIndexed, makeScheduled, parametersOf } from '../../support/streams.ts';
import { WatchedSink } from '../../support/watched-sink.ts';
import { expectTiles, mib, pairs, type ReadGround, standard, wholeProbe } from './ground.ts';

/** What an object that is read whole costs. */
export function describeWholeReads(ground: () => ReadGround): void {
  it('an object without a byte costs one GET, and is truncated like any input without one', async () => {
    const { put, store, object } = ground();
    await put(new Uint8Array(0));
    const failure = await failureOf(ground().expectWhole(new Uint8Array(0)));
    expect([failure.code, store.requests]).toEqual(['truncated', { get: 1 }]);
    const sink = new WatchedSink();
    expect(await exportObject(store, object, sink, calm)).toBe(0);
    expect([sink.state, store.requests]).toEqual(['finished', { get: 2 }]);
  });

  it.each([0, 1, 100_000])('an object of %i bytes of content costs one GET', async (length) => {
    const { put, expectWhole, spans } = ground();
    const { content, bytes } = await makeScheduled(randomLooking(length, 'small'), standard);
    await put(bytes);
    await expectWhole(content);
    expect(pairs(spans())).toEqual([[0, bytes.length]]);
  });

  it('an object of a MiB costs one GET, of a byte more two', async () => {
    const { put, expectWhole, spans } = ground();
    const p = parametersOf({ segmentSizeLog2: 18 });
    expect(streamLength(p, contentLengthOf(p, wholeProbe)!)).toBe(wholeProbe);
    for (const [size, gets] of [
      [wholeProbe, [[0, wholeProbe]]],
      [
        wholeProbe + 1,
        [
          [0, wholeProbe],
          [wholeProbe, wholeProbe + 1],
        ],
      ],
    ] as const) {
      const { content, bytes } = await makeScheduled(randomLooking(contentLengthOf(p, size)!, size), p);
      await put(bytes);
      await expectWhole(content);
      expect(pairs(spans())).toEqual(gets);
    }
  });

  it('three segments cost a GET each, and the beginning one', async () => {
    const { put, expectWhole, spans, store } = ground();
    const { content, bytes } = await makeScheduled(randomLooking(20 * mib, 'three'), standard, ground());
    await put(bytes);
    await expectWhole(content);
    const [second, third] = [wireOffset(standard, 1), wireOffset(standard, 2)];
    expect(pairs(spans())).toEqual([
      [0, wholeProbe],
      [wholeProbe, second],
      [second, third],
      [third, bytes.length],
    ]);
    expect(store.bytes.get).toBe(bytes.length);
    // Of the version that the first answer was of.
    expect(new Set(store.gets.slice(1).map(({ ifMatch }) => ifMatch))).toEqual(
      new Set([(await store.head(ground().object, calm)).etag]),
    );
  });

  it('64 MiB cost ten GETs, several at a time, each byte once', async () => {
    const { put, expectWhole, spans, store, object } = ground();
    const { content, bytes } = await makeScheduled(randomLooking(64 * mib, 'large'), standard, ground());
    await put(bytes);
    for (const [parallelReads, least] of [
      [undefined, 2],
      [3, 2],
      [1, 1],
    ] as const) {
      store.reset();
      await expectWhole(content, { parallelReads });
      expect(spans().length).toBeLessThanOrEqual(64 / 8 + 2);
      expectTiles(spans(), 0, bytes.length);
      expect(store.mostOpenGets).toBeLessThanOrEqual(parallelReads ?? 8);
      expect(store.mostOpenGets).toBeGreaterThanOrEqual(least);
    }
    store.reset();
    const sink = new WatchedSink();
    expect(await exportObject(store, object, sink, calm)).toBe(bytes.length);
    expect(Buffer.compare(sink.given(), bytes)).toBe(0);
    expect(spans().length).toBeLessThanOrEqual(64 / 8 + 2);
    expectTiles(spans(), 0, bytes.length);
    expect(store.mostOpenGets).toBeGreaterThanOrEqual(2);
    store.reset();
    expect((await verifyObjectStructure(store, object, {}, calm)).contentLength).toBe(content.length);
    expect(pairs(spans())).toEqual([
      [0, wholeProbe],
      [wholeProbe, bytes.length],
    ]);
  });

  it('a compressed one costs as much as any other of its size', async () => {
    const { put, expectWhole, spans } = ground();
    // Every other byte is random, so that it shrinks to about half.
    const content = randomLooking(24 * mib, 'half').map((byte, at) => (at % 2 === 0 ? byte : 7));
    const { bytes } = await makeScheduled(content, { ...standard, compression: 1 }, ground());
    expect(bytes.length).toBeLessThan(20 * mib);
    await put(bytes);
    await expectWhole(content);
    expect(spans().length).toBeLessThanOrEqual(Math.ceil((bytes.length - mib) / (8 * mib)) + 1);
    expectTiles(spans(), 0, bytes.length);
  });

  it('an indexed one costs one GET if it is small, else its tail comes between', async () => {
    const { put, expectWhole, spans, store, object } = ground();
    const p = { ...standard, layout: 1 } as const;
    const small = await makeIndexed(randomLooking(100_000, 'i'), [{ partNumber: 3, lengths: [100_000] }], p);
    await put(small.bytes);
    await expectWhole(small.content);
    expect(pairs(spans())).toEqual([[0, small.bytes.length]]);

    const lengths = [mib, mib, mib, mib, mib];
    const parts = [1, 2, 5, 6].map((partNumber) => ({ partNumber, lengths }));
    const large = await makeIndexed(randomLooking(20 * mib, 'j'), parts, p, ground());
    await put(large.bytes);
    await expectWhole(large.content);
    const { length } = large.bytes;
    expectTiles(spans(), 0, length);
    // The beginning, the last 64 KiB, and two or three for what stands between.
    expect(spans().at(-1)).toEqual({ start: length - 65_536, end: length });
    expect(spans().length).toBeLessThanOrEqual(5);
    store.reset();
    await verifyObjectStructure(store, object, {}, calm);
    expect(pairs(spans())).toEqual([
      [0, wholeProbe],
      [wholeProbe, length - 65_536],
      [length - 65_536, length],
    ]);
    store.reset();
    // Who knows that it is indexed begins with the tail.
    const known = { head: await store.head(object, calm), indexed: true };
    store.reset();
    await expectWhole(large.content, { known });
    expectTiles(spans(), 0, length);
    expect(spans().length).toBeLessThanOrEqual(4);
    store.reset();
    await verifyObjectStructure(store, object, { known }, calm);
    expect(pairs(spans())).toEqual([
      [0, length - 65_536],
      [length - 65_536, length],
    ]);
  });

  it('says which version is read, as soon as that is known', async () => {
    const { put, store, object, pool } = ground();
    const { bytes } = await makeScheduled(randomLooking(10, 'head'), standard);
    await put(bytes);
    const head = await store.head(object, calm);
    const heads: unknown[] = [];
    const onHead = (told: { readonly etag: string; readonly sizeBytes: number }): unknown => heads.push(told);
    const sink = new WatchedSink();
    await exportObject(store, object, sink, calm, { onHead });
    await exportObject(store, object, new WatchedSink(), calm, { onHead, known: { head } });
    expect(heads).toMatchObject([
      { etag: head.etag, sizeBytes: bytes.length },
      { etag: head.etag, sizeBytes: bytes.length },
    ]);
    expect(pool.wire.usedBytes).toBe(0);
  });
}
