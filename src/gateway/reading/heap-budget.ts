import { abortError } from '../../errors.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';

/** How long somebody waits for others' memory to come free, before it is told to come back later. */
const defaultWaitLimitMs = 3000;

export interface HeapBudgetOptions {
  /** What one holder takes at most, in bytes. */
  readonly mostEachBytes: number;
  readonly waitLimitMs?: number;
}

/** Memory that a request has outside of the pool. */
export interface HeldMemory {
  readonly bytes: number;
  /**
   * Holds so much from now on: less at once, more as soon as there is room for it.
   *
   * @throws S3Error SlowDown if none comes free in time; SealpartError `aborted`
   */
  resize(bytes: number, signal: AbortSignal): Promise<void>;
  /** Holds so much less from now on, at once. */
  shrinkTo(bytes: number): void;
  /** Safe more than once. */
  release(): void;
}

interface Waiter {
  readonly holder: Holder;
  readonly bytes: number;
  grant(): void;
}

/**
 * Counts memory of requests that stands outside of the pool, so that there is never more of it than a number of bytes,
 * however many clients there are and however slowly they read.
 *
 * A request asks twice: for little before it asks the store, and for the rest when the answer tells how much that is. The
 * first time it can get no more than leaves room for one of those who ask the second time, and those come first: so they
 * never wait for each other, but only for clients. Who asks waits in order, and for a few seconds only.
 */
export class HeapBudget {
  readonly capacityBytes: number;
  readonly #firstBytes: number;
  readonly #waitLimitMs: number;
  readonly #growing: Waiter[] = [];
  readonly #entering: Waiter[] = [];
  #usedBytes = 0;
  /** Of those who have not asked a second time. */
  #enteredBytes = 0;

  constructor(capacityBytes: number, { mostEachBytes, waitLimitMs = defaultWaitLimitMs }: HeapBudgetOptions) {
    this.capacityBytes = capacityBytes;
    this.#firstBytes = Math.max(capacityBytes / 4, capacityBytes - 4 * mostEachBytes);
    this.#waitLimitMs = waitLimitMs;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** How many wait for room. */
  get waiting(): number {
    return this.#growing.length + this.#entering.length;
  }

  /**
   * Holds memory before it is taken.
   *
   * @throws S3Error SlowDown if none comes free in time; SealpartError `aborted`
   */
  async enter(bytes: number, signal: AbortSignal): Promise<HeldMemory> {
    const holder = new Holder({
      resize: (to, inner) => this.#resize(holder, to, inner),
      set: (to) => this.#set(holder, to),
    });
    if (this.waiting > 0 || !this.#hasRoomToEnter(bytes)) await this.#wait(this.#entering, holder, bytes, signal);
    else this.#enter(holder, bytes);
    return holder;
  }

  async #resize(holder: Holder, bytes: number, signal: AbortSignal): Promise<void> {
    if (bytes > holder.bytes && (this.#growing.length > 0 || !this.#hasRoomToGrow(holder, bytes))) {
      await this.#wait(this.#growing, holder, bytes, signal);
    } else this.#set(holder, bytes);
  }

  /** One alone may have more than there is: nothing could be read otherwise. */
  #hasRoomToEnter(bytes: number): boolean {
    if (this.#usedBytes === 0) return true;
    return this.#enteredBytes + bytes <= this.#firstBytes && this.#usedBytes + bytes <= this.capacityBytes;
  }

  #hasRoomToGrow(holder: Holder, bytes: number): boolean {
    const othersBytes = this.#usedBytes - holder.bytes;
    return othersBytes === 0 || othersBytes + bytes <= this.capacityBytes;
  }

  #enter(holder: Holder, bytes: number): void {
    holder.bytes = bytes;
    holder.isEntered = true;
    this.#usedBytes += bytes;
    this.#enteredBytes += bytes;
  }

  #set(holder: Holder, bytes: number): void {
    this.#assign(holder, bytes);
    if (this.waiting > 0) this.#serve();
  }

  #assign(holder: Holder, bytes: number): void {
    if (holder.isEntered) this.#enteredBytes -= holder.bytes;
    holder.isEntered = false;
    this.#usedBytes += bytes - holder.bytes;
    holder.bytes = bytes;
  }

  #serve(): void {
    for (let next = this.#growing[0]; next !== undefined; next = this.#growing[0]) {
      if (!this.#hasRoomToGrow(next.holder, next.bytes)) return;
      this.#growing.shift();
      this.#assign(next.holder, next.bytes);
      next.grant();
    }
    for (let next = this.#entering[0]; next !== undefined; next = this.#entering[0]) {
      if (!this.#hasRoomToEnter(next.bytes)) return;
      this.#entering.shift();
      this.#enter(next.holder, next.bytes);
      next.grant();
    }
  }

  #wait(queue: Waiter[], holder: Holder, bytes: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(abortError(signal));
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        act();
      };
      const leave = (error: Error): void => {
        queue.splice(queue.indexOf(waiter), 1);
        settle(() => reject(error));
        this.#serve();
      };
      const onAbort = (): void => leave(abortError(signal));
      const timer = setTimeout(() => leave(s3Error('SlowDown')), this.#waitLimitMs);
      const waiter: Waiter = { holder, bytes, grant: () => settle(resolve) };
      signal.addEventListener('abort', onAbort, { once: true });
      queue.push(waiter);
    });
  }
}

interface HolderActions {
  readonly resize: (bytes: number, signal: AbortSignal) => Promise<void>;
  readonly set: (bytes: number) => void;
}

class Holder implements HeldMemory {
  readonly #actions: HolderActions;
  bytes = 0;
  isEntered = false;

  constructor(actions: HolderActions) {
    this.#actions = actions;
  }

  resize(bytes: number, signal: AbortSignal): Promise<void> {
    return this.#actions.resize(bytes, signal);
  }

  shrinkTo(bytes: number): void {
    if (bytes < this.bytes) this.#actions.set(bytes);
  }

  release(): void {
    if (this.bytes > 0) this.#actions.set(0);
  }
}
