import { assert } from '../../assert.ts';
import { SealpartError } from '../../errors.ts';
import { PieceStock } from '../../flow/piece-stock.ts';
import { type ArenaLease, SharedArena } from '../../flow/shared-arena.ts';
import { WaitedTooLong } from '../../flow/waited-too-long.ts';
import { frameOverhead } from '../../format/frame-header.ts';
import type { FramePool } from '../../workers/frame-pool.ts';

/** Content that one piece of wire memory holds the frames of. No frame is larger, and all sizes of frames divide it. */
export const pieceContentBytes: number = 2 ** 20;
const leastFrameBytes = 4096;
const pieceWireBytes = pieceContentBytes + (pieceContentBytes / leastFrameBytes) * frameOverhead;

export interface IntakeMemoryOptions {
  /** Of the pool's plain memory, for content that has come and is not encrypted yet; half of it unless told. */
  readonly plainBytes?: number | undefined;
  /** Of the pool's wire memory, for segments until they are sent; half of it unless told. */
  readonly wireBytes?: number | undefined;
  /** How long an upload waits for memory at most; 60 s unless told. */
  readonly waitLimitMs?: number | undefined;
  /** So many uploads may wait before no more are admitted; 256 unless told. */
  readonly maxWaiting?: number | undefined;
  /** Told each time an upload has to wait: those that hold memory and do not go on may be ended. */
  readonly onPressure?: (() => void) | undefined;
}

/**
 * The memory that content goes through on its way into a store, shared by all uploads: a part of a frame pool's own, set
 * aside for good, so that nobody who reads can be in the way of those who write, nor they of him.
 *
 * Content stands in plain memory only until it is encrypted and hashed, which needs nothing else, so that plain memory
 * comes free as long as clients send or are given up. Frames stay in wire memory until their segment is whole and was
 * sent, which takes more of the same memory: that is given out so that all can come to their end (flow/claim-budget.ts).
 * An upload asks for wire memory first and for the plain memory of the same content then, never the other way round.
 */
export class IntakeMemory {
  readonly wire: PieceStock;
  readonly #plain: SharedArena;
  readonly #leases: readonly [plain: ArenaLease, wire: ArenaLease];
  readonly #waitLimitMs: number;
  readonly #maxWaiting: number;
  readonly #onPressure: (() => void) | undefined;
  #plainWaiting = 0;
  #littleBytes = 0;

  private constructor(pool: FramePool, [plain, wire]: readonly [ArenaLease, ArenaLease], options: IntakeMemoryOptions) {
    const { waitLimitMs = 60_000, maxWaiting = 256, onPressure } = options;
    this.#waitLimitMs = waitLimitMs;
    this.#maxWaiting = maxWaiting;
    this.#onPressure = onPressure;
    this.#leases = [plain, wire];
    this.#plain = new SharedArena({ buffer: pool.plain.buffer, lease: plain });
    this.wire = new PieceStock(wire, pieceWireBytes, { waitLimitMs, onPressure });
  }

  /** @throws SealpartError `bad-parameters` if that is too little, or more than the pool has free */
  static open(pool: FramePool, options: IntakeMemoryOptions = {}): IntakeMemory {
    const { plainBytes = Math.floor(pool.plain.capacityBytes / 2) } = options;
    const { wireBytes = Math.floor(pool.wire.capacityBytes / 2) } = options;
    const isEnough = plainBytes >= pieceContentBytes && wireBytes >= pieceWireBytes;
    const isThere = plainBytes <= pool.plain.capacityBytes && wireBytes <= pool.wire.capacityBytes;
    const plain = isEnough && isThere ? pool.plain.tryLease(plainBytes) : undefined;
    const wire = plain === undefined ? undefined : pool.wire.tryLease(wireBytes);
    if (plain !== undefined && wire !== undefined) return new IntakeMemory(pool, [plain, wire], options);
    plain?.release();
    throw new SealpartError(
      'bad-parameters',
      `Content cannot come in through ${plainBytes} plain and ${wireBytes} wire bytes of a pool that has ` +
        `${pool.plain.capacityBytes} and ${pool.wire.capacityBytes}: give more memory.`,
    );
  }

  /** What was set aside of the pool's memory: nobody else has that. */
  get setAside(): { readonly plainBytes: number; readonly wireBytes: number } {
    const [plain, wire] = this.#leases;
    return { plainBytes: SharedArena.footprint(plain.length), wireBytes: SharedArena.footprint(wire.length) };
  }

  /** The largest segment that there is room for: content, in bytes. */
  get largestSegmentBytes(): number {
    return this.wire.pieces * pieceContentBytes;
  }

  /** Uploads that wait for memory. */
  get waiting(): number {
    return this.wire.waiting + this.#plainWaiting;
  }

  /** False if so many wait that another one would better come back later. */
  get admits(): boolean {
    return this.waiting < this.#maxWaiting;
  }

  /** Plain bytes that are in use. */
  get plainUsedBytes(): number {
    return this.#plain.usedBytes;
  }

  /** @throws WaitedTooLong; SealpartError `aborted` */
  async leasePlain(lengthBytes: number, signal: AbortSignal): Promise<ArenaLease> {
    const lease = this.#plain.tryLease(lengthBytes);
    if (lease !== undefined) return lease;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new WaitedTooLong(this.#waitLimitMs)), this.#waitLimitMs);
    this.#plainWaiting++;
    this.#onPressure?.();
    try {
      return await this.#plain.lease(lengthBytes, AbortSignal.any([signal, limit.signal]));
    } finally {
      this.#plainWaiting--;
      clearTimeout(timer);
    }
  }

  /**
   * Counts little content, which stands in memory of its own: as much in all as there is plain memory.
   *
   * @returns how it is let go of, once; undefined if there is too much of it
   */
  holdLittle(lengthBytes: number): (() => void) | undefined {
    if (this.#littleBytes + lengthBytes > this.#plain.capacityBytes) return undefined;
    this.#littleBytes += lengthBytes;
    return () => {
      this.#littleBytes -= lengthBytes;
    };
  }

  /** Gives the memory back to the pool. No upload may be under way any more. */
  close(): void {
    const isIdle = this.wire.freePieces === this.wire.pieces && this.#plain.usedBytes === 0;
    assert(isIdle && this.#littleBytes === 0, 'all uploads have ended');
    for (const lease of this.#leases) lease.release();
  }
}
