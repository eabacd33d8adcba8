import { describe, expect, it } from 'vitest';
import { SharedArena } from '../../src/flow/shared-arena.ts';
import { equalBytes } from '../../src/format/bytes.ts';
import { ArenaShare } from '../../src/pipelines/arena-share.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { randomLooking } from '../support/content.ts';
import { failureOf } from '../support/refusal.ts';
import { access, calm, inlinePool, makeScheduled, parametersOf } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

describe('a share of an arena', () => {
  it('is waited for until the run has given enough back, whatever the arena has', async () => {
    const arena = new SharedArena(1000 * 64);
    const share = new ArenaShare(arena, () => 3 * 64);
    const first = await share.lease(2 * 64, calm);
    const second = await share.lease(64, calm);
    let third = 'waits';
    const waiting = share.lease(64, calm).then((lease) => {
      third = 'has it';
      return lease;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([third, arena.usedBytes]).toEqual(['waits', 3 * 64]);
    second.release();
    (await waiting).release();
    first.release();
    expect(arena.usedBytes).toBe(0);
  });

  it('of a run that holds nothing is as large as it takes', async () => {
    const share = new ArenaShare(new SharedArena(1000 * 64), () => 64);
    const large = await share.lease(500 * 64, calm);
    const stop = new AbortController();
    const waiting = share.lease(64, stop.signal);
    stop.abort();
    expect((await failureOf(waiting)).code).toBe('aborted');
    expect((await failureOf(share.lease(64, AbortSignal.abort()))).code).toBe('aborted');
    large.release();
    (await share.lease(64, calm)).release();
  });

  it('that could not be had of the arena is not counted', async () => {
    const arena = new SharedArena(64);
    const other = await arena.lease(64, calm);
    const share = new ArenaShare(arena, () => 64);
    const stop = new AbortController();
    const waiting = share.lease(64, stop.signal);
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect((await failureOf(waiting)).code).toBe('aborted');
    other.release();
    (await share.lease(64, calm)).release();
  });

  it('without a bound is the arena', async () => {
    const share = new ArenaShare(new SharedArena(128), () => undefined);
    const leases = [await share.lease(64, calm), await share.lease(64, calm)];
    for (const lease of leases) lease.release();
  });
});

describe('readers that share a pool', () => {
  const content = randomLooking(2 ** 21, 'shares');
  const making = makeScheduled(content, parametersOf({ segmentSizeLog2: 18, digestAlg: 3 }));

  it('never hold more than their shares, and slow ones are in nobody way', async () => {
    const { bytes } = await making;
    const pool = inlinePool(2 ** 21);
    const share = { plainBytes: 2 ** 16, wireBytes: 2 ** 17 };
    const resume = Promise.withResolvers<void>();
    const stuck = (): Sink => ({
      name: 'stuck',
      irreversible: true,
      writeTentative: () => resume.promise,
      commitSegment: async () => undefined,
      rollbackSegment: async () => undefined,
      finish: async () => undefined,
      abort: async () => undefined,
    });
    const read = (sink: Sink) =>
      decryptStream({ input: createMemorySource(bytes), sink, access, pool, share, batchBytes: 2 ** 15 }, calm);
    // As many as leave room for one more.
    const slow = Array.from({ length: 31 }, () => read(stuck()));
    const sink = new WatchedSink(true);
    await read(sink);
    expect(equalBytes(sink.given(), content)).toBe(true);
    // What waits for them is content alone: the frames were given back.
    expect([pool.plain.usedBytes, pool.wire.usedBytes]).toEqual([31 * 2 ** 16, 0]);
    resume.resolve();
    await Promise.all(slow);
    expect([pool.plain.usedBytes, pool.wire.usedBytes]).toEqual([0, 0]);
  });

  it('refuse a segment that has to be held and never fits, instead of waiting for ever', async () => {
    const { bytes } = await making;
    const pool = inlinePool(2 ** 21);
    const share = { largestPlainBytes: 2 ** 17 };
    const sink = new WatchedSink(true);
    const request = { input: createMemorySource(bytes), sink, access, pool, share, streamingThreshold: 0 };
    expect((await failureOf(decryptStream(request, calm))).message).toMatch(/released only as a whole/);
  });
});
