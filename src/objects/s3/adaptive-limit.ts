import { assert } from '../../assert.ts';
import { abortError } from '../../errors.ts';

/** The right to have one request in flight. */
export interface RequestSlot {
  /** The store took the request. */
  succeeded(): void;
  /** The store asked for fewer requests. */
  throttled(): void;
  /** The request is over. Exactly once. */
  leave(): void;
}

/**
 * Bounds the requests that are in flight to one store, and lets the store decide how many: half as many when it asks for
 * fewer, one more after as many successes as there may be requests. Whoever waits is served in the order of asking.
 */
export class AdaptiveLimit {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #limit: number;
  #inFlight = 0;
  #highWater = 0;
  #successes = 0;
  #epoch = 0;

  constructor(most: number) {
    assert(Number.isInteger(most) && most >= 1, 'at least one request may be in flight');
    this.#most = most;
    this.#limit = most;
  }

  /** How many requests may be in flight now. */
  get limit(): number {
    return this.#limit;
  }

  /** The most that ever were. */
  get highWater(): number {
    return this.#highWater;
  }

  /** Waits for the right to send one request. */
  async enter(signal: AbortSignal): Promise<RequestSlot> {
    if (signal.aborted) throw abortError(signal);
    if (this.#inFlight >= this.#limit || this.#waiting.length > 0) await this.#wait(signal);
    else this.#take();
    return this.#slot();
  }

  #take(): void {
    this.#inFlight += 1;
    this.#highWater = Math.max(this.#highWater, this.#inFlight);
  }

  #slot(): RequestSlot {
    // Requests that were sent before the last halving say nothing about the limit that it set.
    const epoch = this.#epoch;
    let held = true;
    return {
      succeeded: () => {
        if (epoch === this.#epoch) this.#raise();
      },
      throttled: () => {
        if (epoch === this.#epoch) this.#halve();
      },
      leave: () => {
        assert(held, 'a slot is left once');
        held = false;
        this.#inFlight -= 1;
        this.#serve();
      },
    };
  }

  #raise(): void {
    this.#successes += 1;
    if (this.#successes < this.#limit || this.#limit >= this.#most) return;
    this.#successes = 0;
    this.#limit += 1;
    this.#serve();
  }

  #halve(): void {
    this.#epoch += 1;
    this.#successes = 0;
    // A limit far above what is in use would have to be halved many times before the store felt it.
    this.#limit = Math.max(1, Math.floor(Math.min(this.#limit, this.#inFlight) / 2));
  }

  #serve(): void {
    while (this.#inFlight < this.#limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#take();
      next();
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(onServed), 1);
        reject(abortError(signal));
      };
      const onServed = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(onServed);
    });
  }
}
