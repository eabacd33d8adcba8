import { randomBytes, randomFillSync } from 'node:crypto';

const idBytes = 8;
const pool = Buffer.alloc(idBytes * 512);
let used = pool.length;

/** 16 capital hexadecimal digits that no other request has. Taken from a pool: asking for eight random bytes is slow. */
export function nextRequestId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += idBytes;
  return pool.toString('hex', used - idBytes, used).toUpperCase();
}

/** What tells this process from the others in `x-amz-id-2`. */
export function newHostId(): string {
  return randomBytes(42).toString('base64');
}
