import type { ServerResponse } from 'node:http';
import { assert } from '../../assert.ts';
import { abortError, SealpartError } from '../../errors.ts';
import type { AnswerSink } from './gateway-answer.ts';
import { WaitClock } from './wait-clock.ts';

/** So much is given to the socket at a time: what is left of more could not be told from nothing that moves. */
export const pieceBytes: number = 256 * 1024;

interface Piece {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface AnswerSinkOptions {
  readonly lengthBytes: number;
  /** The signal of the request: where it fires the connection is gone. */
  readonly signal: AbortSignal;
  /** Called before the first byte. */
  readonly sendHead: () => void;
  /** Called as a wait for the client begins. */
  readonly onWait: () => void;
}

/**
 * The body of an answer, pushed into the connection. Bytes may be shared memory that is used again at once: a write
 * ends only when the kernel has all of it, or the connection is closed, and never as the first of several to fail.
 */
export class ResponseSink implements AnswerSink {
  /** How long its writer has waited for the client. */
  readonly waits: WaitClock = new WaitClock();
  readonly #response: ServerResponse;
  readonly #options: AnswerSinkOptions;
  #acceptedBytes = 0;
  #sentBytes = 0;
  #begun = false;
  #piece: Piece | undefined;
  #last: Promise<void> | undefined;
  #watched: AbortSignal | undefined;
  #gone: SealpartError | undefined;

  constructor(response: ServerResponse, options: AnswerSinkOptions) {
    this.#response = response;
    this.#options = options;
  }

  get hasBegun(): boolean {
    return this.#begun;
  }

  /** Bytes that were given. */
  get acceptedBytes(): number {
    return this.#acceptedBytes;
  }

  /** Bytes that the kernel has taken. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    if (signal.aborted) return Promise.reject(abortError(signal));
    if (bytes.length === 0) return Promise.resolve();
    this.#acceptedBytes += bytes.length;
    assert(this.#acceptedBytes <= this.#options.lengthBytes, 'an answer has no more bytes than it was announced with');
    this.#watch(signal);
    const before = this.#last;
    const turn = before === undefined ? this.#send(bytes) : before.then(() => this.#send(bytes));
    const last = turn.finally(() => {
      if (this.#last === last) this.#last = undefined;
    });
    this.#last = last;
    return last;
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      if (this.#gone !== undefined) throw this.#gone;
      if (!this.#begun) {
        this.#begun = true;
        this.#options.sendHead();
      }
      const piece = bytes.length <= pieceBytes ? bytes : bytes.subarray(at, at + pieceBytes);
      await this.#sendPiece(piece);
      this.#sentBytes += piece.length;
    }
  }

  #sendPiece(piece: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#piece = { resolve, reject };
      this.waits.begin();
      this.#options.onWait();
      this.#response.write(piece, (error) => {
        // A write that has failed is over only when the connection is closed, which it then soon is.
        if (error === undefined || error === null) this.#settle((waiting) => waiting.resolve());
        else this.#response.destroy();
      });
    });
  }

  #settle(act: (piece: Piece) => void): void {
    const piece = this.#piece;
    this.#piece = undefined;
    this.waits.end();
    if (piece !== undefined) act(piece);
  }

  #watch(signal: AbortSignal): void {
    if (signal === this.#options.signal || signal === this.#watched) return;
    this.#watched?.removeEventListener('abort', this.#onAbort);
    this.#watched = signal;
    signal.addEventListener('abort', this.#onAbort);
  }

  // Half of the bytes may be on their way: there is no going on after that, and no taking them back but by closing.
  readonly #onAbort = (): void => {
    if (this.#piece !== undefined) this.#response.destroy();
  };

  /** The connection is closed, and nobody reads what was given any more. */
  connectionClosed(error: SealpartError): void {
    this.#gone = error;
    this.#settle(({ reject }) => reject(error));
  }

  close(): void {
    this.#watched?.removeEventListener('abort', this.#onAbort);
    this.#watched = undefined;
    this.#gone ??= new SealpartError('aborted', 'The answer is over.');
  }
}
