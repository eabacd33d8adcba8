import { assert } from '../assert.ts';
import { SealpartError, throwIfAborted } from '../errors.ts';
import { copyBytes } from '../flow/copy-bytes.ts';
import { untilAborted } from '../flow/until-aborted.ts';
import { type ByteStream, type ChunkReader, readChunks } from './chunk-reader.ts';
import { ioError } from './io-error.ts';
import type { Source } from './source.ts';

export interface StreamSourceOptions {
  /** What to call it in messages. */
  readonly name?: string;
  /** Bytes it will give, if that is known. */
  readonly size?: number | undefined;
}

const nothing = new Uint8Array(0);

class StreamReader implements Source {
  readonly name: string;
  readonly size: number | undefined;
  readonly #chunks: ChunkReader;
  /** What is left of the last chunk. */
  #left: Uint8Array = nothing;
  /** Bytes that came out of the stream, those in `left` included. */
  #arrived = 0;
  #ended = false;
  #pulling = false;
  #closed = false;
  #failure: unknown;

  constructor(chunks: ChunkReader, name: string, size: number | undefined) {
    this.#chunks = chunks;
    this.name = name;
    this.size = size;
  }

  async read(target: Uint8Array, signal: AbortSignal): Promise<number> {
    if (this.#failure !== undefined) throw this.#failure;
    assert(!this.#closed, 'a stream source is not read after close');
    try {
      throwIfAborted(signal);
      const filled = await this.#fill(target, signal);
      await this.#expectSize(signal);
      return filled;
    } catch (error) {
      this.#failure = error;
      await this.close();
      throw error;
    }
  }

  async #fill(target: Uint8Array, signal: AbortSignal): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      if (this.#left.length === 0 && !(await this.#pull(signal))) break;
      const piece = this.#left.subarray(0, target.length - filled);
      copyBytes(piece, target, filled);
      filled += piece.length;
      this.#left = this.#left.subarray(piece.length);
    }
    return filled;
  }

  /** Waits for the next chunk that is not empty. False at the end. */
  async #pull(signal: AbortSignal): Promise<boolean> {
    while (!this.#ended && this.#left.length === 0) {
      throwIfAborted(signal);
      this.#pulling = true;
      const chunk = await untilAborted(
        this.#chunks.next().finally(() => {
          this.#pulling = false;
        }),
        signal,
      ).catch((cause: unknown) => {
        throw ioError(`Reading ${this.name} failed`, cause);
      });
      if (chunk === undefined) {
        this.#ended = true;
        break;
      }
      if (!(chunk instanceof Uint8Array)) {
        throw new TypeError(`stream: expected chunks of Uint8Array, ${this.name} gave ${typeof chunk}`);
      }
      this.#left = chunk;
      this.#arrived += chunk.length;
    }
    return this.#left.length > 0;
  }

  /** With the last byte that was promised the end must come too: a reader who knows the size asks no further. */
  async #expectSize(signal: AbortSignal): Promise<void> {
    if (this.size === undefined) return;
    if (this.#arrived === this.size && this.#left.length === 0) await this.#pull(signal);
    if (this.#arrived > this.size) {
      throw new SealpartError(
        'source-changed',
        `${this.name} gave more than the ${this.size} bytes that were announced. Begin again with its present size.`,
      );
    }
    if (this.#ended && this.#arrived < this.size) {
      throw new SealpartError(
        'source-changed',
        `${this.name} ended after ${this.#arrived} of the ${this.size} bytes that were announced. Begin again with ` +
          'the whole of it.',
      );
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#left = nothing;
    if (this.#ended) return;
    const waiting = this.#pulling;
    const stopped = this.#chunks.stop().catch((cause: unknown) => {
      // Of a producer that was stopped because of a failure, the failure is what counts.
      if (this.#failure === undefined && !waiting) throw ioError(`${this.name} could not be closed`, cause);
    });
    // A producer that is waiting itself, as a generator does, may hear of the stop only when its own wait ends.
    if (!waiting) await stopped;
  }
}

/**
 * A source over a stream of bytes: standard input, a pipe, a response. It pulls a chunk only when one is needed and
 * holds one at most. Closing it, or a signal that fires during a read, destroys the stream.
 *
 * @throws TypeError if `stream` gives no bytes; RangeError if `size` is not a length.
 */
export function createStreamSource(stream: ByteStream, options: StreamSourceOptions = {}): Source {
  const { name = 'the input stream', size } = options;
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    throw new RangeError(`size: expected a number of bytes, got ${size}`);
  }
  return new StreamReader(readChunks(stream), name, size);
}
