import type { IncomingMessage } from 'node:http';
import { assert } from '../../assert.ts';
import { abortError, SealpartError } from '../../errors.ts';
import { freeBytes } from '../../flow/free-bytes.ts';
import type { RequestBody } from './gateway-request.ts';
import { WaitClock } from './wait-clock.ts';

interface Waiter {
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export interface IncomingBodyOptions {
  readonly lengthBytes: number | undefined;
  /** Lets a client go on that waits to be told so; undefined if it does not. */
  readonly sendContinue: (() => void) | undefined;
  /** Called as a wait for the client begins, which is when it may become idle. */
  readonly onWait: () => void;
}

/**
 * The body of a request, pulled. The parser puts what the connection brings into the message's buffer until that holds
 * one read (64 KiB), and stops reading: so much, and no more, is taken from a client while nobody asks.
 */
export class IncomingBody implements RequestBody {
  readonly lengthBytes: number | undefined;
  /** How long its reader has waited for the client. */
  readonly waits: WaitClock = new WaitClock();
  readonly #message: IncomingMessage;
  readonly #options: IncomingBodyOptions;
  #receivedBytes = 0;
  #begun = false;
  #drains = false;
  #ended: boolean;
  #waiter: Waiter | undefined;
  #signal: AbortSignal | undefined;
  #error: unknown;

  constructor(message: IncomingMessage, options: IncomingBodyOptions) {
    this.#message = message;
    this.#options = options;
    this.lengthBytes = options.lengthBytes;
    this.#ended = options.lengthBytes === 0;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** What has not come yet, as far as the client has said how much it is. */
  get remainingBytes(): number {
    if (this.#ended || this.#message.complete) return 0;
    return (this.lengthBytes ?? Number.POSITIVE_INFINITY) - this.#receivedBytes;
  }

  /** True if the client still waits to be told to go on: whether it sends the body nobody knows. */
  get isHeldBack(): boolean {
    return this.#options.sendContinue !== undefined && !this.#begun && this.remainingBytes > 0;
  }

  get hasFailed(): boolean {
    return this.#error !== undefined;
  }

  next(signal: AbortSignal): Promise<Uint8Array | undefined> {
    assert(this.#waiter === undefined, 'a body is read by one reader');
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (signal.aborted) return Promise.reject(abortError(signal));
    if (this.#ended) return Promise.resolve(undefined);
    this.#begin();
    const bytes = this.#take();
    if (bytes !== undefined) return Promise.resolve(bytes);
    if (this.#ended) return Promise.resolve(undefined);
    this.#watch(signal);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.waits.begin();
      this.#options.onWait();
    });
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#message.on('readable', this.#onReadable);
    this.#message.on('end', this.#onEnd);
    this.#options.sendContinue?.();
  }

  #take(): Uint8Array | undefined {
    const bytes = this.#message.read() as Buffer | null;
    if (bytes === null) return undefined;
    this.#receivedBytes += bytes.length;
    // The message says so itself a few turns later.
    if (this.#receivedBytes === this.lengthBytes) this.#ended = true;
    return bytes;
  }

  readonly #onReadable = (): void => {
    if (this.#waiter === undefined) return;
    const bytes = this.#take();
    if (bytes !== undefined) this.#settle(({ resolve }) => resolve(bytes));
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#settle(({ resolve }) => resolve(undefined));
  };

  /** Most readers give the same signal with every call: it is listened to once. */
  #watch(signal: AbortSignal): void {
    if (signal === this.#signal) return;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    const signal = this.#signal!;
    this.#settle(({ reject }) => reject(abortError(signal)));
  };

  #settle(act: (waiter: Waiter) => void): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    this.waits.end();
    if (waiter !== undefined) act(waiter);
  }

  /** Nothing more can come, or is wanted: for this reason. What has come to its end stays so. */
  fail(error: unknown): void {
    if (this.#ended || this.#error !== undefined) return;
    this.#error = error;
    this.#settle(({ reject }) => reject(error));
  }

  /** Ends the reading: the request is answered. */
  close(): void {
    if (!this.#ended && this.#error === undefined) {
      this.fail(new SealpartError('aborted', 'The request was answered before its body was read to the end.'));
    }
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#signal = undefined;
  }

  /** Reads what is left, and throws it away. */
  drain(onBytes: () => void): void {
    this.close();
    const message = this.#message;
    if (this.#drains || message.readableEnded || message.destroyed) return;
    this.#drains = true;
    message.off('readable', this.#onReadable);
    message.on('data', (bytes: Buffer) => {
      freeBytes(bytes);
      onBytes();
    });
    message.resume();
  }
}
