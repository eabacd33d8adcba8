import type { IncomingMessage, ServerResponse } from 'node:http';
import { AssertionError, assert } from '../../assert.ts';
import type { SealpartError } from '../../errors.ts';
import type { S3Error } from '../../s3-protocol/errors/s3-error.ts';
import { type AnswerHead, answerHead } from './answer-head.ts';
import { ResponseSink } from './answer-sink.ts';
import type { GatewayAnswer, StreamedBody } from './gateway-answer.ts';
import type { GatewayRequest } from './gateway-request.ts';
import type { AccessNote, HttpGround } from './http-ground.ts';
import type { IncomingBody } from './incoming-body.ts';
import { TransferRate } from './transfer-rate.ts';
import { WaitClock } from './wait-clock.ts';

export interface ExchangeParts {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly request: GatewayRequest;
  readonly body: IncomingBody;
  /** Set for a request that is refused as it stands. */
  readonly refusal: S3Error | undefined;
  /** True if the connection has to be closed whatever the answer is. */
  readonly closes: (answer: GatewayAnswer) => boolean;
  /** Called as a wait for the client begins. */
  readonly onWait: (limitMs: number) => void;
  /** Called as bytes that nobody wanted were thrown away. */
  readonly onDrained: () => void;
}

type Outcome = AccessNote['outcome'];

/** A request and its answer. */
export class Exchange {
  readonly body: IncomingBody;
  readonly rate: TransferRate;
  readonly #parts: ExchangeParts;
  readonly #ground: HttpGround;
  readonly #controller = new AbortController();
  readonly #flush = new WaitClock();
  readonly #begunAt = performance.now();
  #sink: ResponseSink | undefined;
  #finish: ((outcome: Outcome) => void) | undefined;
  #gone: SealpartError | undefined;
  #closes = false;
  #status = 0;
  #sentBytes = 0;
  #failure: unknown;

  constructor(ground: HttpGround, parts: ExchangeParts) {
    this.#ground = ground;
    this.#parts = parts;
    this.body = parts.body;
    this.rate = new TransferRate(ground.limits, () => this.#moved());
  }

  /** How long the client has been waited for; undefined if it is not its turn. */
  get idleMs(): { readonly body: number | undefined; readonly answer: number | undefined } {
    return { body: this.body.waits.currentMs, answer: this.#sink?.waits.currentMs ?? this.#flush.currentMs };
  }

  get requestId(): string {
    return this.#parts.request.requestId;
  }

  #moved(): { readonly bytes: number; readonly underWayBytes: number; readonly waitedMs: number } {
    const sink = this.#sink;
    return {
      bytes: this.body.receivedBytes + (sink?.sentBytes ?? 0),
      underWayBytes: sink === undefined ? 0 : sink.acceptedBytes - sink.sentBytes,
      waitedMs: this.body.waits.totalMs + (sink?.waits.totalMs ?? 0),
    };
  }

  /** The connection is closed. Tells everybody who works for it. */
  connectionClosed(error: SealpartError): void {
    if (this.#gone !== undefined) return;
    this.#gone = error;
    this.body.fail(error);
    this.#sink?.connectionClosed(error);
    this.#controller.abort(error);
    this.#finish?.('gone');
  }

  /** Destroys the connection: its client is too slow, or the server cannot wait any longer. */
  destroy(): void {
    this.#parts.response.destroy();
  }

  /** From the request to the end of its answer. */
  async run(): Promise<void> {
    const outcome = await this.#answer(await this.#ask());
    this.body.close();
    this.#sink?.close();
    const { request } = this.#parts;
    const { counters } = this.#ground;
    if (outcome === 'gone') counters.clientsGone++;
    if (outcome === 'broken') counters.broken++;
    this.#ground.onAccess({
      request,
      requestId: request.requestId,
      remoteAddress: request.remoteAddress,
      status: this.#status,
      receivedBytes: this.body.receivedBytes,
      sentBytes: this.#sink?.sentBytes ?? this.#sentBytes,
      durationMs: performance.now() - this.#begunAt,
      outcome,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    });
  }

