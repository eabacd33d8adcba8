import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { SealpartError } from '../../errors.ts';
import { S3Error, s3Error } from '../../s3-protocol/errors/s3-error.ts';
import { headerFields } from '../../s3-protocol/signature/raw-request.ts';
import { rawAnswer } from './answer-head.ts';
import { checkRequest, type Framing } from './check-request.ts';
import { Exchange } from './exchange.ts';
import type { GatewayAnswer } from './gateway-answer.ts';
import type { HttpGround } from './http-ground.ts';
import { IncomingBody } from './incoming-body.ts';
import { LingeringClose } from './lingering-close.ts';
import { bodyRefusalOf, isAnswerable, type ParseError, refusalOf } from './parse-errors.ts';
import { nextRequestId } from './request-ids.ts';

/** A request as the parser gives it. */
export interface Arrival {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** What it expects before it sends its body. */
  readonly expects: 'nothing' | 'continue' | 'unknown';
}

export interface ConnectionEvents {
  /** It waits for a request, or has one. */
  onIdle(connection: Connection, isIdle: boolean): void;
  onClosed(connection: Connection): void;
}

/** A client's connection: one request after another, until one of them makes the next one unsafe to read. */
export class Connection {
  readonly #ground: HttpGround;
  readonly #socket: Socket;
  readonly #secure: boolean;
  readonly #remoteAddress: string;
  readonly #events: ConnectionEvents;
  readonly #waiting: Arrival[] = [];
  #active: Exchange | undefined;
  #running: Promise<void> | undefined;
  /** True if nothing that comes is looked at as a request any more. */
  #isLast = false;
  #linger: LingeringClose | undefined;
  /** True if the socket's clock has to be wound again before it tells anything. */
  #clockRanOut = false;

