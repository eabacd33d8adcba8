import { expect, it } from 'vitest';
import type { GetRequest, ObjectHead, ObjectStore } from '../../src/objects/object-store.ts';
import { PinnedObject } from '../../src/pipelines/pinned-object.ts';
import { calm } from '../support/streams.ts';

it('asks for the version that is meant, where the store has told one (§6.21)', async () => {
  const asked: GetRequest[] = [];
  const head: ObjectHead = { etag: 'e', sizeBytes: 100, lastModifiedMs: 0, metadata: {}, tags: {} };
  const store: Pick<ObjectStore, 'get'> = {
    get: async (request) => {
      asked.push(request);
      return { head, read: async () => 0, close: async () => undefined };
    },
  };
  const object = { bucket: 'b', key: 'k' };
  for (const pinned of [head, { ...head, versionId: 'v1' }]) {
    await new PinnedObject(store as ObjectStore, object, pinned).get({ start: 10, end: 20 }, calm);
  }
  const request = { ...object, range: { first: 10, last: 19 }, ifMatch: 'e', withTags: false };
  expect(asked).toEqual([request, { ...request, versionId: 'v1' }]);
});
