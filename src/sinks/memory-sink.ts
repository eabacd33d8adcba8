import { assert } from '../assert.ts';
import { SealpartError, throwIfAborted } from '../errors.ts';
import type { Sink } from './sink.ts';

export interface MemorySinkOptions {
  /** What to call it in messages. */
  readonly name?: string;
  /** The most it takes, in bytes. */
  readonly maxSizeBytes?: number;
}

/** Collects copies of the bytes it is given. */
export class MemorySink implements Sink {
  readonly name: string;
  readonly irreversible = false;
  readonly #maxSizeBytes: number;
  #chunks: Uint8Array[] = [];
  /** How many chunks, and bytes, are part of the result. */
  #committedChunks = 0;
  #committedBytes = 0;
  #writtenBytes = 0;
  #state: 'open' | 'finished' | 'aborted' = 'open';

  constructor(options: MemorySinkOptions = {}) {
    const { name = 'memory', maxSizeBytes = Number.MAX_SAFE_INTEGER } = options;
    this.name = name;
    this.#maxSizeBytes = maxSizeBytes;
  }

  async writeTentative(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#expectOpen();
    throwIfAborted(signal);
    if (this.#writtenBytes + bytes.length > this.#maxSizeBytes) {
      throw new SealpartError(
        'bad-parameters',
        `The content is larger than the ${this.#maxSizeBytes} bytes that ${this.name} may hold. Raise that limit, or ` +
          'write to a file.',
      );
    }
    this.#chunks.push(new Uint8Array(bytes));
    this.#writtenBytes += bytes.length;
  }

  async commitSegment(signal: AbortSignal): Promise<void> {
    this.#expectOpen();
    throwIfAborted(signal);
    this.#committedChunks = this.#chunks.length;
    this.#committedBytes = this.#writtenBytes;
  }

  async rollbackSegment(): Promise<void> {
    this.#expectOpen();
    this.#chunks.length = this.#committedChunks;
    this.#writtenBytes = this.#committedBytes;
  }

  async finish(signal: AbortSignal): Promise<void> {
    this.#expectOpen();
    assert(this.#writtenBytes === this.#committedBytes, 'no segment is open at the end');
    throwIfAborted(signal);
    this.#state = 'finished';
  }

  async abort(): Promise<void> {
    if (this.#state === 'finished') return;
    this.#state = 'aborted';
    this.#chunks = [];
  }

  /** The result, once `finish` has resolved. */
  bytes(): Uint8Array {
    assert(this.#state === 'finished', 'a memory sink has a result only when it was finished');
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks, this.#committedBytes)];
    return this.#chunks[0]!;
  }

  #expectOpen(): void {
    assert(this.#state === 'open', `a sink that is ${this.#state} is not used`);
  }
}
