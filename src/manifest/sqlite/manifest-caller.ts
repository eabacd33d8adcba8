import { SealpartError } from '../../errors.ts';
import { manifestError } from '../manifest-error.ts';
import type { ManifestThread } from './manifest-thread.ts';
import type { ManifestCalls } from './messages.ts';

/** Calls on the thread that owns the database, until the manifest is closed, and the errors that callers are told. */
export class ManifestCaller {
  readonly name: string;
  readonly #thread: ManifestThread;
  #closed: Promise<void> | undefined;

  constructor(name: string, thread: ManifestThread) {
    this.name = name;
    this.#thread = thread;
  }

  /** `doing` is for messages. A call that is given up goes on in the thread. */
  async call<Name extends keyof ManifestCalls>(
    doing: string,
    signal: AbortSignal,
    call: Name,
    ...args: Parameters<ManifestCalls[Name]>
  ): Promise<ReturnType<ManifestCalls[Name]>> {
    this.requireOpen();
    try {
      return await this.#thread.call(signal, call, ...args);
    } catch (error) {
      throw manifestError(error, doing, this.name);
    }
  }

  /** @throws SealpartError `manifest` */
  requireOpen(): void {
    if (this.#closed !== undefined) throw new SealpartError('manifest', `${this.name} was closed.`);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await this.#thread.close();
    } catch (error) {
      throw manifestError(error, 'be closed', this.name);
    }
  }
}
