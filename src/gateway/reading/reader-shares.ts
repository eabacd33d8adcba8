import type { MemoryShare } from '../../pipelines/arena-share.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import { ReaderGate } from './reader-gate.ts';

/** What a reader holds decrypted at most, in bytes. */
const mostPlainBytes = 2 ** 20;
/** What it holds of frames at most, in bytes. */
const mostWireBytes = 2 * 2 ** 20;
/** What is decrypted at once where there is room for it. Each batch costs a message to a thread and back. */
const mostBatchBytes = 2 ** 19;
/** A frame: with less, nothing moves. */
const leastBatchBytes = 2 ** 16;
/** Ranges up to so many bytes go frame by frame: while one is sent, the next is decrypted. */
const shortBytes = 2 ** 18;
/** The part of the memory that only short ranges have, so that none of them waits for who reads whole objects. */
const shortPart = 1 / 8;
/** The part of what is free that a reader holds: the less there is, the less each that comes takes of it. */
const partOfFree = 1 / 16;

/** A reader's place among the others, until it leaves. */
export interface ReaderShare {
  /** Its numbers shrink as others come, and as memory runs out. */
  readonly share: MemoryShare;
  /** Safe more than once. */
  leave(): void;
}

/** Memory that readers have among themselves, in bytes. */
export interface ReadersMemory {
  readonly plainBytes: number;
  readonly wireBytes: number;
}

/**
 * Divides memory among those who read: each holds the less, the more of them there are and the more of it is held, so
 * that each finds room however slowly some of the others read. Frames are given back as soon as they are decrypted, and
 * wait for nobody's client.
 */
export class ReaderShares {
  readonly #memory: ReadersMemory;
  readonly #gate: ReaderGate;
  #readers = 0;

  constructor(memory: ReadersMemory) {
    this.#memory = memory;
    this.#gate = new ReaderGate(memory.plainBytes * (1 - shortPart), leastBatchBytes);
  }

  get readers(): number {
    return this.#readers;
  }

  /** How many wait for what others hold. */
  get waiting(): number {
    return this.#gate.waiting;
  }

  /**
   * @param lengthBytes content that is read.
   * @throws S3Error SlowDown if there are more readers than there is room for
   */
  enter(lengthBytes: number): ReaderShare {
    const { plainBytes } = this.#memory;
    if (this.#readers > 0 && plainBytes / (this.#readers + 1) < leastBatchBytes) throw s3Error('SlowDown');
    this.#readers++;
    let isIn = true;
    return {
      share: lengthBytes <= shortBytes ? this.#shortShare() : this.#share(),
      leave: () => {
        if (isIn) this.#readers--;
        isIn = false;
      },
    };
  }

  /** Two frames, of memory that nobody else has. */
  #shortShare(): MemoryShare {
    const { plainBytes } = this.#memory;
    const wire = (): number => this.#wireEach();
    return {
      plainBytes: 2 * leastBatchBytes,
      get wireBytes() {
        return wire();
      },
      largestPlainBytes: plainBytes,
      batchBytes: leastBatchBytes,
    };
  }

  #share(): MemoryShare {
    const { plainBytes } = this.#memory;
    const plain = (): number => this.#plainEach();
    const wire = (): number => this.#wireEach();
    return {
      get plainBytes() {
        return plain();
      },
      get wireBytes() {
        return wire();
      },
      get batchBytes() {
        return batchWithin(Math.min(plain(), wire()));
      },
      largestPlainBytes: plainBytes,
      plainGate: this.#gate,
    };
  }

  #plainEach(): number {
    const each = Math.min(mostPlainBytes, this.#memory.plainBytes / this.#readers, this.#gate.freeBytes * partOfFree);
    return Math.max(leastBatchBytes, Math.floor(each));
  }

  #wireEach(): number {
    return Math.min(mostWireBytes, Math.floor(this.#memory.wireBytes / this.#readers));
  }
}

/** Two batches are in hand at one time: while one is written, the next is fetched and decrypted. */
function batchWithin(bytes: number): number {
  const batch = 2 ** Math.floor(Math.log2(Math.max(1, bytes / 2)));
  return Math.max(leastBatchBytes, Math.min(mostBatchBytes, batch));
}