  constructor(ground: HttpGround, socket: Socket, secure: boolean, events: ConnectionEvents) {
    this.#ground = ground;
    this.#socket = socket;
    this.#secure = secure;
    this.#remoteAddress = socket.remoteAddress ?? '';
    this.#events = events;
    socket.once('close', () => this.#onClose());
    // What node:http calls as the last answer of a connection has left.
    socket.destroySoon = () => this.#leave();
    events.onIdle(this, true);
  }

  get active(): Exchange | undefined {
    return this.#active;
  }

  /** Resolves when nobody works for it any more. */
  get running(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** A request has come, all but its body. */
  receive(arrival: Arrival): void {
    if (this.#isLast) {
      this.#ground.counters.dropped++;
      return;
    }
    if (this.#active === undefined) this.#start(arrival);
    else if (this.#waiting.length < this.#ground.limits.waitingRequests) this.#waiting.push(arrival);
    else this.#refuseMore();
  }

  /** Nothing more is looked at, behind what is being answered. */
  #refuseMore(): void {
    this.#isLast = true;
    this.#ground.counters.dropped += this.#waiting.length;
    this.#waiting.length = 0;
  }

  #start(arrival: Arrival): void {
    const { message } = arrival;
    this.#events.onIdle(this, false);
    this.#ground.counters.requests++;
    const headers = headerFields(message.rawHeaders);
    const method = message.method ?? '';
    const head = { method, target: message.url ?? '', version: message.httpVersion, headers };
    let framing = checkRequest(head, this.#ground.limits.headerCount);
    if (!(framing instanceof S3Error) && arrival.expects === 'unknown') {
      framing = s3Error('BadRequest', { message: 'An error occurred when parsing the HTTP request. Expect what?' });
    }
    const refusal = framing instanceof S3Error ? framing : undefined;
    if (refusal !== undefined) {
      this.#ground.counters.malformed++;
      // Where its body ends is not known, so nothing is that follows.
      this.#refuseMore();
    }
    const body = this.#openBody(arrival, framing);
    const exchange = new Exchange(this.#ground, {
      message,
      response: arrival.response,
      body,
      refusal,
      request: {
        method,
        target: framing instanceof S3Error ? head.target : framing.target,
        headers,
        requestId: nextRequestId(),
        hostId: this.#ground.hostId,
        remoteAddress: this.#remoteAddress,
        secure: this.#secure,
        body,
      },
      closes: (answer) => this.#closesAfter(answer, body, refusal !== undefined),
      onWait: (limitMs) => this.#watchIdle(limitMs),
      onDrained: this.#onDrained,
    });
    this.#active = exchange;
    this.#running = this.#run(exchange);
  }

  #openBody({ message, response, expects }: Arrival, framing: Framing | S3Error): IncomingBody {
    return new IncomingBody(message, {
      lengthBytes: framing instanceof S3Error ? undefined : framing.lengthBytes,
      sendContinue: expects === 'continue' ? () => response.writeContinue() : undefined,
      onWait: () => this.#watchIdle(this.#ground.limits.bodyIdleMs),
    });
  }

  async #run(exchange: Exchange): Promise<void> {
    try {
      await exchange.run();
    } catch (error) {
      this.#ground.onFault(error);
      this.#socket.destroy();
    }
    this.#active = undefined;
    if (this.#socket.destroyed || this.#linger !== undefined) return;
    if (this.#isLast || this.#ground.isClosing()) return this.#leave();
    const next = this.#waiting.shift();
    if (next !== undefined) this.#start(next);
    else this.#events.onIdle(this, true);
  }

  /** True if no other request may follow on this connection. */
  #closesAfter(answer: GatewayAnswer, body: IncomingBody, isRefused: boolean): boolean {
    const isUnread = body.remainingBytes > this.#ground.limits.drainBytes || body.isHeldBack || body.hasFailed;
    // Who sends on without having read of an error may build on what did not happen.
    const hasFollowers = answer.status >= 400 && this.#waiting.length > 0;
    const closes = isRefused || isUnread || hasFollowers || this.#isLast || this.#ground.isClosing();
    if (closes) this.#refuseMore();
    return closes;
  }

  /** The socket's own clock runs from the last byte in either direction, also of those that wait in the kernel. */
  #watchIdle(limitMs: number): void {
    if (this.#socket.timeout !== limitMs || this.#clockRanOut) this.#socket.setTimeout(limitMs);
    this.#clockRanOut = false;
  }

  /** Nothing has moved for the time that was set last, unless it stands there and was not looked at yet. */
  onTimeout(): void {
    // A process that was held up hears of its timers before it hears of what has come meanwhile.
    setImmediate(() => this.#judgeIdle());
  }

  #judgeIdle(): void {
    const exchange = this.#active;
    if (exchange === undefined) {
      if (this.#linger === undefined) this.#socket.destroy();
      return;
    }
    const { limits, counters } = this.#ground;
    const { body, answer } = exchange.idleMs;
    // It may be us who took so long, and the client's turn has only begun. Timers may be early by a millisecond.
    if (body !== undefined && body >= limits.bodyIdleMs - 1) {
      counters.bodiesTimedOut++;
      exchange.body.fail(s3Error('RequestTimeout'));
    } else if (answer !== undefined && answer >= limits.answerIdleMs - 1) {
      counters.readersTimedOut++;
      this.#socket.destroy();
    } else if (body !== undefined || answer !== undefined) {
      this.#socket.setTimeout(body !== undefined ? limits.bodyIdleMs : limits.answerIdleMs);
    } else {
      this.#clockRanOut = true;
    }
  }

  /** Ends a transfer that is too slow to be waited for. */
  evict(): void {
    const exchange = this.#active;
    if (exchange === undefined) return;
    this.#ground.counters.evicted++;
    if (exchange.body.remainingBytes > 0) exchange.body.fail(s3Error('RequestTimeout'));
    else this.#socket.destroy();
  }

  /** What has come is no request, or no body, or the connection itself has failed. */
  onError(error: ParseError): void {
    if (this.#linger !== undefined) {
      this.#linger.check();
      return;
    }
    if (!isAnswerable(error) || !this.#socket.writable) {
      this.#socket.destroy();
      return;
    }
    this.#ground.counters.malformed++;
    this.#refuseMore();
    if (this.#active !== undefined) {
      // What is broken is its body, or a request behind it.
      if (this.#active.body.remainingBytes > 0) this.#active.body.fail(bodyRefusalOf(error));
      return;
    }
    // Nothing was asked: there is nothing to answer.
    if (error.code === 'HPE_INVALID_EOF_STATE') this.#socket.destroy();
    else this.refuse(refusalOf(error));
  }

  /** Answers what could not be read as a request, and closes. */
  refuse(error: S3Error): void {
    this.#isLast = true;
    this.#events.onIdle(this, false);
    const ids = { requestId: nextRequestId(), hostId: this.#ground.hostId };
    const answer = this.#ground.handler.refuse(error, undefined);
    this.#socket.write(rawAnswer(answer, ids, new Date()));
    this.#leave();
    this.#ground.onAccess({
      request: undefined,
      requestId: ids.requestId,
      remoteAddress: this.#remoteAddress,
      status: answer.status,
      receivedBytes: 0,
      sentBytes: answer.body instanceof Uint8Array ? answer.body.length : 0,
      durationMs: 0,
      outcome: 'sent',
      failure: error,
    });
  }

  #leave(): void {
    this.#isLast = true;
    if (this.#linger !== undefined || this.#socket.destroyed) return;
    this.#linger = new LingeringClose(this.#socket, this.#ground.limits);
    this.#active?.body.drain(this.#onDrained);
  }

  readonly #onDrained = (): void => this.#linger?.check();

  destroy(): void {
    this.#socket.destroy();
  }

  #onClose(): void {
    this.#isLast = true;
    this.#waiting.length = 0;
    this.#events.onClosed(this);
    const reason = this.#ground.isClosing() ? 'The server was closed.' : 'The client has gone.';
    this.#active?.connectionClosed(new SealpartError('aborted', reason));
  }
}
