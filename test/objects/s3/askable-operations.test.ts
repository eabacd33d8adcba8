import { expect, test } from 'vitest';
import { isAskable } from '../../../src/objects/s3/askable-operations.ts';
import { forwardedOperations } from '../../../src/s3-protocol/routes/forwarded-operations.ts';

test('every operation that is forwarded by name is one, and no other', () => {
  expect(forwardedOperations.filter(({ name }) => !isAskable(name))).toEqual([]);
  for (const name of [
    'PutObject',
    'CopyObject',
    'DeleteObjects',
    'RenameObject',
    'PutBucketMagic',
    '',
    'constructor',
  ]) {
    expect(isAskable(name), name).toBe(false);
  }
});
