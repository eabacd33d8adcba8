import type { SharedArena } from '../../flow/shared-arena.ts';
import type { GatewayGround } from '../gateway-ground.ts';
import { ReadCache } from './read-cache.ts';
import { ReaderShares } from './reader-shares.ts';

/** What all reads of a gateway share beside its ground. */
export interface ReadingRoom {
  readonly cache: ReadCache;
  readonly shares: ReaderShares;
}

const defaultCacheBytes = 32 * 2 ** 20;

const rooms = new WeakMap<GatewayGround, ReadingRoom>();

/** The room of a gateway, which lasts as long as its ground. */
export function readingRoom(ground: GatewayGround): ReadingRoom {
  const existing = rooms.get(ground);
  if (existing !== undefined) return existing;
  // What others have taken for good, for content that comes in, is taken by now.
  const { plain, wire } = ground.pool;
  const freeBytes = ({ capacityBytes, usedBytes }: SharedArena): number => capacityBytes - usedBytes;
  const shares = new ReaderShares({ plainBytes: freeBytes(plain), wireBytes: freeBytes(wire) });
  const room = { cache: new ReadCache(ground.readCacheBytes ?? defaultCacheBytes), shares };
  rooms.set(ground, room);
  return room;
}
