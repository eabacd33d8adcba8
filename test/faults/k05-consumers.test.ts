import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { createStreamSink } from '../../src/sinks/stream-sink.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import type { Source } from '../../src/sources/source.ts';
import { createFramePool, type FramePool } from '../../src/workers/frame-pool.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { failureOf } from '../support/refusal.ts';
import { access, calm, makeScheduled, parametersOf } from '../support/streams.ts';

// K05: whoever takes the content goes away, fails, or is slow. The source is read no further and let go of, and no
// more is held than memory was given for.

const frameSize = 4096;
const contentBytes = 20_000_000;
const memory = { plainBytes: 2 ** 21, wireBytes: 2 ** 21 };
/** What may be read and not yet taken: what there is memory for, and a segment that is on its way. */
const mostAheadBytes = memory.plainBytes + memory.wireBytes + 200_000;
const stream = makeScheduled(randomLooking(contentBytes, 'k05'), parametersOf({ segmentSizeLog2: 16 }));

/** A source that tells how far it was read, and whether it was let go of. */
class FollowedSource implements Source {
  readonly name = 'a followed source';
  readonly size: number;
  readonly #bytes: Source;
  readBytes = 0;
  reads = 0;
  closed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = createMemorySource(bytes);
    this.size = bytes.length;
  }

  async read(target: Uint8Array, signal: AbortSignal): Promise<number> {
    this.reads += 1;
    const count = await this.#bytes.read(target, signal);
    this.readBytes += count;
    return count;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.#bytes.close();
  }
}

/** What a consumer does with a chunk; `taken` are the bytes that it had before. */
type Take = (stream: Writable, taken: number) => Promise<void>;

interface Run {
  readonly source: FollowedSource;
  readonly pool: FramePool;
  readonly consumer: Writable;
  readonly taken: () => Uint8Array;
  readonly done: Promise<unknown>;
}

async function start(workers: number, take: Take): Promise<Run> {
  const made = await stream;
  const source = new FollowedSource(made.bytes);
  const pool = createFramePool({ workers, ...memory });
  onTestFinished(() => pool.close());
  const chunks: Uint8Array[] = [];
  let taken = 0;
  const consumer = new Writable({
    highWaterMark: frameSize,
    write(chunk: Uint8Array, _encoding, callback) {
      take(consumer, taken).then(
        () => {
          chunks.push(new Uint8Array(chunk));
          taken += chunk.length;
          callback();
        },
        (error: Error) => callback(error),
      );
    },
  });
  const sink = createStreamSink(consumer, { name: 'the consumer' });
  const done = decryptStream({ input: source, sink, access, pool }, calm);
  return { source, pool, consumer, done, taken: () => Buffer.concat(chunks) };
}

/** The run has ended before its end: nothing is read any more, nothing is held, and what came through is content. */
async function expectEnded({ source, pool, consumer, taken }: Run): Promise<void> {
  const { content } = await stream;
  const { reads, readBytes } = source;
  expect(source.closed).toBe(true);
  expect([consumer.destroyed, consumer.writableFinished]).toEqual([true, false]);
  expect([pool.plain.usedBytes, pool.wire.usedBytes]).toEqual([0, 0]);
  const prefix = taken();
  expect(prefix.length).toBeLessThan(content.length);
  expect(Buffer.compare(prefix, content.subarray(0, prefix.length))).toBe(0);
  // No more was read ahead than there is memory for.
  expect(readBytes - prefix.length).toBeLessThan(mostAheadBytes);
  await sleep(20);
  expect([source.reads, source.readBytes]).toEqual([reads, readBytes]);
}

describe.each([0, 2])('K05: a consumer, with %i workers', (workers) => {
  it.each([0, 1, 1_000_000])('that is destroyed after %i bytes', async (after) => {
    let reached = 0;
    const run = await start(workers, async (consumer, taken) => {
      if (taken < after) return;
      reached += 1;
      consumer.destroy();
    });
    expect(await failureOf(run.done)).toMatchObject({ code: 'io', message: expect.stringContaining('the consumer') });
    await expectEnded(run);
    noteFault({ id: 'K05', injected: `destroyed after ${after} bytes`, reached, outcome: 'source closed' });
  });

  it.each([0, 1, 1_000_000])('that throws after %i bytes', async (after) => {
    let reached = 0;
    const failure = new Error('the consumer has a bug');
    const run = await start(workers, async (_, taken) => {
      if (taken < after) return;
      reached += 1;
      throw failure;
    });
    const error = await failureOf(run.done);
    expect(error).toMatchObject({ code: 'io', cause: failure });
    await expectEnded(run);
    noteFault({ id: 'K05', injected: `threw after ${after} bytes`, reached, outcome: 'source closed' });
  });

  it('that takes nothing for a while: nothing is read meanwhile, and nothing is lost', async () => {
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let reached = 0;
    let waiting = false;
    const run = await start(workers, async (_, taken) => {
      if (taken < 1_000_000 || reached > 0) return;
      reached += 1;
      waiting = true;
      await gate;
      waiting = false;
    });
    await Promise.race([expect.poll(() => waiting).toBe(true), run.done]);
    await sleep(100);
    const { readBytes } = run.source;
    const taken = run.taken().length;
    expect(readBytes - taken).toBeLessThan(mostAheadBytes);
    await sleep(100);
    expect([run.source.readBytes, run.taken().length, waiting]).toEqual([readBytes, taken, true]);
    letGo();
    await run.done;
    const { content } = await stream;
    expect(Buffer.compare(run.taken(), content)).toBe(0);
    expect(run.source.closed).toBe(true);
    expect([run.pool.plain.usedBytes, run.pool.wire.usedBytes]).toEqual([0, 0]);
    noteFault({ id: 'K05', injected: 'stalled', reached, outcome: 'read-ahead bounded, whole at the end' });
  });

  it('that is slow all the time: what is read ahead stays the same', async () => {
    let reached = 0;
    let most = 0;
    const run = await start(workers, async (_, taken) => {
      reached += 1;
      if (reached % 16 === 0) await sleep(1);
      most = Math.max(most, run.source.readBytes - taken);
    });
    await run.done;
    expect(most).toBeLessThan(mostAheadBytes);
    expect(run.taken().length).toBe(contentBytes);
    noteFault({ id: 'K05', injected: 'slow', reached, outcome: 'read-ahead bounded, whole at the end' });
  });
});
