import { assert } from '../assert.ts';
import { throwIfAborted } from '../errors.ts';
import { ioError, systemCode } from './io-error.ts';
import { pause } from './pause.ts';
import type { Source } from './source.ts';

/** Something that the system reads where it stands: a device, a file without a known size. */
export interface ReadableDescriptor {
  /** Reads what there is into the beginning of `target`; resolves to how many bytes, 0 at the end. */
  read(target: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** A read in the kernel cannot be cancelled, and the target is not free until it is over: so reads are kept short. */
const readSizeBytes = 4 * 1024 * 1024;
/** How long to wait before a device that has nothing yet is asked again. */
const pollIntervalMs = 10;

class DescriptorReader implements Source {
  readonly name: string;
  readonly size: number | undefined = undefined;
  readonly #descriptor: ReadableDescriptor;
  #ended = false;
  #closed = false;

  constructor(name: string, descriptor: ReadableDescriptor) {
    this.name = name;
    this.#descriptor = descriptor;
  }

  async read(target: Uint8Array, signal: AbortSignal): Promise<number> {
    assert(!this.#closed, 'a source is not read after close');
    let filled = 0;
    while (filled < target.length && !this.#ended) {
      throwIfAborted(signal);
      const count = await this.#readSome(target.subarray(filled, filled + readSizeBytes));
      if (count === undefined) await pause(pollIntervalMs, signal);
      else if (count === 0) this.#ended = true;
      else filled += count;
    }
    throwIfAborted(signal);
    return filled;
  }

  /** Undefined if the descriptor has nothing yet. */
  async #readSome(target: Uint8Array): Promise<number | undefined> {
    try {
      return await this.#descriptor.read(target);
    } catch (cause) {
      if (systemCode(cause) === 'EAGAIN') return undefined;
      throw ioError(`${this.name} could not be read`, cause);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#descriptor.close();
  }
}

/** A source of unknown size over a descriptor, which is closed with it. */
export function createDescriptorSource(name: string, descriptor: ReadableDescriptor): Source {
  return new DescriptorReader(name, descriptor);
}
