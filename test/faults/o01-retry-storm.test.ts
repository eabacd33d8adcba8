import { expect, it } from 'vitest';
import { RetryBudget } from '../../src/objects/s3/retry-budget.ts';
import { quiet } from '../contracts/object-store/bytes.ts';
import { expectCode } from '../contracts/object-store/ground.ts';
import { errorAnswer, type FakeAnswer, fakeHandler, openFakeStore } from '../objects/s3/fake-store.ts';
import { noteFault } from '../support/fault-log.ts';

// O01: a store that answers 503 to everything for long gets hardly more requests than there are calls, and when it is
// back all is well at once.

const name = { bucket: 'bucket', key: 'k' };
const head: FakeAnswer = { headers: { etag: '"e"', 'content-length': '5' } };

it('O01: a storm of 503 is not made worse, and passes', async () => {
  let storm = true;
  const handler = fakeHandler(() => (storm ? errorAnswer(503, 'SlowDown') : head));
  const budget = new RetryBudget();
  const store = await openFakeStore(handler, { backoff: { baseMs: 0.01, capMs: 0.02 } }, { budget });
  const call = () => store.head(name, quiet);

  for (let count = 0; budget.tokens >= 5 && count < 1000; count++) await expectCode(call(), 'store');
  const beforeSteady = handler.sent.length;
  const calls = 1500;
  for (let count = 0; count < calls; count++) {
    const error = await expectCode(call(), 'store');
    expect(error.message).toContain('503');
  }
  const amplification = (handler.sent.length - beforeSteady) / calls;
  expect(amplification).toBeGreaterThanOrEqual(1);
  expect(amplification).toBeLessThanOrEqual(1.1);

  storm = false;
  await Promise.all(Array.from({ length: 50 }, call));
  // A single failure among successes is tried again, as before the storm.
  const before = handler.sent.length;
  let failOnce = true;
  const flaky = fakeHandler(() => {
    if (!failOnce) return head;
    failOnce = false;
    return errorAnswer(503, 'SlowDown');
  });
  const recovered = await openFakeStore(flaky, {}, { budget });
  await recovered.head(name, quiet);
  expect(flaky.sent).toHaveLength(2);
  const reached = before;
  noteFault({ id: 'O01', injected: `503 to ${calls} calls`, reached, outcome: `${amplification} requests a call` });
});

it('O01: the message says that it was given up early', async () => {
  const budget = new RetryBudget({ capacity: 0, retryCost: 5, timeoutRetryCost: 10, depositPerCall: 0 });
  const handler = fakeHandler(() => errorAnswer(503, 'SlowDown'));
  const store = await openFakeStore(handler, {}, { budget });
  const error = await expectCode(store.head(name, quiet), 'store');
  expect(error.message).toContain('too many requests fail');
  expect(handler.sent).toHaveLength(1);
});
