import { assert } from '../assert.ts';
import { abortError, SealpartError } from '../errors.ts';

/** A stretch of an arena, its holder's alone until it is released. */
export interface ArenaLease {
  readonly offset: number;
  readonly length: number;
  readonly bytes: Uint8Array;
  /** Gives the stretch back. Exactly once, and only when nobody reads or writes it any more. */
  release(): void;
}

/** Where an arena lies inside of another one, of which it is a long lease. */
export interface ArenaRegion {
  readonly buffer: SharedArrayBuffer;
  readonly lease: ArenaLease;
}

interface Waiter {
  readonly length: number;
  readonly grant: (lease: ArenaLease) => void;
}

interface Gap {
  offset: number;
  length: number;
}

/** Leases begin on these boundaries, so that neighbours never share a cache line between threads. */
const alignmentBytes = 64;

/**
 * Shared memory of a fixed size, lent out in stretches of any size: the byte budget and the buffer pool in one. Whoever
 * asks waits for those who asked before, so that a large stretch is never starved by small ones. Stretches are taken
 * from the lowest place that fits, so that memory nobody needs is never touched and never resident.
 */
export class SharedArena {
  readonly buffer: SharedArrayBuffer;
  readonly capacityBytes: number;
  readonly #waiters: Waiter[] = [];
  readonly #gaps: Gap[];
  #usedBytes = 0;
  #highWaterBytes = 0;

  /**
   * @param place how much it holds, in memory of its own; or where in another arena it lies.
   * @throws SealpartError `bad-parameters` if it is no size, or more than the machine gives
   */
  constructor(place: number | ArenaRegion) {
    if (typeof place !== 'number') {
      const { buffer, lease } = place;
      this.buffer = buffer;
      this.capacityBytes = lease.length - (lease.length % alignmentBytes);
      this.#gaps = [{ offset: lease.offset, length: this.capacityBytes }];
      return;
    }
    const capacityBytes = place;
    if (!Number.isSafeInteger(capacityBytes) || capacityBytes < 0) {
      throw new SealpartError('bad-parameters', `Shared memory of ${capacityBytes} bytes is not possible.`);
    }
    const rounded = align(capacityBytes);
    this.buffer = allocate(rounded);
    this.capacityBytes = rounded;
    this.#gaps = rounded === 0 ? [] : [{ offset: 0, length: rounded }];
  }

  /** The most that was ever lent at one time. */
  get highWaterBytes(): number {
    return this.#highWaterBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** How many wait for room. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /** Arena bytes that a lease of so many takes. */
  static footprint(lengthBytes: number): number {
    return align(lengthBytes);
  }

  /** A lease that can be had at once, without passing those who wait. */
  tryLease(lengthBytes: number): ArenaLease | undefined {
    assert(lengthBytes > 0 && align(lengthBytes) <= this.capacityBytes, 'a lease that the arena can hold');
    return this.#waiters.length === 0 ? this.#take(lengthBytes) : undefined;
  }

  /**
   * Waits until there is room, in the order of asking.
   *
   * @throws SealpartError `aborted` (or the signal's own typed reason) if the signal fires first
   */
  lease(lengthBytes: number, signal: AbortSignal): Promise<ArenaLease> {
    if (signal.aborted) return Promise.reject(abortError(signal));
    const lease = this.tryLease(lengthBytes);
    if (lease !== undefined) return Promise.resolve(lease);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(abortError(signal));
        this.#serveWaiters();
      };
      const waiter: Waiter = {
        length: lengthBytes,
        grant: (granted) => {
          signal.removeEventListener('abort', onAbort);
          resolve(granted);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  #take(lengthBytes: number): ArenaLease | undefined {
    const needed = align(lengthBytes);
    const index = this.#gaps.findIndex((gap) => gap.length >= needed);
    if (index < 0) return undefined;
    const gap = this.#gaps[index]!;
    const offset = gap.offset;
    gap.offset += needed;
    gap.length -= needed;
    if (gap.length === 0) this.#gaps.splice(index, 1);
    this.#usedBytes += needed;
    this.#highWaterBytes = Math.max(this.#highWaterBytes, this.#usedBytes);
    let held = true;
    return {
      offset,
      length: lengthBytes,
      bytes: new Uint8Array(this.buffer, offset, lengthBytes),
      release: () => {
        assert(held, 'a lease is released once');
        held = false;
        this.#giveBack(offset, needed);
      },
    };
  }

  #giveBack(offset: number, length: number): void {
    this.#usedBytes -= length;
    let index = this.#gaps.findIndex((gap) => gap.offset > offset);
    if (index < 0) index = this.#gaps.length;
    const before = this.#gaps[index - 1];
    const after = this.#gaps[index];
    const joinsAfter = after !== undefined && offset + length === after.offset;
    if (before !== undefined && before.offset + before.length === offset) {
      before.length += length;
      if (joinsAfter) {
        before.length += after.length;
        this.#gaps.splice(index, 1);
      }
    } else if (joinsAfter) {
      after.offset = offset;
      after.length += length;
    } else {
      this.#gaps.splice(index, 0, { offset, length });
    }
    this.#serveWaiters();
  }

  #serveWaiters(): void {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      const lease = this.#take(waiter.length);
      if (lease === undefined) return;
      this.#waiters.shift();
      waiter.grant(lease);
    }
  }
}

function allocate(bytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(bytes);
  } catch (cause) {
    throw new SealpartError(
      'bad-parameters',
      `This machine does not give ${Math.ceil(bytes / 2 ** 20)} MiB of shared memory at once: give a smaller memory budget.`,
      { cause },
    );
  }
}

function align(lengthBytes: number): number {
  return Math.ceil(lengthBytes / alignmentBytes) * alignmentBytes;
}
