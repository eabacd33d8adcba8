import { setTimeout as sleep } from 'node:timers/promises';
import { abortError } from '../errors.ts';

/** Waits for so long, or until the signal fires: then it fails with `aborted`. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(durationMs, undefined, { signal });
  } catch {
    throw abortError(signal);
  }
}
