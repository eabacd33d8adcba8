import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import type { ArenaLease, SharedArena } from '../../src/flow/shared-arena.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { createFramePool, type FramePool } from '../../src/workers/frame-pool.ts';
import type { FrameBatch, Stretch } from '../../src/workers/messages.ts';
import { randomLooking } from '../support/content.ts';
import { failureOf } from '../support/refusal.ts';
import { access, makeScheduled, parametersOf } from '../support/streams.ts';
import { watchPool } from '../support/watched-pool.ts';
import { WatchedSink } from '../support/watched-sink.ts';

// Memory that a worker may still be writing into is lent to nobody else, however its run ends: it would put one
// stream's content into another's.

const parameters = parametersOf({ segmentSizeLog2: 17 });
const content = randomLooking(400_000, 'in use');

/** Small wire memory makes small batches, so that a segment has several in flight. */
function smallBatches(): FramePool {
  return createFramePool({ workers: 0, plainBytes: 2 ** 22, wireBytes: 2 ** 17 });
}

/** Follows the leases of an arena, and says whether a stretch of it is somebody's. */
function followLeases(arena: SharedArena): (stretch: Stretch) => boolean {
  const held = new Set<ArenaLease>();
  const lease = arena.lease.bind(arena);
  arena.lease = async (length, signal) => {
    const granted = await lease(length, signal);
    const followed: ArenaLease = {
      ...granted,
      release: () => {
        held.delete(followed);
        granted.release();
      },
    };
    held.add(followed);
    return followed;
  };
  return ({ offset, length }) =>
    [...held].some((each) => each.offset <= offset && offset + length <= each.offset + each.length);
}

describe('plain memory of a run that ends early', () => {
  it.each([
    ['segments held, a batch fails', 0, 'fail'],
    ['frame by frame, a batch fails', 65_536, 'fail'],
    ['segments held, cancelled', 0, 'abort'],
    ['frame by frame, cancelled', 65_536, 'abort'],
    ['segments held, the sink fails', 0, 'sink'],
    ['frame by frame, the sink fails', 65_536, 'sink'],
  ] as const)('is held until the last batch is done: %s', async (_, streamingThreshold, what) => {
    const stream = await makeScheduled(content, parameters);
    const pool = smallBatches();
    const stop = new AbortController();
    const plainIsHeld = followLeases(pool.plain);
    const wireIsHeld = followLeases(pool.wire);
    const faults: FrameBatch[] = [];
    let running = 0;
    const watched = watchPool(pool, {
      async batch(batch, run, number) {
        if (number === 1 && what === 'fail') throw new SealpartError('worker', 'Made to fail.');
        if (number === 2 && what === 'abort') stop.abort();
        running++;
        // Once there are others, they outlast what ends the run.
        await sleep(number === 0 ? 0 : 5 * (number % 4));
        const result = await run();
        if (!plainIsHeld(batch.plain) || !wireIsHeld(batch.wire)) faults.push(batch);
        running--;
        return result;
      },
    });
    const sink = new WatchedSink(true);
    if (what === 'sink') {
      sink.writeTentative = () => Promise.reject(new SealpartError('io', 'Made to fail.'));
    }
    const input = createMemorySource(stream.bytes);
    const run = decryptStream({ input, sink, access, pool: watched, streamingThreshold }, stop.signal);
    const { code } = await failureOf(run);
    expect(code).toBe({ fail: 'worker', abort: 'aborted', sink: 'io' }[what]);
    expect(faults).toEqual([]);
    expect(running).toBe(0);
    expect([pool.plain.usedBytes, pool.wire.usedBytes]).toEqual([0, 0]);
    expect(sink.state).toBe('aborted');
  });
});
