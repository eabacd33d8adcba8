import { abortError } from '../../errors.ts';
import type { MemoryGate } from '../../pipelines/arena-share.ts';

interface Waiter {
  readonly bytes: number;
  readonly isFirst: boolean;
  grant(): void;
}

/**
 * What those who read whole objects have of the pool's memory among themselves, so that the rest of it is free for others.
 * A part is for those who hold nothing yet: however much slow readers hold, somebody who comes can begin and go on, a
 * frame at a time.
 */
export class ReaderGate implements MemoryGate {
  readonly #capacityBytes: number;
  readonly #frameBytes: number;
  readonly #waiters: Waiter[] = [];
  #usedBytes = 0;

  /** @param frameBytes what somebody who holds nothing gets out of the part that is set aside. */
  constructor(capacityBytes: number, frameBytes: number) {
    this.#capacityBytes = capacityBytes;
    this.#frameBytes = frameBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** What is left for those who hold something. */
  get freeBytes(): number {
    return Math.max(0, this.#mostBytes(false) - this.#usedBytes);
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  take(bytes: number, heldBytes: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(abortError(signal));
    const isFirst = heldBytes === 0 && bytes <= this.#frameBytes;
    if (this.#hasRoom(bytes, isFirst) && !this.#waiters.some((waiter) => waiter.isFirst === isFirst)) {
      this.#usedBytes += bytes;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(abortError(signal));
        this.#serve();
      };
      const waiter: Waiter = {
        bytes,
        isFirst,
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
    if (this.#waiters.length > 0) this.#serve();
  }

  #mostBytes(isFirst: boolean): number {
    return isFirst ? this.#capacityBytes : (this.#capacityBytes * 3) / 4;
  }

  /** One alone may have more than there is: what is larger could never be read otherwise. */
  #hasRoom(bytes: number, isFirst: boolean): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + bytes <= this.#mostBytes(isFirst);
  }

  /** In the order of asking, of those who hold nothing and of the others. */
  #serve(): void {
    for (const isFirst of [true, false]) {
      for (;;) {
        const index = this.#waiters.findIndex((waiter) => waiter.isFirst === isFirst);
        const next = this.#waiters[index];
        if (next === undefined || !this.#hasRoom(next.bytes, isFirst)) break;
        this.#waiters.splice(index, 1);
        this.#usedBytes += next.bytes;
        next.grant();
      }
    }
  }
}
