import { createHash } from 'node:crypto';
import type { BodyBytes } from '../../../src/objects/object-store.ts';

const magic = Buffer.from('SEG2');

/** All bytes of a body, copied. */
export function bytesOf(body: BodyBytes): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.concat(('pieces' in body ? body.pieces : body).map((piece) => new Uint8Array(piece)));
}

/**
 * Remembers under which salt which bytes went out. A salt makes a segment's key, and nonces count frames: other bytes
 * under the same salt are two plaintexts under one key and nonce, or one that was sealed by halves.
 */
export class SaltLedger {
  readonly #sent = new Map<string, string>();
  #violations = 0;

  get violations(): number {
    return this.#violations;
  }

  /** Salts that were seen. */
  get size(): number {
    return this.#sent.size;
  }

  note(body: BodyBytes): void {
    const bytes = bytesOf(body);
    const start = bytes.indexOf(magic);
    if (start < 0) return;
    const salt = bytes.subarray(start + 24, start + 40).toString('hex');
    const hash = createHash('sha256').update(bytes.subarray(start)).digest('hex');
    const before = this.#sent.get(salt);
    if (before !== undefined && before !== hash) this.#violations++;
    this.#sent.set(salt, hash);
  }
}
