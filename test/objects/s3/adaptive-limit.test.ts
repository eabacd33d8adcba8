import { expect, test } from 'vitest';
import { AdaptiveLimit, type RequestSlot } from '../../../src/objects/s3/adaptive-limit.ts';
import { quiet } from '../../contracts/object-store/bytes.ts';
import { expectCode } from '../../contracts/object-store/ground.ts';

async function enterAll(limit: AdaptiveLimit, count: number): Promise<RequestSlot[]> {
  return await Promise.all(Array.from({ length: count }, () => limit.enter(quiet)));
}

test('no more than the limit are in flight, and who waits is served in order', async () => {
  const limit = new AdaptiveLimit(2);
  const [one, two] = await enterAll(limit, 2);
  const served: number[] = [];
  const waiting = [1, 2, 3].map(async (number) => {
    const slot = await limit.enter(quiet);
    served.push(number);
    slot.leave();
  });
  await Promise.resolve();
  expect(served).toEqual([]);
  one!.leave();
  await Promise.all(waiting);
  expect(served).toEqual([1, 2, 3]);
  two!.leave();
  expect(limit.highWater).toBe(2);
});

test('a throttled request halves what is in use, once for all that were sent together', async () => {
  const limit = new AdaptiveLimit(64);
  const slots = await enterAll(limit, 8);
  for (const slot of slots) slot.throttled();
  expect(limit.limit).toBe(4);
  for (const slot of slots) slot.leave();
  const later = await enterAll(limit, 4);
  later[0]!.throttled();
  expect(limit.limit).toBe(2);
  for (const slot of later) slot.leave();
  const [last] = await enterAll(limit, 1);
  last!.throttled();
  expect(limit.limit).toBe(1);
  last!.leave();
});

test('after as many successes as the limit it rises by one, up to the most', async () => {
  const limit = new AdaptiveLimit(4);
  const slots = await enterAll(limit, 4);
  slots[0]!.throttled();
  // These were sent before: they say nothing about the new limit.
  for (const slot of slots.slice(1)) slot.succeeded();
  expect(limit.limit).toBe(2);
  for (const slot of slots) slot.leave();
  for (const expected of [2, 3, 3, 3, 4, 4, 4, 4, 4, 4]) {
    const slot = await limit.enter(quiet);
    slot.succeeded();
    slot.leave();
    expect(limit.limit).toBe(expected);
  }
});

test('a wait ends with its signal, and takes nobody else with it', async () => {
  const limit = new AdaptiveLimit(1);
  const [slot] = await enterAll(limit, 1);
  const controller = new AbortController();
  const cancelled = limit.enter(controller.signal);
  const next = limit.enter(quiet);
  controller.abort();
  await expectCode(cancelled, 'aborted');
  slot!.leave();
  (await next).leave();
  await expectCode(limit.enter(AbortSignal.abort()), 'aborted');
});
