import { assert } from '../assert.ts';
import { SealpartError, throwIfAborted } from '../errors.ts';
import { ioError, systemCode } from '../sources/io-error.ts';
import { pause } from '../sources/pause.ts';
import type { Sink } from './sink.ts';

/** Something that the system writes where it stands: a device, a file that was redirected into. */
export interface WritableDescriptor {
  /** Writes some of the bytes and resolves to how many. */
  write(bytes: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** A write in the kernel cannot be cancelled, and the bytes are not free until it is over: so writes are kept short. */
const writeSizeBytes = 4 * 1024 * 1024;
/** How long to wait before a device that takes nothing yet is asked again. */
const pollIntervalMs = 10;

class DescriptorSink implements Sink {
  readonly name: string;
  readonly irreversible = true;
  readonly #descriptor: WritableDescriptor;
  #state: 'open' | 'failed' | 'finished' | 'aborted' = 'open';
  #closed = false;

  constructor(name: string, descriptor: WritableDescriptor) {
    this.name = name;
    this.#descriptor = descriptor;
  }

  async writeTentative(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#expectOpen();
    let rest = bytes;
    try {
      while (rest.length > 0) {
        throwIfAborted(signal);
        const count = await this.#writeSome(rest.subarray(0, writeSizeBytes));
        if (count === undefined) await pause(pollIntervalMs, signal);
        else rest = rest.subarray(count);
      }
      throwIfAborted(signal);
    } catch (error) {
      // How much of it got through is not known, so nothing may follow it.
      this.#state = 'failed';
      throw error;
    }
  }

  /** Undefined if the descriptor takes nothing yet. */
  async #writeSome(bytes: Uint8Array): Promise<number | undefined> {
    try {
      const count = await this.#descriptor.write(bytes);
      if (count === 0) throw new SealpartError('io', `${this.name} took no more bytes. Check the device.`);
      return count;
    } catch (cause) {
      if (systemCode(cause) === 'EAGAIN') return undefined;
      throw ioError(`${this.name} could not be written`, cause);
    }
  }

  async commitSegment(signal: AbortSignal): Promise<void> {
    this.#expectOpen();
    throwIfAborted(signal);
  }

  async rollbackSegment(): Promise<void> {
    assert(this.#state === 'open' || this.#state === 'failed', `a sink that is ${this.#state} is not used`);
  }

  async finish(signal: AbortSignal): Promise<void> {
    this.#expectOpen();
    throwIfAborted(signal);
    this.#state = 'failed';
    await this.#close();
    this.#state = 'finished';
  }

  async abort(): Promise<void> {
    if (this.#state === 'finished') return;
    this.#state = 'aborted';
    await this.#close();
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#descriptor.close();
    } catch (cause) {
      throw ioError(`${this.name} could not be closed`, cause);
    }
  }

  #expectOpen(): void {
    assert(this.#state === 'open', `a sink that is ${this.#state} is not used`);
  }
}

/** An irreversible sink over a descriptor, which is closed with it. What was written stays written. */
export function createDescriptorSink(name: string, descriptor: WritableDescriptor): Sink {
  return new DescriptorSink(name, descriptor);
}
