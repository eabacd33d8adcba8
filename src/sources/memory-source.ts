import { assert } from '../assert.ts';
import { throwIfAborted } from '../errors.ts';
import { copyBytes } from '../flow/copy-bytes.ts';
import type { LentBytes, SeekableSource, Source } from './source.ts';

/** Bytes in memory, read in order or at any position. */
export interface MemorySource extends Source, SeekableSource {
  readonly size: number;
}

class MemoryReader implements MemorySource {
  readonly name: string;
  readonly size: number;
  readonly #bytes: Uint8Array;
  #position = 0;
  #closed = false;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.name = name;
    this.size = bytes.length;
  }

  async read(target: Uint8Array, signal: AbortSignal): Promise<number> {
    const given = await this.readAt(this.#position, target, signal);
    this.#position += given;
    return given;
  }

  async readAt(position: number, target: Uint8Array, signal: AbortSignal): Promise<number> {
    throwIfAborted(signal);
    assert(!this.#closed, 'a memory source is not read after close');
    const available = this.#bytes.subarray(position, position + target.length);
    copyBytes(available, target);
    return available.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** The next bytes, of which those that lie in `shared` are handed out without a copy. */
  advance(shared: SharedArrayBuffer, length: number): LentBytes {
    const lent = this.lendFrom(shared, this.#position, length);
    this.#position += lent.length;
    return lent;
  }

  lendFrom(shared: SharedArrayBuffer, position: number, length: number): LentBytes {
    assert(!this.#closed, 'a memory source lends nothing after close');
    const start = Math.min(position, this.size);
    return { buffer: shared, offset: this.#bytes.byteOffset + start, length: Math.min(length, this.size - start) };
  }
}

/**
 * A source over bytes that stay as they are until it is closed. If they lie in a SharedArrayBuffer it also lends
 * them; otherwise it has neither `lend` nor `lendAt`.
 *
 * @param name - What to call it in messages.
 */
export function createMemorySource(bytes: Uint8Array, name = 'memory'): MemorySource {
  const reader: MemoryReader & Pick<MemorySource, 'lend' | 'lendAt'> = new MemoryReader(bytes, name);
  const memory = bytes.buffer;
  if (memory instanceof SharedArrayBuffer) {
    reader.lend = (length) => reader.advance(memory, length);
    reader.lendAt = (position, length) => reader.lendFrom(memory, position, length);
  }
  return reader;
}
