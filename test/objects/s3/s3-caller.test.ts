import { expect, test } from 'vitest';
import { AdaptiveLimit } from '../../../src/objects/s3/adaptive-limit.ts';
import { quiet } from '../../contracts/object-store/bytes.ts';
import { expectCode } from '../../contracts/object-store/ground.ts';
import { errorAnswer, type FakeAnswer, fakeHandler, openFakeStore } from './fake-store.ts';

const name = { bucket: 'bucket', key: 'k' };
const head: FakeAnswer = { headers: { etag: '"e"', 'content-length': '5' } };

/** An answer that comes when the request is cancelled, as that request's error. */
function untilCancelled(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal!.addEventListener('abort', () => reject(new Error('cancelled')), { once: true });
  });
}

test('a request is cancelled with its signal, also while it waits', async () => {
  const controller = new AbortController();
  const hanging = fakeHandler((_, _index, signal) => untilCancelled(signal));
  const store = await openFakeStore(hanging);
  const looking = store.head(name, controller.signal);
  await expect.poll(() => hanging.sent.length).toBe(1);
  controller.abort();
  await expectCode(looking, 'aborted');

  const failing = fakeHandler(() => errorAnswer(503, 'SlowDown'));
  const patient = await openFakeStore(failing, { backoff: { baseMs: 60_000, capMs: 60_000 } });
  const second = new AbortController();
  const waiting = patient.head(name, second.signal);
  await expect.poll(() => failing.sent.length).toBe(1);
  second.abort();
  await expectCode(waiting, 'aborted');
});

test('closing cancels what runs, waits for it, and lets go of the connections', async () => {
  const handler = fakeHandler((_, _index, signal) => untilCancelled(signal));
  const store = await openFakeStore(handler);
  const looking = store.head(name, quiet);
  const outcome = expectCode(looking, 'aborted');
  await expect.poll(() => handler.sent.length).toBe(1);
  await store.close();
  expect(handler.destroyed()).toBe(true);
  expect((await outcome).message).toContain('was closed');
  expect((await expectCode(store.head(name, quiet), 'store')).message).toContain('was closed');
});

test('Retry-After is waited for', async () => {
  const times: number[] = [];
  const handler = fakeHandler((_, index) => {
    times.push(performance.now());
    return index === 0 ? { ...errorAnswer(503, 'SlowDown'), headers: { 'retry-after': '1' } } : head;
  });
  const store = await openFakeStore(handler, { backoff: { baseMs: 1, capMs: 20_000 } });
  await store.head(name, quiet);
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
});

test('waits follow the jitter that is drawn', async () => {
  let drawn = 0;
  const draw = () => {
    drawn += 1;
    return 0;
  };
  const handler = fakeHandler((_, index) => (index < 3 ? errorAnswer(500, 'InternalError') : head));
  const store = await openFakeStore(handler, {}, { random: draw });
  await store.head(name, quiet);
  expect([handler.sent.length, drawn]).toEqual([4, 3]);
});

test('no more requests are in flight than there may be', async () => {
  let inFlight = 0;
  const limit = new AdaptiveLimit(3);
  const handler = fakeHandler(async () => {
    inFlight += 1;
    expect(inFlight).toBeLessThanOrEqual(3);
    await new Promise((resolve) => setTimeout(resolve, 2));
    inFlight -= 1;
    return head;
  });
  const store = await openFakeStore(handler, {}, { limit });
  await Promise.all(Array.from({ length: 20 }, () => store.head(name, quiet)));
  expect([handler.sent.length, limit.highWater]).toEqual([20, 3]);
});

test('a dead connection, and a network that fails, are tried again', async () => {
  const failures = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ECONNREFUSED'];
  const handler = fakeHandler((_, index) => {
    const code = failures[index];
    if (code !== undefined) throw Object.assign(new Error(`connect ${code}`), { code });
    return head;
  });
  const store = await openFakeStore(handler);
  await store.head(name, quiet);
  expect(handler.sent).toHaveLength(failures.length + 1);
});

test('a network that stays away is told with its reason', async () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
  const handler = fakeHandler(() => Promise.reject(cause));
  const store = await openFakeStore(handler, { maxAttempts: 3 });
  const error = await expectCode(store.put(name, new Uint8Array(1), {}, {}, quiet), 'store');
  expect(error.message).toMatch(/ECONNREFUSED.*3 attempts.*look at the endpoint/);
  expect(error.cause).toBe(cause);
});
