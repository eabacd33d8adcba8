import { SealpartError, throwIfAborted } from '../../errors.ts';
import { storeError } from './store-error.ts';

/** The calls that a store is at work on: lets it close only after them, and words their errors in one place. */
export class RunningCalls {
  readonly #storeName: string;
  #count = 0;
  #closed = false;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(storeName: string) {
    this.#storeName = storeName;
  }

  /**
   * Runs one call. `doing` completes the sentence "the store could not …" for errors of the disk and of SQLite.
   *
   * @throws SealpartError `aborted` without beginning if the signal has fired, `store` if the store is closed.
   */
  async run<T>(doing: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    throwIfAborted(signal);
    if (this.#closed) throw new SealpartError('store', `${this.#storeName} could not ${doing}: it was closed.`);
    this.#count += 1;
    try {
      return await work();
    } catch (error) {
      throw storeError(error, doing, this.#storeName);
    } finally {
      this.#count -= 1;
      if (this.#count === 0) this.#idle?.resolve();
    }
  }

  /** Lets no new call begin, and resolves when the last one has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#count === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }
}
