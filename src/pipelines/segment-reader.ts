import { assert } from '../assert.ts';
import { SealpartError } from '../errors.ts';
import { SharedArena } from '../flow/shared-arena.ts';
import type { PlainPayload } from '../segments/encrypt-segment.ts';
import type { Source } from '../sources/source.ts';
import type { Stretch } from '../workers/messages.ts';

/** A source of which stretches can be passed over without reading them. */
export interface SkippableSource extends Source {
  skip(length: number): void;
}

/** One segment's content, and how to let go of the memory it stands in. */
export interface ReadSegment {
  readonly payload: PlainPayload;
  /** Plain memory of the same size, where a compressed payload can stand. */
  readonly scratch: Stretch | undefined;
  /** True if the source has nothing more. */
  readonly last: boolean;
  release(): void;
}

/**
 * Reads a source a segment at a time into plain memory, and knows of each whether it is the last one. That has to be
 * known before the segment is encrypted, so it reads one byte ahead.
 */
export class SegmentReader {
  readonly #source: Source;
  readonly #arena: SharedArena;
  readonly #withScratch: boolean;
  readonly #ahead = new Uint8Array(1);
  #hasAhead = false;
  #givenBytes = 0;

  constructor(source: Source, arena: SharedArena, withScratch: boolean) {
    this.#source = source;
    this.#arena = arena;
    this.#withScratch = withScratch;
  }

  /**
   * @param capacity what the segment holds if it is not the last one.
   * @throws SealpartError `source-changed` if the source has other bytes than it announced; what the source throws
   */
  async next(capacity: number, signal: AbortSignal): Promise<ReadSegment> {
    const { lend } = this.#source;
    const read =
      lend === undefined || this.#withScratch
        ? await this.#read(capacity, signal)
        : this.#borrow(lend.call(this.#source, capacity));
    if (this.#keptItsWord(read, capacity)) return read;
    read.release();
    const { name, size } = this.#source;
    const promised = size === undefined ? 'went on after it had ended' : `does not have the ${size} bytes it announced`;
    throw new SealpartError('source-changed', `${name} ${promised}: it changed while it was read. Begin again.`);
  }

  /** Passes over the content of a segment that is not the last one. The source must be able to. */
  skip(capacity: number): void {
    assert('skip' in this.#source, 'only a source that can be sought is passed over');
    (this.#source as SkippableSource).skip(capacity - (this.#hasAhead ? 1 : 0));
    this.#hasAhead = false;
    this.#givenBytes += capacity;
  }

  /** A segment that is neither full nor the last one would make a stream that nobody can read. */
  #keptItsWord({ payload, last }: ReadSegment, capacity: number): boolean {
    const { size } = this.#source;
    if (last) return size === undefined || this.#givenBytes === size;
    return payload.length === capacity && (size === undefined || this.#givenBytes < size);
  }

  async #read(capacity: number, signal: AbortSignal): Promise<ReadSegment> {
    const left = this.#source.size === undefined ? capacity : this.#source.size - this.#givenBytes;
    const room = SharedArena.footprint(Math.max(1, Math.min(capacity, left)));
    // One lease for both: two could stand so that neither of the gaps around the first has room for the second.
    const lease = await this.#arena.lease(this.#withScratch ? 2 * room : room, signal);
    try {
      const length = await this.#fill(lease.bytes.subarray(0, Math.min(capacity, room)), signal);
      this.#givenBytes += length;
      const last = await this.#isLast(signal);
      const scratch = this.#withScratch ? { offset: lease.offset + room, length } : undefined;
      return { payload: { offset: lease.offset, length }, scratch, last, release: () => lease.release() };
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  async #fill(target: Uint8Array, signal: AbortSignal): Promise<number> {
    const carried = this.#hasAhead ? 1 : 0;
    if (this.#hasAhead) target[0] = this.#ahead[0]!;
    this.#hasAhead = false;
    return carried + (await this.#source.read(target.subarray(carried), signal));
  }

  /** Also where the size is known: this is the read at which a source finds out that it has grown. */
  async #isLast(signal: AbortSignal): Promise<boolean> {
    if (!this.#hasAhead) this.#hasAhead = (await this.#source.read(this.#ahead, signal)) === 1;
    return !this.#hasAhead;
  }

  #borrow(loan: { buffer: SharedArrayBuffer; offset: number; length: number }): ReadSegment {
    this.#givenBytes += loan.length;
    return {
      payload: { offset: loan.offset, length: loan.length, lent: loan.buffer },
      scratch: undefined,
      last: this.#givenBytes === this.#source.size,
      release: () => undefined,
    };
  }
}
