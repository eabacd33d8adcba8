import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { concatBytes, equalBytes } from '../../src/format/bytes.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { exportObject, getObject, getObjectRange } from '../../src/pipelines/get-object.ts';
import { type PutRequest, putObject } from '../../src/pipelines/put-object.ts';
import { readUnopened, walkSegments } from '../../src/pipelines/walk-segments.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { createFramePool } from '../../src/workers/frame-pool.ts';
import { randomLooking } from '../support/content.ts';
import { cutSource } from '../support/pieces.ts';
import { failureOf } from '../support/refusal.ts';
import { access, calm, kek, makeIndexed } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { WatchedSink } from '../support/watched-sink.ts';

const mib = 2 ** 20;
const bucket = 'bucket';
const object = { bucket, key: 'some/../object' };
const content = randomLooking(17 * mib, 'object');
const pool = createFramePool({ workers: 2, plainBytes: 34 * mib, wireBytes: 26 * mib });
afterAll(() => pool.close());
const common = { recipients: [keyFileRecipient(kek)], pool, digestAlg: 3 } as const;

async function openStore(): Promise<ObjectStore> {
  const store = await openDirectoryStore(await temporaryDirectory(), { create: true });
  onTestFinished(() => store.close());
  await store.createBucket(bucket, calm);
  return store;
}

