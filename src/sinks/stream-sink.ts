import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { assert } from '../assert.ts';
import { abortError, SealpartError, throwIfAborted } from '../errors.ts';
import { untilAborted } from '../flow/until-aborted.ts';
import { ioError, systemCode } from '../sources/io-error.ts';
import type { Sink } from './sink.ts';

export interface StreamSinkOptions {
  /** What to call it in messages. */
  readonly name?: string;
  /** True for a stream that outlives its content, as the process's standard output does: finish does not end it. */
  readonly leaveOpen?: boolean;
}

/** What is written at once: large writes are held whole by TLS and by sockets until their last byte has left. */
const writeSizeBytes = 256 * 1024;

/**
 * Destroys a stream so that its reader can tell. A TCP connection that is merely closed looks complete from the other
 * side and must be reset; TLS and HTTP have marks of their own for the end, which are missing then.
 */
function cutOff(stream: Writable): void {
  const isPlainTcp = stream instanceof Socket && !(stream instanceof TLSSocket) && stream.localFamily !== undefined;
  if (isPlainTcp && !stream.destroyed && !stream.writableEnded) stream.resetAndDestroy();
  else stream.destroy();
}

class StreamSink implements Sink {
  readonly name: string;
  readonly irreversible = true;
  readonly #stream: Writable;
  readonly #leaveOpen: boolean;
  readonly #copies: boolean;
  #state: 'open' | 'finished' | 'aborted' = 'open';
  #failure: SealpartError | undefined;
  /** Ends the wait that is going on, if one is, when the stream is lost. */
  #giveUp: ((error: SealpartError) => void) | undefined;

  constructor(stream: Writable, name: string, leaveOpen: boolean) {
    this.#stream = stream;
    this.name = name;
    this.#leaveOpen = leaveOpen;
    // A socket has done with the bytes at its callback and when it was destroyed. Others may hand them on (a
    // PassThrough), keep them, or write them after all (standard output is never really destroyed).
    this.#copies = !(stream instanceof Socket) || stream === process.stdout || stream === process.stderr;
    stream.on('error', (cause) => this.#lose(cause));
    stream.on('close', () => {
      if (this.#state !== 'finished') this.#lose(undefined);
    });
  }

  async writeTentative(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += writeSizeBytes) {
      const piece = bytes.subarray(offset, offset + writeSizeBytes);
      await this.#follow(signal, (done) => this.#stream.write(this.#copies ? new Uint8Array(piece) : piece, done));
    }
    this.#expectOpen(signal);
  }

  async commitSegment(signal: AbortSignal): Promise<void> {
    this.#expectOpen(signal);
  }

  async rollbackSegment(): Promise<void> {
    assert(this.#state === 'open', `a sink that is ${this.#state} is not used`);
  }

  async finish(signal: AbortSignal): Promise<void> {
    this.#expectOpen(signal);
    // Each write was followed to its callback, so a stream that stays open has nothing left to drain.
    if (!this.#leaveOpen) await this.#follow(signal, (done) => this.#stream.end(done));
    this.#state = 'finished';
  }

  /** Starts something and waits for its callback, the loss of the stream or the signal, whichever comes first. */
  async #follow(signal: AbortSignal, start: (done: (error?: Error | null) => void) => unknown): Promise<void> {
    this.#expectOpen(signal);
    const done = new Promise<void>((resolve, reject) => {
      this.#giveUp = reject;
      start((cause) => {
        if (cause) this.#lose(cause);
        else resolve();
      });
    });
    try {
      await untilAborted(done, signal);
    } catch (cause) {
      this.#failure ??= signal.aborted ? abortError(signal) : ioError(`${this.name} could not be written`, cause);
      cutOff(this.#stream);
      throw this.#failure;
    } finally {
      this.#giveUp = undefined;
    }
  }

  /** @param cause - Undefined if the stream closed without a word. */
  #lose(cause: Error | undefined): void {
    const code = systemCode(cause);
    const left = cause === undefined || code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_DESTROYED';
    this.#failure ??= left
      ? new SealpartError(
          'io',
          `The reader of ${this.name} went away${code === undefined ? '' : ` (${code})`} before it had everything. ` +
            'What it got is incomplete: discard it.',
          { cause },
        )
      : ioError(`${this.name} could not be written`, cause);
    this.#giveUp?.(this.#failure);
  }

  async abort(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'aborted';
    cutOff(this.#stream);
  }

  #expectOpen(signal: AbortSignal): void {
    assert(this.#state === 'open', `a sink that is ${this.#state} is not used`);
    if (this.#failure !== undefined) throw this.#failure;
    throwIfAborted(signal);
  }
}

/**
 * A sink over a stream of Node's: standard output, a socket, a response. What was written to it cannot be taken back;
 * `abort`, and a signal that fires during a wait, destroy the stream instead of ending it. The reader of a connection can
 * tell; to the reader of a pipe both look alike, and only the exit code of the process says which it was.
 */
export function createStreamSink(stream: Writable, options: StreamSinkOptions = {}): Sink {
  const { name = 'the output stream', leaveOpen = false } = options;
  return new StreamSink(stream, name, leaveOpen);
}
