import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { equalBytes } from '../../src/format/bytes.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { encryptStream } from '../../src/pipelines/encrypt-stream.ts';
import { exportObject, getObject, getObjectRange } from '../../src/pipelines/get-object.ts';
import { putObject } from '../../src/pipelines/put-object.ts';
import { verifyStructure } from '../../src/pipelines/verify-structure.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { createFramePool, type FramePool } from '../../src/workers/frame-pool.ts';
import { randomLooking } from '../support/content.ts';
import { cutSource } from '../support/pieces.ts';
import { access, calm, kek, makeIndexed, makeScheduled, parametersOf } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import {
  type Interference,
  WatchedCalls,
  watchSeekable,
  watchSink,
  watchSource,
  watchStore,
} from '../support/watched-calls.ts';
import { WatchedSink } from '../support/watched-sink.ts';

// Every run is cancelled at each of its waits, and each of its waits is made to fail. Whatever happens, it settles
// with the right error, the sink knows how it ended, no memory stays taken and nothing is left unhandled.

interface Scene {
  readonly calls: WatchedCalls;
  readonly pool: FramePool;
}

/** What a run left behind. */
interface Ending {
  /** What the run resolved to or was rejected with. */
  readonly error: unknown;
  readonly sink: WatchedSink | undefined;
  /** True if what the run should make stands there whole; false if nothing of it does. */
  readonly complete: boolean;
}

type Run = (scene: Scene) => Promise<Ending>;

const pool = createFramePool({ workers: 0, plainBytes: 2 ** 18, wireBytes: 2 ** 22 });
const unhandled: unknown[] = [];
const noteUnhandled = (reason: unknown): void => {
  unhandled.push(reason);
};
process.on('unhandledRejection', noteUnhandled);

afterAll(async () => {
  process.off('unhandledRejection', noteUnhandled);
  await pool.close();
});

async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise((resolve) => {
    timer = setTimeout(() => resolve(new Error('it did not settle')), 10_000);
  });
  const outcome = await Promise.race([
    work.then(
      () => undefined,
      (error: unknown) => error,
    ),
    tooLong,
  ]);
  clearTimeout(timer);
  return outcome;
}

/** Calls after which a store has the object, whatever its writer is told. */
const lastCalls = ['store.completeMultipart', 'store.put'];
/** What may still be asked of the world by a run that was cancelled: what was under way, and how it ends. */
const mostCallsAfterStop = 4;

function judge(ending: Ending, calls: WatchedCalls, at: number, how: Interference): void {
  const where = `${how} at ${at}: ${calls.names[at]}`;
  expect(calls.met, where).toBe(true);
  expect(calls.callsAfterStop, where).toBeLessThanOrEqual(mostCallsAfterStop);
  if (ending.error === undefined) {
    // It was cancelled too late: all of it was there.
    expect(how, where).toMatch(/abort/);
    expect(ending.complete, where).toBe(true);
    if (ending.sink !== undefined) expect(ending.sink.state, where).toBe('finished');
  } else {
    if (how === 'fail') expect(ending.error, where).toBe(calls.error);
    else expect(ending.error, where).toMatchObject({ name: 'SealpartError', code: 'aborted' });
    const mayBeThere = how.startsWith('abort') && lastCalls.includes(calls.names[at]!);
    if (!mayBeThere) expect(ending.complete, where).toBe(false);
    if (ending.sink !== undefined) expect(ending.sink.state, where).toBe('aborted');
  }
  expect([pool.plain.usedBytes, pool.wire.usedBytes], where).toEqual([0, 0]);
}

