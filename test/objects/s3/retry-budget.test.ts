import { expect, test } from 'vitest';
import { defaultRetryBudget, RetryBudget } from '../../../src/objects/s3/retry-budget.ts';

test('begins full, and a retry takes its cost', () => {
  const budget = new RetryBudget();
  expect(budget.tokens).toBe(500);
  expect(budget.takeRetry(false)).toBe(5);
  expect(budget.takeRetry(true)).toBe(10);
  expect(budget.tokens).toBe(485);
});

test('what is given back never overflows', () => {
  const budget = new RetryBudget();
  budget.giveBack(100);
  budget.beginCall();
  expect(budget.tokens).toBe(500);
});

test('an empty budget gives nothing, and a success lets one more through', () => {
  const budget = new RetryBudget({ ...defaultRetryBudget, capacity: 5 });
  const cost = budget.takeRetry(false);
  expect(cost).toBe(5);
  expect(budget.takeRetry(false)).toBeUndefined();
  budget.giveBack(cost!);
  expect(budget.takeRetry(false)).toBe(5);
});

test('once empty, calls that all fail add a tenth of themselves', () => {
  const budget = new RetryBudget();
  while (budget.takeRetry(false) !== undefined);
  let retries = 0;
  for (let call = 0; call < 10_000; call++) {
    budget.beginCall();
    while (budget.takeRetry(false) !== undefined) retries += 1;
  }
  expect(retries).toBe(1000);
});
