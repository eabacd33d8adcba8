import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { BodySender, Halt } from './body-sender.ts';
import { readEarlyAnswer } from './early-answer.ts';
import {
  connectionError,
  connectTimeoutError,
  earlySuccessError,
  idleError,
  RequestError,
  type RequestStage,
  requestAbortError,
} from './request-error.ts';
import type { WireBody } from './wire-body.ts';

/**
 * How long a 100 (Continue) is waited for. A store that refuses a part (503, a redirect, a signature) then says so
 * before the body leaves, on a connection that is not yet full of it: an answer that meets a body halfway is often lost
 * to the reset that follows. Servers and proxies that ignore the header cost this once a request, and no request fails.
 */
const continueWaitMs = 1000;

export interface ExchangeStart {
  readonly options: RequestOptions;
  readonly secure: boolean;
  readonly body: WireBody;
  /** True if the head asks for 100 (Continue). */
  readonly expectsContinue: boolean;
  /** What to call the other side in messages. */
  readonly peer: string;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface Answer {
  readonly head: IncomingMessage;
  readonly body: Readable;
}

/**
 * Sends a request and resolves when the head of the answer is there. **Once it has settled, either way, no socket reads
 * the memory of the request's body any more**: the kernel has all of it, or the socket is closed. The body of the
 * answer can then still fail, with a RequestError, or ECONNRESET where it was cut short.
 *
 * @throws RequestError
 */
export function exchange(start: ExchangeStart): Promise<Answer> {
  if (start.signal?.aborted) return Promise.reject(requestAbortError('connecting', start.signal.reason));
  return new Exchange(start).run();
}

class Exchange {
  readonly #start: ExchangeStart;
  readonly #sender: BodySender;
  readonly #answer = Promise.withResolvers<IncomingMessage>();
  /** Fires when no more of the body may be written. */
  readonly #halt = new Halt();
  #request!: ClientRequest;
  #socket: Socket | undefined;
  readonly #socketClosed = Promise.withResolvers<void>();
  #connectTimer: NodeJS.Timeout | undefined;
  #stage: RequestStage = 'connecting';
  #head: IncomingMessage | undefined;
  #bytesReadBefore = 0;
  #ended = false;

  constructor(start: ExchangeStart) {
    this.#start = start;
    this.#sender = new BodySender(start.body);
  }

  async run(): Promise<Answer> {
    this.#open();
    try {
      const head = await this.#answer.promise;
      return this.#stage === 'reading' ? { head, body: head } : await this.#answeredEarly(head);
    } catch (error) {
      await this.#letGo();
      throw this.#explain(error);
    }
  }

