import { describe, expect, test } from 'vitest';
import { describeAttributes } from './object-store/attributes.ts';
import { quiet } from './object-store/bytes.ts';
import { describeCancelling } from './object-store/cancelling.ts';
import { describeChecksums } from './object-store/checksums.ts';
import { describeCompleting } from './object-store/completing.ts';
import { expectCode, type MakeObjectStore, useStore } from './object-store/ground.ts';
import { describeHeaders } from './object-store/headers.ts';
import { describeListing } from './object-store/listing.ts';
import { describeMultipart } from './object-store/multipart.ts';
import { describeNames } from './object-store/names.ts';
import { describeReplacing } from './object-store/replacing.ts';
import { describeUploads } from './object-store/uploads.ts';
import { describeWholeObjects } from './object-store/whole-objects.ts';

export type { MakeObjectStore, ObjectStoreFixture, StoreDeviation } from './object-store/ground.ts';

/**
 * What every object store must do, tried with parts as small as the store takes. The factory is called once a test;
 * stores of several tests may be one behind the scenes, because each test makes a bucket of its own.
 */
export function objectStoreContract(storeName: string, makeStore: MakeObjectStore): void {
  describe(`${storeName}: the contract of object stores`, () => {
    const ground = useStore(makeStore);

    describe('names', () => describeNames(ground));
    describe('whole objects', () => describeWholeObjects(ground));
    describe('metadata and tags', () => describeAttributes(ground));
    describe('headers', () => describeHeaders(ground));
    describe('checksums', () => describeChecksums(ground));
    describe('multipart uploads', () => describeMultipart(ground));
    describe('uploads under way', () => describeUploads(ground));
    describe('completing', () => describeCompleting(ground));
    describe('replacing', () => describeReplacing(ground));
    describe('listing', () => describeListing(ground));
    describe('cancelling', () => describeCancelling(ground));

    test('a store has a name and limits', () => {
      const { name, limits } = ground().store;
      expect(name).not.toBe('');
      expect(limits.minPartBytes).toBeLessThanOrEqual(limits.maxPartBytes);
      expect(limits.maxParts).toBeGreaterThanOrEqual(1);
    });

    test('a closed store can be closed again, and does nothing else', async () => {
      const { store, bucket } = ground();
      await store.close();
      await store.close();
      await expectCode(store.head({ bucket, key: 'k' }, quiet), 'store');
      await expectCode(store.put({ bucket, key: 'k' }, new Uint8Array(1), {}, {}, quiet), 'store');
    });
  });
}
