import type { StoreLimits } from '../object-store.ts';
import type { StoreGround } from './collect-orphans.ts';
import type { PartKeeper } from './part-keeper.ts';
import type { RunningCalls } from './running-calls.ts';

/** Who everything in a store belongs to, as S3's documents name an owner. */
export interface StoreOwner {
  readonly id: string;
  readonly displayName: string;
}

/** What the calls of an open store share. */
export interface CallGround extends StoreGround {
  readonly name: string;
  readonly limits: StoreLimits;
  readonly owner: StoreOwner;
  /** Where the store says that its buckets are. */
  readonly region: string;
  readonly keeper: PartKeeper;
  readonly calls: RunningCalls;
}