  #open(): void {
    const { options, secure, signal } = this.#start;
    const request = secure ? httpsRequest(options) : httpRequest(options);
    this.#request = request;
    request.once('socket', this.#onSocket);
    request.once('response', this.#onHead);
    // Stays for good: Node reports trouble with a connection here even after the whole answer was read.
    request.on('error', this.#answer.reject);
    request.once('close', this.#onRequestClosed);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  readonly #onRequestClosed = (): void => {
    // To make an error costs as much as to sign a request: none is made for nobody.
    if (this.#head === undefined) this.#answer.reject(new Error('it ended without an answer'));
  };

  readonly #onSocket = (socket: Socket): void => {
    this.#socket = socket;
    this.#bytesReadBefore = socket.bytesRead;
    socket.once('close', this.#socketClosed.resolve);
    const { connectTimeoutMs, peer, secure } = this.#start;
    // A socket that the agent kept has been through this, though not always for a request of ours.
    if (!socket.connecting && (!secure || (socket as TLSSocket).authorized)) {
      this.#onConnected();
      return;
    }
    this.#connectTimer = setTimeout(() => this.#fail(connectTimeoutError(peer, connectTimeoutMs)), connectTimeoutMs);
    socket.once(secure ? 'secureConnect' : 'connect', this.#onConnected);
  };

  readonly #onConnected = (): void => {
    clearTimeout(this.#connectTimer);
    if (this.#ended) return;
    this.#stage = 'sending';
    this.#socket!.on('timeout', this.#onIdle);
    this.#socket!.setTimeout(this.#start.idleTimeoutMs);
    this.#send().catch(this.#answer.reject);
  };

  async #send(): Promise<void> {
    if (this.#start.expectsContinue) {
      this.#request.flushHeaders();
      await this.#continued();
    }
    await this.#sender.send(this.#request, this.#halt);
    // Ended only if nothing happened meanwhile: an ended request gives its socket back to the agent, to be used again.
    if (this.#halt.hasFired) return;
    this.#stage = 'waiting';
    this.#request.end();
  }

  #continued(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(), continueWaitMs);
      const proceed = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#request.once('continue', proceed);
      this.#halt.onFire = proceed;
    });
  }

  readonly #onHead = (head: IncomingMessage): void => {
    this.#head = head;
    // Node keeps what a body failed with, for those who read it later, only if somebody listens when it fails.
    head.on('error', () => this.#end());
    if (this.#sender.whole && !this.#halt.hasFired) {
      this.#stage = 'reading';
      head.once('end', this.#handBack).once('close', this.#handBack);
    } else {
      this.#halt.fire();
    }
    this.#answer.resolve(head);
  };

  /**
   * The peer answered before it had the whole body, and may keep the connection and read on: what it says is taken down,
   * then the socket is destroyed.
   */
  async #answeredEarly(head: IncomingMessage): Promise<Answer> {
    const { peer, signal } = this.#start;
    const body = await readEarlyAnswer(head);
    await this.#letGo();
    if (signal?.aborted) throw requestAbortError(this.#stage, signal.reason);
    if (head.statusCode! < 300) throw earlySuccessError(peer, head.statusCode!);
    return { head, body: Readable.from([body], { objectMode: false }) };
  }

  readonly #onAbort = (): void => {
    this.#fail(requestAbortError(this.#stage, this.#start.signal!.reason));
  };

  /** Node's timer, which starts again with every byte read and, as long as a write goes on, with every byte written. */
  readonly #onIdle = (): void => {
    const stage = this.#stage;
    const { bytesRead, bytesWritten } = this.#socket!;
    // What came while the event loop stood still, or the reader had enough, lies in the kernel: it is read first.
    setImmediate(() => {
      const socket = this.#socket!;
      // While an early answer is read there is a limit of its own.
      if (this.#ended || (this.#head !== undefined && this.#stage !== 'reading')) return;
      const { peer, idleTimeoutMs } = this.#start;
      const hasMoved = socket.bytesRead !== bytesRead || socket.bytesWritten !== bytesWritten || this.#stage !== stage;
      if (hasMoved || this.#isReadersTurn()) socket.setTimeout(idleTimeoutMs);
      else this.#fail(idleError(peer, stage, idleTimeoutMs));
    });
  };

  /** True if it is our reader who has not taken what came: the peer owes nothing. */
  #isReadersTurn(): boolean {
    return this.#head !== undefined && (this.#head.complete || this.#head.readableLength > 0);
  }

  #fail(error: RequestError): void {
    if (this.#ended) return;
    this.#halt.fire();
    this.#answer.reject(error);
    if (this.#head === undefined) this.#request.destroy();
    else this.#head.destroy(error);
  }

  /** Destroys the connection and waits until it is closed. Only for an exchange that still has its socket. */
  async #letGo(): Promise<void> {
    this.#end();
    this.#halt.fire();
    this.#request.destroy();
    if (this.#socket === undefined) return;
    this.#socket.destroy();
    await this.#socketClosed.promise;
  }

  /** The answer has ended, and the agent may give the socket to another request. */
  readonly #handBack = (): void => {
    this.#end();
    this.#socket!.off('close', this.#socketClosed.resolve);
  };

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#connectTimer);
    this.#start.signal?.removeEventListener('abort', this.#onAbort);
    this.#socket?.off('timeout', this.#onIdle);
  }

  #explain(error: unknown): RequestError {
    if (error instanceof RequestError) return error;
    const isReused = this.#bytesReadBefore > 0;
    const isSilent = this.#socket?.bytesRead === this.#bytesReadBefore;
    return connectionError(this.#start.peer, this.#stage, isReused && isSilent, error);
  }
}
