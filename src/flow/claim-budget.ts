import { assert } from '../assert.ts';
import { abortError } from '../errors.ts';
import { WaitedTooLong } from './waited-too-long.ts';

/** Somebody who takes units one by one, up to what it said, and gives them back all at once when it is done. */
export interface Claim {
  readonly held: number;
  /** What it may still ask for. */
  readonly remaining: number;
  /**
   * Waits for one more unit.
   *
   * @throws WaitedTooLong; SealpartError `aborted` (or the signal's own typed reason) if the signal fires first
   */
  take(signal: AbortSignal): Promise<void>;
  /** Gives back all that it holds. Exactly once, and not while it waits. */
  close(): void;
}

export interface ClaimBudgetOptions {
  /** How long one unit is waited for at most. */
  readonly waitLimitMs?: number | undefined;
  /** Told each time somebody has to wait. */
  readonly onPressure?: (() => void) | undefined;
}

/**
 * A number of units for claims that come and go, each of which takes its units one by one and gives none back before it
 * has had all that it needs. If units went to whoever asks first, all claims could hold some and wait for more for ever.
 *
 * So a unit is given only if the state after it is safe, by the banker's rule: there is an order in which every claim can
 * be given all the rest that it may ask for, out of what is free and what those before it in that order give back.
 * Who has waited longest comes first among those whom that allows; and as long as anybody waits, no new claim is given
 * its first unit before the older ones: there is always a claim that can be served to its end, and those that began are
 * finite in number, so that nobody waits for ever on a claim that ends.
 */
export class ClaimBudget {
  readonly units: number;
  readonly #options: ClaimBudgetOptions;
  readonly #holders = new Set<OpenClaim>();
  readonly #waiters: Waiter[] = [];
  #free: number;

  constructor(units: number, options: ClaimBudgetOptions = {}) {
    assert(Number.isSafeInteger(units) && units >= 1, 'a budget of whole units');
    this.units = units;
    this.#free = units;
    this.#options = options;
  }

  get free(): number {
    return this.#free;
  }

  /** How many wait for a unit. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /** @param most units that it will ask for at most: not more than there are. */
  open(most: number): Claim {
    assert(Number.isSafeInteger(most) && most >= 0 && most <= this.units, 'a claim that the budget can meet');
    return new OpenClaim(most, {
      take: (claim, signal) => this.#take(claim, signal),
      close: (claim) => {
        assert(
          this.#waiters.every((waiter) => waiter.claim !== claim),
          'a claim is not closed while it waits',
        );
        this.#free += claim.held;
        this.#holders.delete(claim);
        this.#serve();
      },
    });
  }

  #take(claim: OpenClaim, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(abortError(signal));
    // Somebody who waits is in the way of new claims only: those who hold units must go on, so that there will be more.
    if ((claim.held > 0 || this.#waiters.length === 0) && this.#isSafeFor(claim)) {
      this.#give(claim);
      return Promise.resolve();
    }
    return this.#wait(claim, signal);
  }

  #wait(claim: OpenClaim, signal: AbortSignal): Promise<void> {
    const { waitLimitMs, onPressure } = this.#options;
    return new Promise((resolve, reject) => {
      const leave = (error: Error): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        waiter.stop();
        reject(error);
        this.#serve();
      };
      const onAbort = (): void => leave(abortError(signal));
      const timer =
        waitLimitMs === undefined ? undefined : setTimeout(() => leave(new WaitedTooLong(waitLimitMs)), waitLimitMs);
      const waiter: Waiter = {
        claim,
        stop: () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
        },
        granted: () => {
          waiter.stop();
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
      onPressure?.();
    });
  }

  #give(claim: OpenClaim): void {
    this.#free--;
    claim.held++;
    this.#holders.add(claim);
  }

  #serve(): void {
    for (let i = this.#nextToServe(); i !== undefined; i = this.#nextToServe()) {
      const [waiter] = this.#waiters.splice(i, 1);
      this.#give(waiter!.claim);
      waiter!.granted();
    }
  }

  /** The first in the order of asking who may have a unit; none of the new claims passes anybody. */
  #nextToServe(): number | undefined {
    for (const [i, { claim }] of this.#waiters.entries()) {
      if ((claim.held > 0 || i === 0) && this.#isSafeFor(claim)) return i;
    }
    return undefined;
  }

  /** True if everybody can still be served to the end after this claim was given a unit. */
  #isSafeFor(claim: OpenClaim): boolean {
    if (this.#free === 0) return false;
    let available = this.#free - 1;
    const others = [...this.#holders].filter((holder) => holder !== claim);
    const states = [
      { held: claim.held + 1, remaining: claim.remaining - 1 },
      ...others.map(({ held, remaining }) => ({ held, remaining })),
    ];
    // Claims that hold nothing need not be looked at: when all others are done, everything is free.
    states.sort((a, b) => a.remaining - b.remaining);
    for (const { held, remaining } of states) {
      if (remaining > available) return false;
      available += held;
    }
    return true;
  }
}

interface Waiter {
  readonly claim: OpenClaim;
  readonly stop: () => void;
  readonly granted: () => void;
}

interface ClaimActions {
  readonly take: (claim: OpenClaim, signal: AbortSignal) => Promise<void>;
  readonly close: (claim: OpenClaim) => void;
}

class OpenClaim implements Claim {
  readonly #most: number;
  readonly #actions: ClaimActions;
  #closed = false;
  held = 0;

  constructor(most: number, actions: ClaimActions) {
    this.#most = most;
    this.#actions = actions;
  }

  get remaining(): number {
    return this.#most - this.held;
  }

  take(signal: AbortSignal): Promise<void> {
    assert(!this.#closed && this.remaining > 0, 'a claim asks for no more than it said');
    return this.#actions.take(this, signal);
  }

  close(): void {
    assert(!this.#closed, 'a claim is closed once');
    this.#closed = true;
    this.#actions.close(this);
  }
}
