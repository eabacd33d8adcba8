import type { SharedArena } from '../../flow/shared-arena.ts';
import type { GatewayGround } from '../gateway-ground.ts';
import { HeapBudget } from './heap-budget.ts';
import { ReadCache } from './read-cache.ts';
import { ReaderShares } from './reader-shares.ts';

/** What all reads of a gateway share beside its ground. */
export interface ReadingRoom {
  readonly cache: ReadCache;
  readonly shares: ReaderShares;
  /** Of what stands outside of the pool's memory: small objects, as much in all as readers have in it. */
  readonly heap: HeapBudget;
  /** How many wait for memory that others hold. */
  readonly waiting: number;
}

/** Content up to so much is decrypted as a whole before its answer begins, so that what is wrong with it is an error. */
export const atHandBytes: number = 2 ** 20;

const defaultCacheBytes = 32 * 2 ** 20;

const rooms = new WeakMap<GatewayGround, ReadingRoom>();

/** The room of a gateway, which lasts as long as its ground. */
export function readingRoom(ground: GatewayGround): ReadingRoom {
  const existing = rooms.get(ground);
  if (existing !== undefined) return existing;
  // What others have taken for good, for content that comes in, is taken by now.
  const { plain, wire } = ground.pool;
  const freeBytes = ({ capacityBytes, usedBytes }: SharedArena): number => capacityBytes - usedBytes;
  const plainBytes = freeBytes(plain);
  const shares = new ReaderShares({ plainBytes, wireBytes: freeBytes(wire) });
  const heap = new HeapBudget(plainBytes, { mostEachBytes: 2 * atHandBytes });
  const room: ReadingRoom = {
    cache: new ReadCache(ground.readCacheBytes ?? defaultCacheBytes),
    shares,
    heap,
    get waiting() {
      return shares.waiting + heap.waiting;
    },
  };
  rooms.set(ground, room);
  return room;
}