/** Runs once undisturbed to count the calls, and then once for each call and each kind of interference. */
async function interfereEverywhere(
  run: Run,
  kinds: readonly Interference[],
  shared: FramePool = pool,
): Promise<number> {
  const undisturbed = new WatchedCalls();
  const ending = await run({ calls: undisturbed, pool: shared });
  expect(ending).toMatchObject({ error: undefined, complete: true });
  for (let at = 0; at < undisturbed.names.length; at++) {
    for (const how of kinds) {
      const calls = new WatchedCalls(at, how);
      judge(await run({ calls, pool: shared }), calls, at, how);
    }
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
  return undisturbed.names.length;
}

const everyKind: readonly Interference[] = ['abort-before', 'abort-after', 'hang', 'fail'];
const content = randomLooking(60_000, 'interference');
const repetitive = new Uint8Array(60_000).map((_, i) => i >> 10);

async function intoSink(
  { calls }: Scene,
  expected: (given: Uint8Array) => boolean,
  irreversible: boolean,
  work: (sink: ReturnType<typeof watchSink>) => Promise<unknown>,
): Promise<Ending> {
  const sink = new WatchedSink(irreversible);
  const error = await outcomeOf(work(watchSink(sink, calls)));
  return { error, sink, complete: sink.state === 'finished' && expected(sink.given()) };
}

describe('cancelling and failing at every wait', () => {
  it.each([
    ['of known length', false, false],
    ['of unknown length', true, false],
    ['compressed', false, true],
  ])('encrypting content %s', async (_, unknownLength, zstd) => {
    const run: Run = (scene) =>
      intoSink(
        scene,
        (given) => given.length > 0,
        false,
        (sink) => {
          const bytes = zstd ? repetitive : content;
          const source = unknownLength ? cutSource(bytes, [7000, 1]) : createMemorySource(bytes);
          const sizes = { segmentSizeBytes: 16_384, recipients: [keyFileRecipient(kek)], zstd };
          const watched = watchSource(source, scene.calls);
          return encryptStream({ ...sizes, source: watched, sink, pool: scene.pool }, scene.calls.signal);
        },
      );
    expect(await interfereEverywhere(run, everyKind)).toBeGreaterThan(12);
  });

  const scheduled = makeScheduled(content, parametersOf());
  const compressed = makeScheduled(repetitive, parametersOf({ compression: 1 }));
  const indexed = makeIndexed(content, [
    { partNumber: 1, lengths: [16_000, 4_000] },
    { partNumber: 3, lengths: [0] },
    { partNumber: 4, lengths: [16_384, 16_384, 7_232] },
  ]);

  it.each([
    ['a scheduled stream', scheduled, false, undefined],
    ['a scheduled stream into a pipe, segments held', scheduled, true, 0],
    ['a compressed stream', compressed, true, undefined],
    ['an indexed stream', indexed, false, undefined],
    ['an indexed stream into a pipe, segments held', indexed, true, 0],
  ])('decrypting %s', async (_, made, irreversible, streamingThreshold) => {
    const stream = await made;
    const run: Run = (scene) =>
      intoSink(
        scene,
        (given) => equalBytes(given, stream.content),
        irreversible,
        (sink) => {
          const input = watchSeekable(createMemorySource(stream.bytes), scene.calls);
          return decryptStream({ input, sink, access, pool: scene.pool, streamingThreshold }, scene.calls.signal);
        },
      );
    expect(await interfereEverywhere(run, everyKind)).toBeGreaterThan(12);
  });

  it('decrypting a stream from a pipe', async () => {
    const stream = await scheduled;
    const run: Run = (scene) =>
      intoSink(
        scene,
        (given) => equalBytes(given, stream.content),
        false,
        (sink) => {
          const input = watchSource(cutSource(stream.bytes, [5000]), scene.calls);
          return decryptStream({ input, sink, access, pool: scene.pool }, scene.calls.signal);
        },
      );
    expect(await interfereEverywhere(run, everyKind)).toBeGreaterThan(12);
  });

  it.each([
    ['a scheduled stream', scheduled],
    ['a compressed stream', compressed],
    ['an indexed stream', indexed],
  ])('decrypting a range of %s', async (_, made) => {
    const stream = await made;
    for (const range of [{ first: 9_000, last: 41_000 }, { suffix: 20_000 }] as const) {
      const [first, end] = 'last' in range ? [range.first, range.last + 1] : [40_000, 60_000];
      const run: Run = (scene) =>
        intoSink(
          scene,
          (given) => equalBytes(given, stream.content.subarray(first, end)),
          false,
          (sink) => {
            const input = watchSeekable(createMemorySource(stream.bytes), scene.calls);
            return decryptRange({ input, sink, access, range, pool: scene.pool }, scene.calls.signal);
          },
        );
      expect(await interfereEverywhere(run, everyKind)).toBeGreaterThan(6);
    }
  });

  it('verifying structure', async () => {
    for (const made of [scheduled, indexed]) {
      const stream = await made;
      const run: Run = async ({ calls }) => {
        const input = watchSeekable(createMemorySource(stream.bytes), calls);
        const error = await outcomeOf(verifyStructure(input, calls.signal));
        return { error, sink: undefined, complete: error === undefined };
      };
      // Nothing is kept back by a signal that fires behind the last read.
      expect(await interfereEverywhere(run, ['hang', 'fail'])).toBeGreaterThan(6);
    }
  });
});

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
    const gets: [
      (given: Uint8Array) => boolean,
      (s: ObjectStore, k: ReturnType<typeof watchSink>, a: AbortSignal) => Promise<unknown>,
    ][] = [
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
