import type { Readable } from 'node:stream';
import { assert } from '../../assert.ts';
import { abortError } from '../../errors.ts';
import { copyBytes } from '../../flow/copy-bytes.ts';
import { RequestError } from './http/request-error.ts';

interface Reading {
  readonly target: Uint8Array;
  /** How many bytes of the target were written. */
  filled: number;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (count: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Takes the bytes of an answer as they come, straight into the reader's memory, and no more than were asked for. */
export class ChunkReader {
  readonly #stream: Readable;
  readonly #idleTimeoutMs: number;
  #rest: Uint8Array = new Uint8Array(0);
  /** True if the rest stands at the end of memory that nothing else is in. */
  #restIsOwn = false;
  #reading: Reading | undefined;
  #ended = false;
  #error: unknown;

  constructor(stream: Readable, idleTimeoutMs: number) {
    this.#stream = stream;
    this.#idleTimeoutMs = idleTimeoutMs;
    stream.on('data', (chunk: Uint8Array) => this.#take(chunk));
    stream.once('end', () => this.#finish());
    stream.once('error', (error) => this.#fail(error));
    stream.once('close', () => this.#close());
    stream.pause();
  }

  /**
   * Resolves with how many bytes were written to the target: all of it unless the answer ends or fails before, 0 at its
   * end. A failure after some bytes is told by the next read.
   *
   * @throws what the connection failed with; a RequestError `TimeoutError` if nothing came for too long; `aborted`
   */
  async read(target: Uint8Array, signal: AbortSignal): Promise<number> {
    assert(this.#reading === undefined, 'a body is read by one reader at a time');
    if (signal.aborted) throw abortError(signal);
    if (this.#rest.length > 0 || target.length === 0) return this.#move(target);
    if (this.#error !== undefined) throw this.#error;
    if (this.#ended) return 0;
    const onAbort = (): void => this.#settle((reading) => reading.reject(abortError(signal)));
    const timer = setTimeout(() => this.#stream.destroy(idle(this.#idleTimeoutMs)), this.#idleTimeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#reading = { target, filled: 0, timer, resolve, reject };
        this.#stream.resume();
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Takes and forgets what is left of an answer of which all was read that is wanted. */
  drain(): void {
    this.#stream.resume();
  }

  /** Ends the connection, unless the whole answer was read. */
  destroy(): void {
    this.#stream.destroy();
  }

  #take(chunk: Uint8Array): void {
    const reading = this.#reading;
    if (reading === undefined || this.#rest.length > 0) {
      this.#stream.pause();
      this.#restIsOwn = this.#rest.length === 0 && ownsMemory(chunk);
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      return;
    }
    const count = Math.min(reading.target.length - reading.filled, chunk.length);
    copyBytes(chunk.subarray(0, count), reading.target, reading.filled);
    reading.filled += count;
    const isOwn = ownsMemory(chunk);
    if (count === chunk.length && isOwn) freeMemoryOf(chunk);
    if (reading.filled < reading.target.length) {
      reading.timer.refresh();
      return;
    }
    this.#stream.pause();
    if (count < chunk.length) {
      this.#rest = chunk.subarray(count);
      this.#restIsOwn = isOwn;
    }
    this.#settle(({ filled, resolve }) => resolve(filled));
  }

  #move(target: Uint8Array): number {
    const count = Math.min(target.length, this.#rest.length);
    copyBytes(this.#rest.subarray(0, count), target);
    const used = this.#rest;
    this.#rest = count < used.length ? used.subarray(count) : nothing;
    if (this.#rest === nothing && count > 0 && this.#restIsOwn) freeMemoryOf(used);
    return count;
  }

  #finish(): void {
    this.#ended = true;
    this.#settle(({ filled, resolve }) => resolve(filled));
  }

  /** After an end or an error nothing is new; without one, the answer was cut off. */
  #close(): void {
    if (!this.#ended && this.#error === undefined) this.#fail(this.#stream.errored ?? cutOff());
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#error ??= error;
    this.#settle(({ filled, resolve, reject }) => (filled > 0 ? resolve(filled) : reject(this.#error)));
  }

  #settle(act: (reading: Reading) => void): void {
    const reading = this.#reading;
    this.#reading = undefined;
    if (reading !== undefined) act(reading);
  }
}

const nothing = new Uint8Array(0);

/** The parser gives each piece memory of its own. What stands beside something else is left alone. */
function ownsMemory({ buffer, byteLength }: Uint8Array): boolean {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
}

/**
 * Gives memory back now that garbage collection would come to later. V8 collects the whole heap whenever some 30 MiB of
 * buffers have come together: measured, that is a third of the time that it takes to receive an object.
 */
function freeMemoryOf({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

function idle(idleTimeoutMs: number): RequestError {
  const message = `no byte of the answer came for ${idleTimeoutMs / 1000} s`;
  return new RequestError(message, { name: 'TimeoutError', code: 'ETIMEDOUT', stage: 'reading' });
}

function cutOff(): RequestError {
  const message = 'the answer was cut off';
  return new RequestError(message, { name: 'RequestError', code: 'ECONNRESET', stage: 'reading' });
}
