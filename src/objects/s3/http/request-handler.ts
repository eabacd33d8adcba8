import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { assert } from '../../../assert.ts';
import { exchange } from './exchange.ts';
import { headerOf, peerName, type SdkRequest, toRequestOptions } from './sdk-request.ts';
import { toWireBody } from './wire-body.ts';
import { withReadBuffers } from './with-read-buffers.ts';

export interface RequestHandlerOptions {
  /** How long a connection may take to be made, TLS included; 10 s unless told. */
  readonly connectTimeoutMs?: number;
  /**
   * How long no byte may move on a connection: while the request is sent (there a stall is noticed after once to twice
   * as long), until the answer comes, and while it is read. A reader who takes his time does not count. 60 s unless
   * told. Nothing limits how long a request takes as long as it moves.
   */
  readonly idleTimeoutMs?: number;
  /** Connections to one endpoint; further requests wait. 64 unless told. */
  readonly maxSockets?: number;
  /** Certificates in PEM that are trusted in place of the system's. */
  readonly ca?: string | Buffer;
}

export interface SdkResponse {
  readonly statusCode: number;
  readonly reason?: string;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

type SdkHandler = Extract<S3ClientConfig['requestHandler'], { handle: (...args: never[]) => unknown }>;
type HandlerOptions = NonNullable<Parameters<SdkHandler['handle']>[1]>;

/** What requests are sent through, ours and those of a client of the SDK. */
export interface S3RequestHandler {
  readonly metadata: { readonly handlerProtocol: string };
  /**
   * Sends one request, once: nothing is tried again, no redirect is followed.
   *
   * **When it has settled, no socket reads the memory of the request's body any more.** An answer that comes before the
   * body was sent ends the connection; a refusal (3xx, 4xx, 5xx) is handed on, with at most 64 KiB of its body. The body
   * of an answer fails with `TimeoutError`, `AbortError` or ECONNRESET when it is not what the head promised; whoever
   * does not read it to its end must destroy it.
   *
   * @param options `abortSignal` counts until the answer's body has ended. `requestTimeout` takes the place of
   *   `idleTimeoutMs` for this request: some answers take a store long to find.
   * @throws RequestError, or TypeError for a body or a head that cannot be sent
   */
  handle(request: SdkRequest, options?: HandlerOptions): Promise<{ response: SdkResponse }>;
  /** Closes the connections. Requests under way fail. */
  destroy(): void;
  /** The SDK offers settings of its own clients here: this one has its own. */
  updateHttpClientConfig(key: unknown, value: unknown): void;
  httpHandlerConfigs(): Record<string, never>;
}

/** How long a connection is kept without a request: less than servers do, who would close it under a request. */
const freeSocketTimeoutMs = 15_000;

export function createRequestHandler(options: RequestHandlerOptions = {}): S3RequestHandler {
  const { connectTimeoutMs = 10_000, idleTimeoutMs = 60_000, maxSockets = 64, ca } = options;
  const agentOptions = { keepAlive: true, maxSockets, timeout: freeSocketTimeoutMs };
  const httpAgent = withReadBuffers(new HttpAgent(agentOptions));
  const httpsAgent = withReadBuffers(new HttpsAgent({ ...agentOptions, ...(ca === undefined ? {} : { ca }) }));

  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request, { abortSignal, requestTimeout } = {}) {
      const body = toWireBody(request.body);
      const length = headerOf(request, 'content-length');
      assert(length === undefined || Number(length) === body.byteLength, 'a Content-Length must be that of the body');
      const secure = request.protocol === 'https:';
      const { head, body: answerBody } = await exchange({
        options: { ...toRequestOptions(request, body.byteLength), agent: secure ? httpsAgent : httpAgent },
        secure,
        body,
        expectsContinue: body.byteLength > 0 && headerOf(request, 'expect')?.toLowerCase() === '100-continue',
        peer: peerName(request),
        connectTimeoutMs,
        idleTimeoutMs: requestTimeout || idleTimeoutMs,
        signal: abortSignal instanceof AbortSignal ? abortSignal : undefined,
      });
      const { statusCode, statusMessage } = head;
      const reason = statusMessage === undefined ? {} : { reason: statusMessage };
      return { response: { statusCode: statusCode!, ...reason, headers: plainHeaders(head), body: answerBody } };
    },
    destroy() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}

/** Node has a list for one header that stores do not send. */
function plainHeaders({ headers }: IncomingMessage): Record<string, string> {
  if (headers['set-cookie'] === undefined) return headers as Record<string, string>;
  return { ...(headers as Record<string, string>), 'set-cookie': headers['set-cookie'].join(',') };
}
