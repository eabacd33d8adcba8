import { isBusy } from '../../sqlite/sqlite-error.ts';

/**
 * How long SQLite may wait for a lock by itself, in milliseconds: for another's short commit. A thread cannot be ended
 * while it does, and the process not either; so the rest of the waiting is done here.
 */
export const busyTimeoutMs = 5;

const leastWaitMs = 2;
const mostWaitMs = 40;

/** How long to wait for a lock, and what ends the waiting early. */
export interface BusyPatience {
  readonly limitMs: number;
  /** In shared memory: anything but 0 in it means that nobody waits for the outcome any more. */
  readonly hurry: Int32Array;
}

/**
 * Repeats what another connection stands in the way of, and blocks the thread in between. The waits are random lest two
 * processes meet again and again.
 */
export function retryWhileBusy<T>({ limitMs, hurry }: BusyPatience, work: () => T): T {
  const startMs = performance.now();
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() - startMs >= limitMs || Atomics.load(hurry, 0) !== 0) throw error;
    }
    Atomics.wait(hurry, 0, 0, leastWaitMs + Math.random() * (mostWaitMs - leastWaitMs));
  }
}
