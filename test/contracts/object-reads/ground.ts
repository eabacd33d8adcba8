import { afterAll, afterEach, beforeEach, expect, onTestFinished } from 'vitest';
import { equalBytes } from '../../../src/format/bytes.ts';
import type { StreamParameters } from '../../../src/format/stream-parameters.ts';
import type { ObjectName, ObjectStore } from '../../../src/objects/object-store.ts';
import type { ContentRange, RangeRequest } from '../../../src/pipelines/content-range.ts';
import { type GetRequest, getObject, getObjectRange } from '../../../src/pipelines/get-object.ts';
import type { ByteSpan } from '../../../src/pipelines/wire-input.ts';
import { createFramePool, type FramePool } from '../../../src/workers/frame-pool.ts';
import { type CountingStore, countRequests } from '../../support/counting-store.ts';
import { access, calm, parametersOf } from '../../support/streams.ts';
import { WatchedSink } from '../../support/watched-sink.ts';
import { type MakeObjectStore, newBucketName } from '../object-store/ground.ts';

export const mib: number = 2 ** 20;
/** The first GET of a whole object, and of a part of one. */
export const wholeProbe: number = mib;
export const rangeProbe: number = 4096 + 64 + 65_536 + 36;

/** What objects are written with unless told: frames of 64 KiB in segments of 8 MiB. */
export const standard: StreamParameters = parametersOf({ frameSizeLog2: 16, segmentSizeLog2: 23, headerLen: 1024 });

export type GetOptions = Partial<Pick<GetRequest, 'known' | 'parallelReads' | 'pool' | 'sink'>>;

/** A store that counts, with a bucket, and what is done there in every test. */
export interface ReadGround {
  readonly store: CountingStore;
  readonly object: ObjectName;
  readonly pool: FramePool;
  /** Puts an object as it is, and counts from then on. */
  put(bytes: Uint8Array): Promise<void>;
  /** Gets all of it and compares it. */
  expectWhole(content: Uint8Array, options?: GetOptions): Promise<void>;
  /** Gets a range of it and compares it with the same range of the content. */
  expectRange(content: Uint8Array, range: RangeRequest, options?: GetOptions): Promise<ContentRange>;
  /** Which bytes were asked for since the object was put, in ascending order; all of them were read, all were closed. */
  spans(): ByteSpan[];
}

/** Makes a store for each test, and one pool for all of them. */
export function useReads(makeStore: MakeObjectStore): () => ReadGround {
  const pool = createFramePool({ workers: 2, plainBytes: 40 * mib, wireBytes: 32 * mib });
  afterAll(() => pool.close());
  let ground: ReadGround | undefined;
  let dispose: (() => Promise<void>) | undefined;
  beforeEach(async () => {
    const fixture = await makeStore();
    dispose = () => fixture.dispose();
    const bucket = newBucketName();
    await fixture.store.createBucket(bucket, calm);
    ground = groundOf(fixture.store, { bucket, key: 'object' }, pool);
  });
  afterEach(async () => {
    await dispose?.();
    dispose = undefined;
    ground = undefined;
  });
  return () => {
    if (ground === undefined) throw new Error('there is no store outside a test');
    return ground;
  };
}

function groundOf(plain: ObjectStore, object: ObjectName, pool: FramePool): ReadGround {
  const store = countRequests(plain);
  const request = { store, object, access, pool };
  return {
    store,
    object,
    pool,
    put: async (bytes) => {
      await plain.put(object, bytes, {}, {}, calm);
      store.reset();
      onTestFinished(() => expect([pool.plain.usedBytes, pool.wire.usedBytes]).toEqual([0, 0]));
    },
    expectWhole: async (content, options = {}) => {
      const sink = new WatchedSink();
      const { contentLength } = await getObject({ ...request, sink, ...options }, calm);
      expect([contentLength, sink.state]).toEqual([content.length, 'finished']);
      expect(equalBytes(sink.given(), content)).toBe(true);
    },
    expectRange: async (content, range, options = {}) => {
      const sink = new WatchedSink(true);
      const found = await getObjectRange({ ...request, sink, range, ...options }, calm);
      expect(sink.state).toBe('finished');
      expect(equalBytes(sink.given(), content.subarray(found.first, found.last + 1))).toBe(true);
      return found;
    },
    spans: () => {
      // Nothing but GETs, each of them for what was read of it.
      expect(Object.keys(store.requests)).toEqual(store.gets.length === 0 ? [] : ['get']);
      for (const get of store.gets) {
        expect(get.closed).toBe(true);
        expect(get.bytesRead).toBe(get.end - get.start);
      }
      return store.gets.map(({ start, end }) => ({ start, end })).sort((a, b) => a.start - b.start);
    },
  };
}

/** Spans as pairs, which are shorter to write. */
export function pairs(spans: readonly ByteSpan[]): [number, number][] {
  return spans.map(({ start, end }) => [start, end]);
}

/** Expects that spans cover a stretch, each byte once. */
export function expectTiles(spans: readonly ByteSpan[], start: number, end: number): void {
  let at = start;
  for (const span of spans) {
    expect(span.start).toBe(at);
    at = span.end;
  }
  expect(at).toBe(end);
}
