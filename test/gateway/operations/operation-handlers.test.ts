import { expect, it } from 'vitest';
import { operationHandlers } from '../../../src/gateway/operations/operation-handlers.ts';
import { operations } from '../../../src/s3-protocol/routes/find-operation.ts';

it('every operation that has a route has a handler, and no other', () => {
  const routed = operations.filter(({ treatment }) => treatment !== 'not-implemented').map(({ name }) => name);
  expect(Object.keys(operationHandlers).sort()).toEqual(routed.sort());
});
