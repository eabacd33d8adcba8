import { type DrawBytes, freshBytes, requireDistinct } from './fresh-bytes.ts';

export const segmentSaltLength = 16;

/**
 * Segment salts, fresh each time a segment is encrypted (docs/format.md §9). A random source that gets stuck is noticed
 * at the next salt: going on would give two segments one key (docs/format.md §9.2).
 */
export class FreshSalts {
  readonly #draw: DrawBytes;
  #last: Uint8Array = new Uint8Array(segmentSaltLength);

  /** @param draw the system's source unless told: something else stands here only where a test replays a stream. */
  constructor(draw: DrawBytes = (length) => freshBytes(length)) {
    this.#draw = draw;
  }

  /** @throws SealpartError `io` if the random source repeats itself */
  next(): Uint8Array {
    const salt = this.#draw(segmentSaltLength);
    requireDistinct(salt, this.#last);
    this.#last = salt;
    return salt;
  }
}
