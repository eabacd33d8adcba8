import { assert } from '../assert.ts';
import { abortError } from '../errors.ts';

/**
 * A bounded queue between one producer that runs ahead and one consumer that takes items in order. The producer waits
 * while the window is full, the consumer while it is empty; both waits end with the signal.
 */
export class OrderedWindow<T> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  #wakeProducer: (() => void) | undefined;
  #wakeConsumer: (() => void) | undefined;
  #ended = false;
  #highWater = 0;

  constructor(capacity: number) {
    assert(capacity >= 1, 'a window holds at least one item');
    this.#capacity = capacity;
  }

  /** The most items that ever waited. */
  get highWater(): number {
    return this.#highWater;
  }

  async push(item: T, signal: AbortSignal): Promise<void> {
    assert(!this.#ended, 'nothing is pushed after the end');
    while (this.#items.length >= this.#capacity) await this.#sleep(signal, (wake) => (this.#wakeProducer = wake));
    if (signal.aborted) throw abortError(signal);
    this.#items.push(item);
    this.#highWater = Math.max(this.#highWater, this.#items.length);
    this.#wakeConsumer?.();
  }

  /** Nothing more will come. */
  end(): void {
    this.#ended = true;
    this.#wakeConsumer?.();
  }

  /** The next item, or undefined after the last one. */
  async take(signal: AbortSignal): Promise<T | undefined> {
    while (this.#items.length === 0 && !this.#ended) {
      await this.#sleep(signal, (wake) => (this.#wakeConsumer = wake));
    }
    // A producer that was cancelled ends as one that is done does: the consumer must not take that for all there is.
    if (signal.aborted) throw abortError(signal);
    const item = this.#items.shift();
    this.#wakeProducer?.();
    return item;
  }

  /** What was pushed and not taken, for whoever cleans up. */
  drain(): T[] {
    return this.#items.splice(0);
  }

  #sleep(signal: AbortSignal, register: (wake: (() => void) | undefined) => void): Promise<void> {
    if (signal.aborted) return Promise.reject(abortError(signal));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        register(undefined);
        reject(abortError(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      register(() => {
        register(undefined);
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }
}