/** The same store, some of which is otherwise. */
function altered(store: ObjectStore, changes: Partial<ObjectStore>): ObjectStore {
  return new Proxy(store, {
    get(target, name) {
      if (name in changes) return Reflect.get(changes, name);
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function put(store: ObjectStore, bytes: Uint8Array, options: Partial<PutRequest> = {}): Promise<void> {
  await putObject({ ...common, source: createMemorySource(bytes), store, object, ...options }, calm);
}

async function uploadsIn(store: ObjectStore): Promise<number> {
  let count = 0;
  for await (const _ of store.listUploads(bucket, calm)) count++;
  return count;
}

async function exported(store: ObjectStore): Promise<Uint8Array> {
  const sink = new WatchedSink();
  const length = await exportObject(store, object, sink, calm);
  expect([sink.state, sink.givenBytes, sink.committedBytes]).toEqual(['finished', length, length]);
  return sink.given();
}

describe('an object', () => {
  it('is one segment a part, and comes back whole, by ranges and as it is', async () => {
    const store = await openStore();
    await put(store, content);
    const { partSizesBytes, sizeBytes } = await store.head(object, calm);
    const stream = await exported(store);
    expect(stream).toHaveLength(sizeBytes);
    const input = createMemorySource(stream);
    const unopened = await readUnopened(input, calm);
    const sizes: number[] = [];
    for await (const { header } of walkSegments(input, unopened, calm)) sizes.push(64 + header.wireLength);
    sizes[0]! += unopened.header.bytes.length;
    expect(partSizesBytes).toEqual(sizes);
    // All full parts have one size (§2.6).
    expect(sizes[0]).toBe(sizes[1]);
    const sink = new WatchedSink(true);
    await getObject({ store, object, sink, access: { ...access, objectName: object }, pool }, calm);
    expect(equalBytes(sink.given(), content)).toBe(true);
    const part = new WatchedSink();
    const range = { first: 8 * mib - 3, last: 9 * mib };
    expect(await getObjectRange({ store, object, sink: part, access, range, pool }, calm)).toEqual(range);
    expect(equalBytes(part.given(), content.subarray(range.first, range.last + 1))).toBe(true);
  });

  it('of one segment is put whole, of none as well', async () => {
    const store = await openStore();
    for (const length of [0, 1, 100_000]) {
      const refusing = altered(store, { createMultipart: () => Promise.reject(new Error('no upload is needed')) });
      await put(refusing, content.subarray(0, length));
      const sink = new WatchedSink();
      await getObject({ store, object, sink, access, pool }, calm);
      expect(equalBytes(sink.given(), content.subarray(0, length))).toBe(true);
      expect((await store.head(object, calm)).partSizesBytes).toBeUndefined();
    }
  });

  it('of unknown length grows by whole parts', async () => {
    const store = await openStore();
    await put(store, content, { source: cutSource(content, [300_000]) });
    const sink = new WatchedSink();
    await getObject({ store, object, sink, access, pool }, calm);
    expect(equalBytes(sink.given(), content)).toBe(true);
  });

  it('is bound to its name (§6.25)', async () => {
    const store = await openStore();
    await put(store, content.subarray(0, 100));
    const other = { ...access, objectName: { bucket, key: 'other' } };
    const sink = new WatchedSink();
    expect((await failureOf(getObject({ store, object, sink, access: other, pool }, calm))).code).toBe('wrong-object');
    expect([sink.state, sink.givenBytes]).toEqual(['aborted', 0]);
  });

  it('of layout 1 is found by its first bytes (§7.10)', async () => {
    const store = await openStore();
    const made = await makeIndexed(content.subarray(0, 20_000), [{ partNumber: 1, lengths: [16_384, 3_616] }]);
    await store.put(object, made.bytes, {}, {}, calm);
    const sink = new WatchedSink();
    await getObject({ store, object, sink, access, pool }, calm);
    expect(equalBytes(sink.given(), made.content)).toBe(true);
  });

  it('that is compressed keeps parts that a store takes (§3.12)', async () => {
    const store = await openStore();
    const zeros = new Uint8Array(17 * mib);
    await put(store, zeros, { zstd: true });
    const { partSizesBytes } = await store.head(object, calm);
    expect(partSizesBytes!.slice(0, -1).every((size) => size >= store.limits.minPartBytes)).toBe(true);
    expect(partSizesBytes!.at(-1)).toBeLessThan(10_000);
    const sink = new WatchedSink();
    await getObject({ store, object, sink, access, pool }, calm);
    expect(equalBytes(sink.given(), zeros)).toBe(true);
  });
});

describe('an object that changes while it is read (§6.21)', () => {
  it('is refused, whether the store honours the condition or not', async () => {
    const store = await openStore();
    await put(store, content);
    const stream = await exported(store);
    /** Replaced behind the first answer, by an object that has the same bytes. */
    const replaced = (honours: boolean): ObjectStore => {
      let answers = 0;
      return altered(store, {
        get: async (request, signal) => {
          if (answers++ === 1) await store.put(object, stream, {}, {}, calm);
          const { ifMatch, ...rest } = request;
          return store.get(honours && ifMatch !== undefined ? { ...rest, ifMatch } : rest, signal);
        },
      });
    };
    for (const honours of [true, false]) {
      const range = { first: 8 * mib, last: 8 * mib + 10 };
      for (const run of [
        (store: ObjectStore, sink: WatchedSink) => getObject({ store, object, sink, access, pool }, calm),
        (store: ObjectStore, sink: WatchedSink) => getObjectRange({ store, object, sink, access, range, pool }, calm),
        (store: ObjectStore, sink: WatchedSink) => exportObject(store, object, sink, calm),
      ]) {
        const sink = new WatchedSink();
        expect((await failureOf(run(replaced(honours), sink))).code).toBe('precondition');
        expect([sink.state, sink.givenBytes]).toEqual(['aborted', 0]);
      }
    }
  });

  it('or whose answers are shorter than the store said', async () => {
    const store = await openStore();
    await put(store, content.subarray(0, 100_000));
    const whole = await exported(store);
    const short = altered(store, {
      get: async (request, signal) => {
        const body = await store.get(request, signal);
        const range = { first: 0, last: whole.length, suffixBytes: 0, ...request.range };
        let left = Math.min(range.last, whole.length) - range.first - 10;
        return {
          head: body.head,
          read: async (target, inner) => {
            const count = await body.read(target.subarray(0, Math.max(0, left)), inner);
            left -= count;
            return count;
          },
          close: () => body.close(),
        };
      },
    });
    const range = { first: 0, last: 99_999 };
    for (const [code, run] of [
      ['store', (sink: WatchedSink) => exportObject(short, object, sink, calm)],
      ['store', (sink: WatchedSink) => getObjectRange({ store: short, object, sink, access, range, pool }, calm)],
    ] as const) {
      const sink = new WatchedSink();
      expect((await failureOf(run(sink))).code).toBe(code);
      expect(sink.state).toBe('aborted');
    }
  });

  it('or is not there', async () => {
    const store = await openStore();
    for (const run of [
      (sink: WatchedSink) => getObject({ store, object, sink, access, pool }, calm),
      (sink: WatchedSink) => getObjectRange({ store, object, sink, access, range: { first: 0 }, pool }, calm),
      (sink: WatchedSink) => exportObject(store, object, sink, calm),
    ]) {
      const sink = new WatchedSink();
      expect((await failureOf(run(sink))).code).toBe('not-found');
      expect(sink.state).toBe('aborted');
    }
  });
});

describe('an object that cannot be put', () => {
  it('because it needs more parts than there can be', async () => {
    const store = await openStore();
    const two = altered(store, { limits: { ...store.limits, maxParts: 2 } });
    const segmentSizeBytes = 8 * mib;
    const known = await failureOf(put(two, content, { segmentSizeBytes }));
    expect([known.code, known.message]).toEqual(['bad-parameters', expect.stringContaining('there can be 2')]);
    // Where nobody knows before, it turns out when the third is read; the first two are not left behind.
    const source = cutSource(content, [500_000]);
    const unknown = await failureOf(put(two, content, { segmentSizeBytes, source }));
    expect([unknown.code, unknown.message]).toEqual(['bad-parameters', expect.stringContaining('2 segments')]);
    expect(await uploadsIn(store)).toBe(0);
    await put(two, content.subarray(0, 16 * mib - 1024), { segmentSizeBytes });
  });

  it('because its segments are too small for a store', async () => {
    const store = await openStore();
    const failure = await failureOf(put(store, content, { segmentSizeBytes: 4 * mib }));
    expect([failure.code, failure.message]).toEqual(['bad-parameters', expect.stringContaining('Take 8MiB')]);
  });

  it('and whose upload cannot be taken back: both are told, and where the parts are', async () => {
    const store = await openStore();
    const failing = altered(store, {
      uploadPart: () => Promise.reject(new SealpartError('store', 'The disk is full.')),
      abortMultipart: () => Promise.reject(new SealpartError('store', 'The disk is gone.')),
    });
    const failure = await failureOf(put(failing, content));
    expect(failure.code).toBe('store');
    expect(failure.message).toMatch(
      /^The disk is full\. Besides, the upload \S+ of bucket\/some\/\.\.\/object could not/,
    );
    expect(failure.cause).toBeInstanceOf(AggregateError);
    // An upload that is not there any more needs no taking back.
    const gone = altered(failing, { abortMultipart: () => Promise.reject(new SealpartError('not-found', 'Gone.')) });
    expect((await failureOf(put(gone, content))).message).toBe('The disk is full.');
  });

  it('because the upload cannot even begin', async () => {
    const store = await openStore();
    const failing = altered(store, {
      createMultipart: () => Promise.reject(new SealpartError('store', 'The store is closed.')),
    });
    expect((await failureOf(put(failing, content))).message).toBe('The store is closed.');
    const inNoBucket = put(store, content, { object: { bucket: 'elsewhere', key: 'k' } });
    expect((await failureOf(inNoBucket)).code).toBe('not-found');
  });
});

it('pieces of a body are stored one after the other', async () => {
  const store = await openStore();
  await store.put(object, [content.subarray(0, 10), content.subarray(10, 30)], {}, {}, calm);
  const sink = new WatchedSink();
  await exportObject(store, object, sink, calm);
  expect(equalBytes(sink.given(), concatBytes(content.subarray(0, 30)))).toBe(true);
});
