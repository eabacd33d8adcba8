import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, throwIfAborted } from '../../errors.ts';

/** How long to wait between attempts, in milliseconds. */
export interface BackoffRules {
  /** The most before the first retry; it doubles from retry to retry. */
  readonly baseMs: number;
  /** The most before any retry, also if the store asks for more. */
  readonly capMs: number;
}

export const defaultBackoff: BackoffRules = { baseMs: 100, capMs: 20_000 };

/**
 * How long to wait before a retry: anything up to a bound that doubles, lest all who failed together come back together.
 * A store that says how long it wants to be left alone is left alone for at least so long, up to the cap.
 *
 * @param attempt - The attempt that failed, counted from 1.
 */
export function backoffMs(
  rules: BackoffRules,
  attempt: number,
  retryAfterMs: number | undefined,
  random: () => number,
): number {
  const jittered = random() * Math.min(rules.capMs, rules.baseMs * 2 ** (attempt - 1));
  if (retryAfterMs === undefined) return jittered;
  return Math.min(rules.capMs, Math.max(0, retryAfterMs) + random() * rules.baseMs);
}

/** What a Retry-After header asks for, in milliseconds from now: a number of seconds or a date. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000;
  // Anything but HTTP's form of a date is read as some date or other.
  const dateMs = /^\s*[A-Z][a-z]{2},/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

/** Waits, or ends with the signal's error. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  throwIfAborted(signal);
  try {
    await sleep(durationMs, undefined, { signal });
  } catch (error) {
    if (signal.aborted) throw abortError(signal);
    throw error;
  }
}
