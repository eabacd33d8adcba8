import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { equalBytes } from '../../src/format/bytes.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { exportObject, getObject, getObjectRange } from '../../src/pipelines/get-object.ts';
import { putObject } from '../../src/pipelines/put-object.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { createFramePool } from '../../src/workers/frame-pool.ts';
import { randomLooking } from '../support/content.ts';
import { access, calm, kek } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { watchSource, watchStore } from '../support/watched-calls.ts';
import { everyKind, interfereEverywhere, intoSink, outcomeOf, type Run } from './interfere.ts';

const content = randomLooking(60_000, 'interference');

describe('cancelling and failing at every wait on a store', () => {
  const bucket = 'bucket';
  const large = randomLooking(9 * 2 ** 20, 'large');
  const roomy = createFramePool({ workers: 0, plainBytes: 9 * 2 ** 20, wireBytes: 10 * 2 ** 20 });
  afterAll(() => roomy.close());

  async function openStore(): Promise<ObjectStore> {
    const store = await openDirectoryStore(await temporaryDirectory(), { create: true });
    onTestFinished(() => store.close());
    await store.createBucket(bucket, calm);
    return store;
  }

  async function isThere(store: ObjectStore, key: string): Promise<boolean> {
    try {
      await store.head({ bucket, key }, calm);
      return true;
    } catch (error) {
      if (error instanceof SealpartError && error.code === 'not-found') return false;
      throw error;
    }
  }

  async function uploadsIn(store: ObjectStore): Promise<number> {
    let count = 0;
    for await (const _ of store.listUploads(bucket, calm)) count++;
    return count;
  }

  it.each([
    ['several parts', large],
    ['one part', content],
  ])('putting an object of %s', async (_, bytes) => {
    const store = await openStore();
    let key = 0;
    const run: Run = async ({ calls, pool: shared }) => {
      const object = { bucket, key: String(key++) };
      const source = watchSource(createMemorySource(bytes), calls);
      const request = { source, store: watchStore(store, calls), object, recipients: [keyFileRecipient(kek)] };
      const put = putObject({ ...request, digestAlg: 3, pool: shared }, calls.signal);
      const error = await outcomeOf(put);
      expect(await uploadsIn(store)).toBe(0);
      expect([roomy.plain.usedBytes, roomy.wire.usedBytes]).toEqual([0, 0]);
      const complete = await isThere(store, object.key);
      await store.delete(object, calm);
      return { error, sink: undefined, complete };
    };
    expect(await interfereEverywhere(run, everyKind, roomy)).toBeGreaterThan(bytes === large ? 7 : 2);
  });

  it('getting, copying and getting a part of an object', async () => {
    const store = await openStore();
    const object = { bucket, key: 'object' };
    const sizes = { segmentSizeBytes: 2 ** 23, recipients: [keyFileRecipient(kek)] };
    await putObject({ ...sizes, source: createMemorySource(large), store, object, pool: roomy }, calm);
    const exported = (await store.head(object, calm)).sizeBytes;
    const range = { first: 1_000_000, last: 1_100_000 };
    const gets: [(given: Uint8Array) => boolean, (s: ObjectStore, k: Sink, a: AbortSignal) => Promise<unknown>][] = [
      [
        (given) => equalBytes(given, large),
        (watched, sink, signal) => getObject({ store: watched, object, sink, access, pool: roomy }, signal),
      ],
      [
        (given) => equalBytes(given, large.subarray(range.first, range.last + 1)),
        (watched, sink, signal) => getObjectRange({ store: watched, object, sink, access, range, pool: roomy }, signal),
      ],
      [(given) => given.length === exported, (watched, sink, signal) => exportObject(watched, object, sink, signal)],
    ];
    for (const [expected, get] of gets) {
      const run: Run = (scene) =>
        intoSink(scene, expected, false, (sink) => get(watchStore(store, scene.calls), sink, scene.calls.signal));
      expect(await interfereEverywhere(run, ['abort-after', 'hang', 'fail'], roomy)).toBeGreaterThan(5);
      expect([roomy.plain.usedBytes, roomy.wire.usedBytes]).toEqual([0, 0]);
    }
  });
});
