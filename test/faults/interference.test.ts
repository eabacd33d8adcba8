import { afterAll, describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/format/bytes.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { encryptStream } from '../../src/pipelines/encrypt-stream.ts';
import { verifyStructure } from '../../src/pipelines/verify-structure.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { createFramePool } from '../../src/workers/frame-pool.ts';
import { randomLooking } from '../support/content.ts';
import { cutSource } from '../support/pieces.ts';
import { failureOf } from '../support/refusal.ts';
import { access, kek, makeIndexed, makeScheduled, parametersOf } from '../support/streams.ts';
import { WatchedCalls, watchSeekable, watchSource } from '../support/watched-calls.ts';
import { WatchedSink } from '../support/watched-sink.ts';
import { everyKind, interfereEverywhere, intoSink, outcomeOf, type Run } from './interfere.ts';

const pool = createFramePool({ workers: 0, plainBytes: 2 ** 18, wireBytes: 2 ** 22 });
const threaded = createFramePool({ workers: 2, plainBytes: 2 ** 22, wireBytes: 2 ** 17 });
afterAll(() => Promise.all([pool.close(), threaded.close()]));

const content = randomLooking(60_000, 'interference');
const repetitive = new Uint8Array(60_000).map((_, i) => i >> 10);

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
    expect(await interfereEverywhere(run, everyKind, pool)).toBeGreaterThan(12);
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
    expect(await interfereEverywhere(run, everyKind, pool)).toBeGreaterThan(12);
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
    expect(await interfereEverywhere(run, everyKind, pool)).toBeGreaterThan(12);
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
      expect(await interfereEverywhere(run, everyKind, pool)).toBeGreaterThan(6);
    }
  });

  it('with threads', async () => {
    const stream = await scheduled;
    const decrypting: Run = (scene) =>
      intoSink(
        scene,
        (given) => equalBytes(given, stream.content),
        true,
        (sink) => {
          const input = watchSeekable(createMemorySource(stream.bytes), scene.calls);
          const request = { input, sink, access, pool: scene.pool, streamingThreshold: 0 };
          return decryptStream(request, scene.calls.signal);
        },
      );
    const encrypting: Run = (scene) =>
      intoSink(
        scene,
        (given) => given.length > 0,
        false,
        (sink) => {
          const source = watchSource(createMemorySource(content), scene.calls);
          const sizes = { segmentSizeBytes: 16_384, frameSizeBytes: 4096, recipients: [keyFileRecipient(kek)] };
          return encryptStream({ ...sizes, source, sink, pool: scene.pool }, scene.calls.signal);
        },
      );
    for (const run of [encrypting, decrypting])
      await interfereEverywhere(run, ['abort-after', 'hang', 'fail'], threaded);
  });

  it('before anything began', async () => {
    const calls = new WatchedCalls();
    const signal = AbortSignal.abort();
    const recipients = [keyFileRecipient(kek)];
    const sink = new WatchedSink();
    const source = watchSource(createMemorySource(content), calls);
    expect((await failureOf(encryptStream({ recipients, source, sink, pool }, signal))).code).toBe('aborted');
    const other = new WatchedSink();
    const input = watchSeekable(createMemorySource((await scheduled).bytes), calls);
    expect((await failureOf(decryptStream({ input, sink: other, access, pool }, signal))).code).toBe('aborted');
    expect([sink.state, other.state, sink.givenBytes, calls.open]).toEqual(['aborted', 'aborted', 0, []]);
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
      expect(await interfereEverywhere(run, ['hang', 'fail'], pool)).toBeGreaterThan(6);
    }
  });
});
