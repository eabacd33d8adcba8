import { pieceContentBytes } from './intake-memory.ts';

/** Less is not worth a task for a worker. */
const leastBytes = 64 * 1024;
const step = 4;
/** What is asked of somebody of whom nothing is known: with it, most objects of one segment are one or two tasks. */
const firstBytes = 256 * 1024;
/** A stretch that is filled in less than a quarter of this may be four times as long; one that takes longer is cut. */
const slowMs = 200;

/**
 * How much is taken in at a time: a whole piece from who sends fast, so that messages to workers are few; little from
 * who sends slowly, who holds the memory for it all the while.
 */
export class IntakePace {
  readonly #leastBytes: number;
  #bytes: number;

  /** @param frameSizeBytes what all stretches are multiples of */
  constructor(frameSizeBytes: number) {
    this.#leastBytes = Math.max(leastBytes, frameSizeBytes);
    this.#bytes = Math.max(this.#leastBytes, firstBytes);
  }

  /** The length of the next stretch in bytes. */
  get stretchBytes(): number {
    return this.#bytes;
  }

  /** A stretch of this length was filled. */
  filled(elapsedMs: number): void {
    if (elapsedMs > slowMs) this.#bytes = Math.max(this.#leastBytes, this.#bytes / step);
    else if (elapsedMs < slowMs / step) this.#bytes = Math.min(pieceContentBytes, this.#bytes * step);
  }
}
