import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { SealpartError, throwIfAborted } from '../../errors.ts';
import type { GatewayHandler } from './gateway-answer.ts';
import type { GatewayRequest } from './gateway-request.ts';
import type { AccessNote, HttpCounters, HttpGround } from './http-ground.ts';
import { defaultHttpLimits, type HttpLimits } from './http-limits.ts';
import { HttpServer } from './http-server.ts';
import { newHostId } from './request-ids.ts';

/** A certificate (with those that lead to its issuer) and its key, both as PEM. */
export interface TlsIdentity {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
}

export interface HttpServerOptions {
  readonly handler: GatewayHandler<GatewayRequest>;
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls?: TlsIdentity | undefined;
  readonly limits?: Partial<HttpLimits>;
  /** Told of every request when it is over. Must not throw. */
  readonly onAccess?: (note: AccessNote) => void;
  /** Told of what went wrong and is nobody's answer. Must not throw. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Listens for requests, reads them strictly, and answers with what the handler says.
 *
 * @param signal ends the opening; the server that is open is closed by `close`.
 * @throws SealpartError `io` if the address cannot be listened on, `bad-key` for a certificate or key that is none
 */
export async function openHttpServer(options: HttpServerOptions, signal: AbortSignal): Promise<HttpServer> {
  throwIfAborted(signal);
  const limits: HttpLimits = { ...defaultHttpLimits, ...options.limits };
  const counters = newCounters();
  let closing = false;
  const ground: HttpGround = {
    handler: options.handler,
    limits,
    hostId: newHostId(),
    counters,
    onAccess: options.onAccess ?? (() => {}),
    onFault: options.onFault,
    isClosing: () => closing,
  };
  const server = createListener(limits, options.tls);
  const opened = new HttpServer(server, ground, () => {
    closing = true;
  });
  watchServer(server, opened);
  try {
    await listen(server, options);
    throwIfAborted(signal);
  } catch (error) {
    await opened.close(0);
    throw error;
  }
  return opened;
}

function createListener(limits: HttpLimits, tls: TlsIdentity | undefined): Server | TlsServer {
  const strict: ServerOptions = {
    insecureHTTPParser: false,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    keepAliveTimeout: limits.keepAliveMs,
    // It covers the whole of a body: a large one that comes slowly, but comes, would be cut off.
    requestTimeout: 0,
    // Checked by ourselves, to be answered as S3 does.
    requireHostHeader: false,
    optimizeEmptyRequests: true,
    noDelay: true,
  };
  const server = tls === undefined ? createServer(strict) : createSecure(strict, tls, limits);
  // Beyond that the parser leaves out what comes: one more than is allowed shows it.
  server.maxHeadersCount = limits.headerCount + 1;
  return server;
}

function createSecure(strict: ServerOptions, tls: TlsIdentity, limits: HttpLimits): TlsServer {
  try {
    return createTlsServer({ ...strict, ...identity(tls), handshakeTimeout: limits.handshakeTimeoutMs });
  } catch (cause) {
    const message = 'The certificate or its key cannot be used: give both as PEM, and the key that belongs to it.';
    throw new SealpartError('bad-key', message, { cause });
  }
}

function identity({ cert, key }: TlsIdentity): { cert: string | Buffer; key: string | Buffer } {
  const bytes = (pem: string | Uint8Array): string | Buffer => (typeof pem === 'string' ? pem : Buffer.from(pem));
  return { cert: bytes(cert), key: bytes(key) };
}

function watchServer(server: Server | TlsServer, opened: HttpServer): void {
  const arrive =
    (expects: 'nothing' | 'continue' | 'unknown') =>
    (message: IncomingMessage, response: ServerResponse): void =>
      opened.receive({ message, response, expects });
  server.on('request', arrive('nothing'));
  server.on('checkContinue', arrive('continue'));
  server.on('checkExpectation', arrive('unknown'));
  server.on('connect', (_message: IncomingMessage, socket: Socket) => opened.refuseTunnel(socket));
  server.on('clientError', (error: Error, socket: Socket) => opened.onClientError(error, socket));
  server.on('timeout', (socket: Socket) => opened.onTimeout(socket));
}

async function listen(
  server: Server | TlsServer,
  { listen: { host, port }, onFault }: Pick<HttpServerOptions, 'listen' | 'onFault'>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onError = (cause: Error): void => {
    reject(new SealpartError('io', `Cannot listen on ${host}:${port}: ${cause.message}.`, { cause }));
  };
  server.once('error', onError);
  server.listen({ host, port }, resolve);
  await promise;
  server.off('error', onError);
  // Of single connections, as descriptors run out: the server goes on.
  server.on('error', onFault);
}

function newCounters(): HttpCounters {
  return {
    requests: 0,
    turnedAway: 0,
    madeRoom: 0,
    malformed: 0,
    handshakesFailed: 0,
    bodiesTimedOut: 0,
    readersTimedOut: 0,
    evicted: 0,
    clientsGone: 0,
    broken: 0,
    dropped: 0,
  };
}
