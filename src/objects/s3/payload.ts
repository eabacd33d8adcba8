import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { throwIfAborted } from '../../errors.ts';
import { viewsOf } from '../directory/body-bytes.ts';
import type { BodyBytes } from '../object-store.ts';

/** The bytes of a write, and what is said of them in its headers. */
export interface Payload {
  readonly pieces: readonly Uint8Array[];
  readonly sizeBytes: number;
  /** The CRC-32 as S3 writes it: four bytes, the highest first, in Base64. Undefined if the store compares none. */
  readonly crc32: string | undefined;
}

/** How many bytes are hashed in one go: the event loop stands still meanwhile. */
const hashedSliceBytes = 1024 * 1024;

/** The payload of a body. A CRC that was not given is computed here. */
export function payloadOf(body: BodyBytes, withChecksum: boolean): Payload {
  const given = 'crc32' in body ? body.crc32 : undefined;
  const pieces = viewsOf(body).filter((piece) => piece.length > 0);
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (!withChecksum) return { pieces, sizeBytes, crc32: undefined };
  return { pieces, sizeBytes, crc32: encodeCrc32(given ?? pieces.reduce((crc, piece) => crc32(piece, crc), 0)) };
}

export function encodeCrc32(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc >>> 0);
  return bytes.toString('base64');
}

/** SHA-256 of the pieces one after the other, in hexadecimal. */
export async function hashPayload(pieces: readonly Uint8Array[], signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += hashedSliceBytes) {
      throwIfAborted(signal);
      hash.update(piece.subarray(at, at + hashedSliceBytes));
      await nextTurn();
    }
  }
  return hash.digest('hex');
}
