import { assert } from '../assert.ts';
import { abortError } from '../errors.ts';

/** Lets tasks that finish in any order pass one after the other, by number from 0. */
export class Turnstile {
  readonly #waiting = new Map<number, () => void>();
  #next = 0;

  /** Waits until every number below `turn` has passed. */
  enter(turn: number, signal: AbortSignal): Promise<void> {
    assert(turn >= this.#next, 'a turn passes once');
    if (signal.aborted) return Promise.reject(abortError(signal));
    if (turn === this.#next) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(turn);
        reject(abortError(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.set(turn, () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }

  /** The task whose turn it is has passed. */
  leave(turn: number): void {
    assert(turn === this.#next, 'turns are left in order');
    this.#next++;
    const next = this.#waiting.get(this.#next);
    this.#waiting.delete(this.#next);
    next?.();
  }
}
