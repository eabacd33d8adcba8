import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SharedArena } from '../../src/flow/shared-arena.ts';
import { evictWhileWaiting } from '../../src/gateway/evict-while-waiting.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('somebody slow is ended while others wait for memory, to send or to read, and not before or after', async () => {
  const intake = { waiting: 0 };
  const readers = new SharedArena(64);
  const evictSlowest = vi.fn(() => true);
  const stop = evictWhileWaiting([intake, readers], { evictSlowest });
  const evictionsAfter = (seconds: number): number => {
    evictSlowest.mockClear();
    vi.advanceTimersByTime(seconds * 1000);
    return evictSlowest.mock.calls.length;
  };
  expect(evictionsAfter(3)).toBe(0);
  intake.waiting = 1;
  // One after the other as long as somebody waits.
  expect(evictionsAfter(3)).toBeGreaterThan(20);
  intake.waiting = 0;
  const held = await readers.lease(64, new AbortController().signal);
  expect(evictionsAfter(3)).toBe(0);
  const waiting = readers.lease(64, new AbortController().signal);
  expect(evictionsAfter(3)).toBeGreaterThan(20);
  held.release();
  (await waiting).release();
  expect(evictionsAfter(3)).toBe(0);
  intake.waiting = 1;
  stop();
  expect(evictionsAfter(3)).toBe(0);
});
