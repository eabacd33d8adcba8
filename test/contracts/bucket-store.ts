import { describe } from 'vitest';
import { describeBuckets } from './bucket-store/buckets.ts';
import { describeConfigurations } from './bucket-store/configurations.ts';
import { type MakeBucketStore, useBucketStore } from './bucket-store/ground.ts';
import { describeKeyListing } from './bucket-store/key-listing.ts';
import { describeKeyPages } from './bucket-store/key-pages.ts';
import { describeRemoving } from './bucket-store/removing.ts';
import { describeTagging } from './bucket-store/tagging.ts';
import { describeVersionListing } from './bucket-store/version-listing.ts';

export type { BucketDeviation, BucketStoreFixture, MakeBucketStore } from './bucket-store/ground.ts';

/**
 * What every bucket store must do beside what every object store must (objectStoreContract). The factory is called once
 * a test; stores of several tests may be one behind the scenes, because each test makes buckets of its own.
 */
export function bucketStoreContract(storeName: string, makeStore: MakeBucketStore): void {
  describe(`${storeName}: the contract of bucket stores`, () => {
    const ground = useBucketStore(makeStore);

    describe('buckets', () => describeBuckets(ground));
    describe('what is asked of buckets by name', () => describeConfigurations(ground));
    describe('listing keys', () => describeKeyListing(ground));
    describe('pages of keys', () => describeKeyPages(ground));
    describe('listing versions', () => describeVersionListing(ground));
    describe('removing', () => describeRemoving(ground));
    describe('tags', () => describeTagging(ground));
  });
}
