import type { GatewayGround } from '../gateway-ground.ts';
import { readingRoom } from './reading-room.ts';

/** Forgets what reads have found out about an object: it is written or removed, and the next read would ask in vain. */
export function forgetObject(ground: GatewayGround, bucket: string, key: string): void {
  readingRoom(ground).cache.forget({ bucket, key });
}
