import { afterAll, describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/format/bytes.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { encryptStream } from '../../src/pipelines/encrypt-stream.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { createFramePool, type FramePool } from '../../src/workers/frame-pool.ts';
import { randomLooking } from '../support/content.ts';
import { cutSource } from '../support/pieces.ts';
import { fc } from '../support/properties.ts';
import { failureOf } from '../support/refusal.ts';
import {
  access,
  calm,
  inlinePool,
  kek,
  type MadeStream,
  makeIndexed,
  makeScheduled,
  parametersOf,
} from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

// Many runs in one pool, with memory for few of their segments: none waits for ever for another.

const segment = 2 ** 16;
const content = randomLooking(5 * segment + 1000, 'sharing');
const compressible = content.map((byte) => byte & 3);
const parts = [
  { partNumber: 1, lengths: [segment, segment, 100] },
  { partNumber: 2, lengths: [segment, segment, segment, 900] },
];

interface Shared {
  readonly scheduled: MadeStream;
  readonly compressed: MadeStream;
  readonly indexed: MadeStream;
  readonly largeFrames: MadeStream;
}

const making: Promise<Shared> = (async () => ({
  scheduled: await makeScheduled(content, parametersOf({ segmentSizeLog2: 16 })),
  compressed: await makeScheduled(compressible, parametersOf({ segmentSizeLog2: 16, compression: 1 })),
  indexed: await makeIndexed(content, parts, parametersOf({ segmentSizeLog2: 16, layout: 1 })),
  largeFrames: await makeScheduled(content, parametersOf({ segmentSizeLog2: 16, frameSizeLog2: 16 })),
}))();

const kinds = ['encrypt', 'encrypt zstd', 'scheduled', 'held', 'compressed', 'indexed', 'range', 'pipe'] as const;
type Kind = (typeof kinds)[number];

async function runOne(kind: Kind, pool: FramePool, streams: Shared): Promise<boolean> {
  const sink = new WatchedSink(kind === 'held' || kind === 'pipe');
  if (kind.startsWith('encrypt')) {
    const zstd = kind !== 'encrypt';
    const source = zstd ? cutSource(compressible, [10_000]) : createMemorySource(content);
    const sizes = { segmentSizeBytes: segment, recipients: [keyFileRecipient(kek)], zstd };
    const done = await encryptStream({ ...sizes, source, sink, pool }, calm);
    return done.contentLength === content.length;
  }
  if (kind === 'range') {
    const input = createMemorySource(streams.scheduled.bytes);
    await decryptRange({ input, sink, access, pool, range: { first: 70_000, last: 250_000 } }, calm);
    return equalBytes(sink.given(), content.subarray(70_000, 250_001));
  }
  const stream = {
    scheduled: streams.scheduled,
    pipe: streams.scheduled,
    held: streams.largeFrames,
    compressed: streams.compressed,
    indexed: streams.indexed,
  }[kind as 'scheduled'];
  const input = kind === 'pipe' ? cutSource(stream.bytes, [9999]) : createMemorySource(stream.bytes);
  const streamingThreshold = kind === 'held' ? 0 : undefined;
  await decryptStream({ input, sink, access, pool, streamingThreshold }, calm);
  return equalBytes(sink.given(), stream.content);
}

/** For two segments and a little, side by side or in the way of each other. */
const scarce = { plainBytes: 2 ** 22, wireBytes: 3 * segment };
const inline = createFramePool({ workers: 0, ...scarce });
const threaded = createFramePool({ workers: 2, plainBytes: 5 * segment + 64 * 60, wireBytes: 2 ** 22 });
afterAll(() => Promise.all([inline.close(), threaded.close()]));

describe('a pool that many runs share', () => {
  it.each([
    ['without threads, little wire memory', inline],
    ['with threads, little plain memory', threaded],
  ])('never comes to a standstill (%s)', async (_, pool) => {
    const streams = await making;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...kinds), { minLength: 2, maxLength: 14 }), async (chosen) => {
        const runs = Promise.all(chosen.map((kind) => runOne(kind, pool, streams)));
        const standstill = new Promise<boolean[]>((resolve) => setTimeout(resolve, 15_000, []).unref());
        expect(await Promise.race([runs, standstill])).toEqual(chosen.map(() => true));
        expect([pool.plain.usedBytes, pool.wire.usedBytes]).toEqual([0, 0]);
        expect(pool.plain.highWaterBytes).toBeLessThanOrEqual(pool.plain.capacityBytes);
      }),
      { numRuns: 12 },
    );
  });

  it('serves the others when some are cancelled while they wait', async () => {
    const streams = await making;
    for (let cancelled = 0; cancelled < 4; cancelled++) {
      const stop = new AbortController();
      const doomed = Array.from({ length: 5 }, () => {
        const source = createMemorySource(content);
        const sizes = { segmentSizeBytes: segment, recipients: [keyFileRecipient(kek)] };
        const work = encryptStream({ ...sizes, source, sink: new WatchedSink(), pool: inline }, stop.signal);
        return failureOf(work);
      });
      const others = Promise.all(kinds.map((kind) => runOne(kind, inline, streams)));
      setTimeout(() => stop.abort(), cancelled);
      for (const failure of await Promise.all(doomed)) expect(failure.code).toBe('aborted');
      expect(await others).toEqual(kinds.map(() => true));
      expect([inline.plain.usedBytes, inline.wire.usedBytes]).toEqual([0, 0]);
    }
  });

  it('of which a run needs more than there is refuses the run, and says so', async () => {
    const small = inlinePool(2 ** 21);
    const source = createMemorySource(content);
    const request = { source, sink: new WatchedSink(), pool: small, recipients: [keyFileRecipient(kek)] };
    const large = randomLooking(3 * 2 ** 20, 'large');
    const failure = await failureOf(encryptStream({ ...request, source: createMemorySource(large) }, calm));
    expect(failure.code).toBe('bad-parameters');
    expect(failure.message).toMatch(/larger pool|more memory/);
  });

  it('of any shape is good for every run that its memory can hold', async () => {
    const large = randomLooking(3 * 2 ** 20, 'large');
    const made = await makeScheduled(large, parametersOf({ segmentSizeLog2: 21 }));
    for (const [plainBytes, wireBytes] of [
      [2 ** 22, 4096 + 64],
      [4096, 2 ** 22],
      [2 ** 16, 2 ** 24],
      [2 ** 19, 2 ** 25],
      [2 ** 25, 2 ** 16],
    ] as const) {
      const pool = createFramePool({ workers: 0, plainBytes, wireBytes });
      const sink = new WatchedSink();
      await decryptStream({ input: createMemorySource(made.bytes), sink, access, pool }, calm);
      expect(equalBytes(sink.given(), large)).toBe(true);
    }
  });
});
