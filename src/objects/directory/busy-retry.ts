import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, SealpartError, throwIfAborted } from '../../errors.ts';
import { isBusy } from '../../sqlite/sqlite-error.ts';

/** How long another connection may hold the catalogue's lock before a call gives up, in milliseconds. */
export const defaultBusyLimitMs = 30_000;

const leastWaitMs = 2;
const mostWaitMs = 40;

/**
 * Runs work on the catalogue, again and again while another process holds the lock that it needs.
 *
 * SQLite's own waiting would stop this thread's event loop, so it is set to almost nothing and the waiting is done here.
 * The waits are random lest two processes meet again and again.
 *
 * @throws SealpartError `aborted`, or `store` after `limitMs`; what the work throws otherwise.
 */
export async function retryWhileBusy<T>(
  storeName: string,
  limitMs: number,
  signal: AbortSignal,
  work: () => T | Promise<T>,
): Promise<T> {
  const startMs = performance.now();
  for (;;) {
    throwIfAborted(signal);
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() - startMs >= limitMs) {
        const held = `The catalogue of ${storeName} was locked by another process for ${limitMs / 1000} s`;
        throw new SealpartError('store', `${held}; try again when that one is done, or end it.`, { cause: error });
      }
    }
    await wait(leastWaitMs + Math.random() * (mostWaitMs - leastWaitMs), signal);
  }
}

async function wait(durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(durationMs, undefined, { signal });
  } catch (error) {
    if (signal.aborted) throw abortError(signal);
    throw error;
  }
}
