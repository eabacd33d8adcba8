import { expect } from 'vitest';
import type { Sink } from '../../src/sinks/sink.ts';
import type { FramePool } from '../../src/workers/frame-pool.ts';
import { type Interference, WatchedCalls, watchSink } from '../support/watched-calls.ts';
import { WatchedSink } from '../support/watched-sink.ts';

// Every run is cancelled at each of its waits, and each of its waits is made to fail. Whatever happens, it settles
// with the right error, the sink knows how it ended, no memory stays taken and nothing is left open or unhandled.

export interface Scene {
  readonly calls: WatchedCalls;
  readonly pool: FramePool;
}

/** What a run left behind. */
export interface Ending {
  /** What it was rejected with, if it was. */
  readonly error: unknown;
  readonly sink: WatchedSink | undefined;
  /** True if what the run should make stands there whole; false if nothing of it does. */
  readonly complete: boolean;
}

export type Run = (scene: Scene) => Promise<Ending>;

export const everyKind: readonly Interference[] = ['abort-before', 'abort-after', 'hang', 'fail'];

/** What work is rejected with, or undefined; it has ten seconds to settle. */
export async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
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

/** Runs something into a sink whose calls are watched. */
export async function intoSink(
  { calls }: Scene,
  expected: (given: Uint8Array) => boolean,
  irreversible: boolean,
  work: (sink: Sink) => Promise<unknown>,
): Promise<Ending> {
  const sink = new WatchedSink(irreversible);
  const error = await outcomeOf(work(watchSink(sink, calls)));
  return { error, sink, complete: sink.state === 'finished' && expected(sink.given()) };
}

/** Calls after which a store has the object, whatever its writer is told. */
const lastCalls = ['store.completeMultipart', 'store.put'];
/** What may still be asked of the world by a run that was cancelled: what was under way, and how it ends. */
const mostCallsAfterStop = 4;

function judge({ error, sink, complete }: Ending, { calls, pool }: Scene, at: number, how: Interference): void {
  const where = `${how} at ${at}: ${calls.names[at]}`;
  expect(calls.met, where).toBe(true);
  expect(calls.callsAfterStop, where).toBeLessThanOrEqual(mostCallsAfterStop);
  expect(calls.open, where).toEqual([]);
  if (error === undefined) {
    // It was cancelled too late: all of it was there.
    expect(how, where).toMatch(/abort/);
    expect(complete, where).toBe(true);
    if (sink !== undefined) expect(sink.state, where).toBe('finished');
  } else {
    if (how === 'fail') expect(error, where).toBe(calls.error);
    else expect(error, where).toMatchObject({ name: 'SealpartError', code: 'aborted' });
    const mayBeThere = how.startsWith('abort') && lastCalls.includes(calls.names[at]!);
    if (!mayBeThere) expect(complete, where).toBe(false);
    if (sink !== undefined) expect(sink.state, where).toBe('aborted');
  }
  expect([pool.plain.usedBytes, pool.wire.usedBytes], where).toEqual([0, 0]);
}

/**
 * Runs once undisturbed to count the calls, and then once for each call and each kind of interference.
 *
 * @returns how many calls there are
 */
export async function interfereEverywhere(run: Run, kinds: readonly Interference[], pool: FramePool): Promise<number> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => {
    unhandled.push(reason);
  };
  process.on('unhandledRejection', note);
  const undisturbed = new WatchedCalls();
  expect(await run({ calls: undisturbed, pool })).toMatchObject({ error: undefined, complete: true });
  expect(undisturbed.open).toEqual([]);
  for (let at = 0; at < undisturbed.names.length; at++) {
    for (const how of kinds) {
      const scene = { calls: new WatchedCalls(at, how), pool };
      judge(await run(scene), scene, at, how);
    }
  }
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
  return undisturbed.names.length;
}
