import { expect, test } from 'vitest';
import { backoffMs, defaultBackoff, parseRetryAfter, pause } from '../../../src/objects/s3/backoff.ts';
import { expectCode } from '../../contracts/object-store/ground.ts';

test('doubles up to the cap, with full jitter', () => {
  const bounds = Array.from({ length: 12 }, (_, index) => backoffMs(defaultBackoff, index + 1, undefined, () => 1));
  expect(bounds).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 20_000, 20_000, 20_000, 20_000]);
  expect(backoffMs(defaultBackoff, 5, undefined, () => 0)).toBe(0);
  expect(backoffMs(defaultBackoff, 5, undefined, () => 0.5)).toBe(800);
});

test('what the store asks for is the least, and the cap the most', () => {
  expect(backoffMs(defaultBackoff, 1, 3000, () => 0)).toBe(3000);
  expect(backoffMs(defaultBackoff, 1, 3000, () => 1)).toBe(3100);
  expect(backoffMs(defaultBackoff, 1, 86_400_000, () => 1)).toBe(20_000);
});

test.each([
  [undefined, undefined],
  ['7', 7000],
  [' 7 ', 7000],
  ['0', 0],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
  ['7.5', undefined],
])('Retry-After: %s', (text, expected) => {
  expect(parseRetryAfter(text, 10_000)).toBe(expected);
});

test('a pause ends with its signal', async () => {
  const controller = new AbortController();
  const pausing = pause(60_000, controller.signal);
  controller.abort();
  await expectCode(pausing, 'aborted');
  await expectCode(pause(1, controller.signal), 'aborted');
});
