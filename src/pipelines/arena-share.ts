import { assert } from '../assert.ts';
import { abortError } from '../errors.ts';
import { type ArenaLease, SharedArena } from '../flow/shared-arena.ts';

/**
 * The most that a run holds at one time of memory that it shares with others, in bytes. What is not set is bounded by the
 * memory alone. Read anew whenever the run wants more, so that shares can shrink as runs come.
 */
export interface MemoryShare {
  readonly plainBytes?: number | undefined;
  readonly wireBytes?: number | undefined;
  /** Plain memory that is ever free, where others have taken some for good: no more is waited for. */
  readonly largestPlainBytes?: number | undefined;
  /** Content that is decrypted and released at once, in bytes, in place of the run's own number. */
  readonly batchBytes?: number | undefined;
  /** What plain memory is asked for before it is asked of the pool. */
  readonly plainGate?: MemoryGate | undefined;
}

/** What several runs have of an arena among themselves. */
export interface MemoryGate {
  /**
   * Waits until they may have so much more.
   *
   * @param heldBytes what the run has already.
   */
  take(bytes: number, heldBytes: number, signal: AbortSignal): Promise<void>;
  give(bytes: number): void;
}

/**
 * One run's share of an arena. A run that holds nothing may take a lease of any size: what is larger than its share could
 * never be read otherwise.
 */
export class ArenaShare {
  readonly #arena: SharedArena;
  readonly #mostBytes: () => number;
  readonly #gate: MemoryGate | undefined;
  #heldBytes = 0;
  #wake: (() => void) | undefined;

  constructor(arena: SharedArena, mostBytes: () => number | undefined, gate?: MemoryGate) {
    this.#arena = arena;
    this.#gate = gate;
    this.#mostBytes = () => mostBytes() ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Waits until the run has given enough back, then until the arena has room. By one caller at a time.
   *
   * @throws SealpartError `aborted` (or the signal's own typed reason) if the signal fires first
   */
  async lease(lengthBytes: number, signal: AbortSignal): Promise<ArenaLease> {
    const bytes = SharedArena.footprint(lengthBytes);
    while (this.#heldBytes > 0 && this.#heldBytes + bytes > this.#mostBytes()) await this.#someGivenBack(signal);
    await this.#gate?.take(bytes, this.#heldBytes, signal);
    this.#heldBytes += bytes;
    try {
      return this.#counted(await this.#arena.lease(lengthBytes, signal), bytes);
    } catch (error) {
      this.#giveBack(bytes);
      throw error;
    }
  }

  #counted(lease: ArenaLease, bytes: number): ArenaLease {
    return {
      offset: lease.offset,
      length: lease.length,
      bytes: lease.bytes,
      release: () => {
        lease.release();
        this.#giveBack(bytes);
      },
    };
  }

  #giveBack(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#gate?.give(bytes);
    this.#wake?.();
  }

  #someGivenBack(signal: AbortSignal): Promise<void> {
    assert(this.#wake === undefined, 'a run takes its memory in order');
    if (signal.aborted) return Promise.reject(abortError(signal));
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#wake = undefined;
        signal.removeEventListener('abort', onAbort);
        act();
      };
      const onAbort = (): void => settle(() => reject(abortError(signal)));
      signal.addEventListener('abort', onAbort, { once: true });
      this.#wake = () => settle(resolve);
    });
  }
}
