import type { MemoryShare } from '../../pipelines/arena-share.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';

/** What a reader holds decrypted at most, in bytes. */
const mostPlainBytes = 2 ** 20;
/** What it holds of frames at most, in bytes. */
const mostWireBytes = 2 * 2 ** 20;
/** What is decrypted at once where there is room for it. Each batch costs a message to a thread and back. */
const mostBatchBytes = 2 ** 19;
/** A frame: with less, nothing moves. */
const leastBatchBytes = 2 ** 16;

/** A reader's place among the others, until it leaves. */
export interface ReaderShare {
  /** Its numbers shrink as others come. */
  readonly share: MemoryShare;
  readonly batchBytes: number;
  /** Safe more than once. */
  leave(): void;
}

/** Memory that readers have among themselves, in bytes. */
export interface ReadersMemory {
  readonly plainBytes: number;
  readonly wireBytes: number;
}

/**
 * Divides memory among those who read: each holds the less, the more of them there are, so that each finds room however
 * slowly some of the others read. Frames are given back as soon as they are decrypted, and wait for nobody's client.
 */
export class ReaderShares {
  readonly #memory: ReadersMemory;
  #readers = 0;
  #heapBytes = 0;

  constructor(memory: ReadersMemory) {
    this.#memory = memory;
  }

  get readers(): number {
    return this.#readers;
  }

  /** Bytes that stand outside of the pool. */
  get heapBytes(): number {
    return this.#heapBytes;
  }

  /** @throws S3Error SlowDown if there are more readers than there is room for */
  enter(): ReaderShare {
    const { plainBytes } = this.#memory;
    if (this.#readers > 0 && plainBytes / (this.#readers + 1) < leastBatchBytes) throw s3Error('SlowDown');
    this.#readers++;
    const plain = (): number => this.#each(plainBytes, mostPlainBytes);
    const wire = (): number => this.#each(this.#memory.wireBytes, mostWireBytes);
    let isIn = true;
    return {
      share: {
        get plainBytes() {
          return plain();
        },
        get wireBytes() {
          return wire();
        },
        largestPlainBytes: plainBytes,
      },
      batchBytes: batchWithin(Math.min(plain(), wire())),
      leave: () => {
        if (isIn) this.#readers--;
        isIn = false;
      },
    };
  }

  /**
   * Counts what stands outside of the pool's memory: content of small objects, as much in all as readers have in it.
   *
   * @returns how it is let go of; safe more than once
   * @throws S3Error SlowDown if there is too much of it already
   */
  hold(bytes: number): () => void {
    if (this.#heapBytes > 0 && this.#heapBytes + bytes > this.#memory.plainBytes) throw s3Error('SlowDown');
    this.#heapBytes += bytes;
    let isHeld = true;
    return () => {
      if (isHeld) this.#heapBytes -= bytes;
      isHeld = false;
    };
  }

  #each(bytes: number, most: number): number {
    return Math.min(most, Math.floor(bytes / this.#readers));
  }
}

/** Two batches are in hand at one time: while one is written, the next is fetched and decrypted. */
function batchWithin(bytes: number): number {
  const batch = 2 ** Math.floor(Math.log2(Math.max(1, bytes / 2)));
  return Math.max(leastBatchBytes, Math.min(mostBatchBytes, batch));
}