  async #ask(): Promise<GatewayAnswer> {
    const { request, refusal } = this.#parts;
    if (refusal !== undefined) return this.#ground.handler.refuse(refusal, request);
    try {
      return await this.#ground.handler.handle(request, this.#controller.signal);
    } catch (error) {
      return this.#ground.handler.refuse(error, request);
    }
  }

  async #answer(answer: GatewayAnswer): Promise<Outcome> {
    const { body } = answer;
    if (body === undefined || body instanceof Uint8Array) return this.#begin(answer, body);
    try {
      return await this.#beginStream(answer, body);
    } finally {
      await body.close().catch(this.#ground.onFault);
    }
  }

  async #begin(answer: GatewayAnswer, body: Uint8Array | undefined, isRefusal = false): Promise<Outcome> {
    if (this.#gone !== undefined) return 'gone';
    let head: AnswerHead;
    try {
      head = this.#head(answer);
    } catch (error) {
      return isRefusal ? this.#break(error) : this.#answerInstead(error);
    }
    this.#sendHead(head);
    // What is left of the request is read and thrown away: all of it if the connection goes on, and else so that the
    // client, which may not look before it has sent, gets to see the answer.
    this.#drain();
    this.#sentBytes = head.bodyBytes;
    return this.#end(head.bodyBytes > 0 ? body : undefined);
  }

  async #beginStream(answer: GatewayAnswer, body: StreamedBody): Promise<Outcome> {
    if (this.#gone !== undefined) return 'gone';
    let sink: ResponseSink | undefined;
    try {
      const head = this.#head(answer);
      if (head.bodyBytes === 0) {
        this.#sendHead(head);
        this.#drain();
        return await this.#end();
      }
      const { signal } = this.#controller;
      sink = new ResponseSink(this.#parts.response, {
        lengthBytes: head.bodyBytes,
        signal,
        sendHead: () => {
          this.#sendHead(head);
          if (!this.#closes) this.#drain();
        },
        onWait: () => this.#parts.onWait(this.#ground.limits.answerIdleMs),
      });
      this.#sink = sink;
      await body.send(sink, signal);
      assert(sink.sentBytes === head.bodyBytes, 'an answer has as many bytes as it was announced with');
    } catch (error) {
      if (this.#gone !== undefined) return 'gone';
      if (sink === undefined || !sink.hasBegun) return await this.#answerInstead(error);
      // Whatever came before it is right, and must not look like all there is.
      return this.#break(error);
    }
    return this.#end();
  }

  #head(answer: GatewayAnswer): AnswerHead {
    const { request, closes } = this.#parts;
    this.#closes = closes(answer);
    return answerHead(answer, request, request.method, this.#closes);
  }

  /** The answer to what went wrong with the first one, which cannot be one that is made while it is sent. */
  async #answerInstead(error: unknown): Promise<Outcome> {
    this.#sink = undefined;
    const answer = this.#ground.handler.refuse(error, this.#parts.request);
    const { body } = answer;
    if (body === undefined || body instanceof Uint8Array) return this.#begin(answer, body, true);
    return this.#break(new AssertionError('a refusal has its body in memory'));
  }

  #sendHead({ status, fields }: AnswerHead): void {
    this.#status = status;
    this.#parts.response.writeHead(status, fields);
  }

  #drain(): void {
    if (this.body.remainingBytes > 0) this.body.drain(this.#parts.onDrained);
  }

  /** Ends the answer, and waits until the kernel has all of it. */
  #end(bytes?: Uint8Array): Promise<Outcome> {
    const { response, onWait } = this.#parts;
    return new Promise((resolve) => {
      const finish = (outcome: Outcome): void => {
        this.#finish = undefined;
        this.#flush.end();
        resolve(outcome);
      };
      if (this.#gone !== undefined) return finish('gone');
      this.#finish = finish;
      this.#flush.begin();
      onWait(this.#ground.limits.answerIdleMs);
      response.once('finish', () => this.#finish?.('sent'));
      if (bytes === undefined) response.end();
      else response.end(bytes);
    });
  }

  async #break(error: unknown): Promise<Outcome> {
    this.#failure = error;
    const closed = new Promise<void>((resolve) => {
      if (this.#gone !== undefined) resolve();
      else this.#finish = () => resolve();
    });
    this.destroy();
    await closed;
    return 'broken';
  }
}
