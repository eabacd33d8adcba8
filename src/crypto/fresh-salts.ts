import { randomBytes } from 'node:crypto';
import { AssertionError } from '../assert.ts';
import { equalBytes, isZero } from '../format/bytes.ts';

/** Gives so many random bytes. Something else than node:crypto's stands here only where a test replays a stream. */
export type Entropy = (length: number) => Uint8Array;

export const systemEntropy: Entropy = randomBytes;

/**
 * Segment salts, 16 fresh bytes each time a segment is encrypted (docs/format.md §9). A source of randomness that is
 * stuck is noticed at the second salt: going on would give two segments one key.
 */
export class FreshSalts {
  readonly #entropy: Entropy;
  #last: Uint8Array = new Uint8Array(16);

  constructor(entropy: Entropy = systemEntropy) {
    this.#entropy = entropy;
  }

  next(): Uint8Array {
    const salt = this.#entropy(16);
    if (salt.length !== 16 || isZero(salt) || equalBytes(salt, this.#last)) {
      throw new AssertionError('The source of randomness repeats itself: nothing can be encrypted on this machine.');
    }
    this.#last = salt;
    return salt;
  }
}
