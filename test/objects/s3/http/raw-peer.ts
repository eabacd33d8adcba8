import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import {
  createRequestHandler,
  type RequestHandlerOptions,
  type S3RequestHandler,
} from '../../../../src/objects/s3/http/request-handler.ts';
import type { SdkRequest } from '../../../../src/objects/s3/http/sdk-request.ts';
import { localhostCertificate, localhostKey } from '../../../support/tls/certificate.ts';

/** The peer's end of a connection: takes bytes from the kernel only when it is told to. */
export class PeerConnection {
  readonly socket: Socket;
  readonly #tcp: Socket;
  #pending: Buffer = Buffer.alloc(0);

  /** `tcp` is the connection below TLS, the socket itself without. */
  constructor(socket: Socket, tcp: Socket) {
    this.socket = socket;
    this.#tcp = tcp;
    socket.on('error', () => undefined);
    socket.pause();
  }

  /** The next bytes, any number; empty when the other side has ended, in whatever way. */
  async readSome(): Promise<Buffer> {
    if (this.#pending.length > 0) {
      const chunk = this.#pending;
      this.#pending = Buffer.alloc(0);
      return chunk;
    }
    for (;;) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.socket.destroyed || this.socket.readableEnded) return Buffer.alloc(0);
      const stop = new AbortController();
      const events = ['readable', 'end', 'close'].map((name) => once(this.socket, name, { signal: stop.signal }));
      await Promise.race(events).catch(() => undefined);
      for (const event of events) event.catch(() => undefined);
      stop.abort();
    }
  }

  /** Exactly so many bytes, fewer only if the other side has ended. */
  async read(length: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for (let left = length; left > 0; ) {
      const chunk = await this.readSome();
      if (chunk.length === 0) break;
      chunks.push(chunk.subarray(0, left));
      this.#pending = chunk.subarray(left);
      left -= Math.min(left, chunk.length);
    }
    return Buffer.concat(chunks);
  }

  /** A request's head with the blank line; undefined if there is none any more. */
  async readHead(): Promise<string | undefined> {
    let head = Buffer.alloc(0);
    for (;;) {
      const chunk = await this.readSome();
      if (chunk.length === 0) return undefined;
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) continue;
      this.#pending = head.subarray(end + 4);
      return head.subarray(0, end + 4).toString('latin1');
    }
  }

  /** A whole request. */
  async readRequest(): Promise<{ head: string; body: Buffer } | undefined> {
    const head = await this.readHead();
    if (head === undefined) return undefined;
    return { head, body: await this.read(Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)) };
  }

  write(text: string | Uint8Array): void {
    if (this.socket.writable) this.socket.write(text);
  }

  answer(status: string, body = '', headers = ''): void {
    this.write(`HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`);
  }

  /** Ends the connection with a reset. */
  reset(): void {
    this.#tcp.resetAndDestroy();
  }
}

export interface RawPeer {
  readonly port: number;
  readonly secure: boolean;
  /** All connections so far, in the order in which they came. */
  readonly connections: readonly PeerConnection[];
  request(request?: Partial<SdkRequest>): SdkRequest;
}

/** A server that does with every connection what the script says; it ends with the test. */
export async function startPeer(
  script: (connection: PeerConnection, index: number) => Promise<void> | void,
  { secure = false }: { secure?: boolean } = {},
): Promise<RawPeer> {
  const connections: PeerConnection[] = [];
  const failures: unknown[] = [];
  const accepted = new Map<number, Socket>();
  const onConnection = (socket: Socket): void => {
    const connection = new PeerConnection(socket, accepted.get(socket.remotePort!)!);
    connections.push(connection);
    Promise.resolve(script(connection, connections.length - 1)).catch((error: unknown) => failures.push(error));
  };
  const server = secure ? createTlsServer({ key: localhostKey, cert: localhostCertificate }) : createTcpServer();
  server.on('connection', (socket: Socket) => accepted.set(socket.remotePort!, socket));
  server.on(secure ? 'secureConnection' : 'connection', onConnection);
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const { socket } of connections) socket.destroy();
    if (failures.length > 0) throw failures[0];
  });
  const { port } = server.address() as AddressInfo;
  return { port, secure, connections, request: (request = {}) => requestTo(port, secure, request) };
}

export function requestTo(port: number, secure: boolean, request: Partial<SdkRequest> = {}): SdkRequest {
  return {
    method: request.body === undefined ? 'GET' : 'PUT',
    protocol: secure ? 'https:' : 'http:',
    hostname: '127.0.0.1',
    port,
    path: '/bucket/key',
    headers: {},
    ...request,
  };
}

/** A handler whose connections end with the test. */
export function testHandler(options: RequestHandlerOptions = {}): S3RequestHandler {
  const handler = createRequestHandler({ ca: localhostCertificate, ...options });
  onTestFinished(() => handler.destroy());
  return handler;
}

/** Shared memory of one byte, as the wire buffers of the encryptor are. */
export function sharedBytes(lengthBytes: number, fill: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(lengthBytes)).fill(fill);
}

/** Waits for something that is bound to happen. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

/** Counts the connections that are made from here, without TLS, and not closed yet. */
export function countOpenSockets(): () => number {
  let open = 0;
  const onSocket = (message: unknown): void => {
    open += 1;
    (message as { socket: Socket }).socket.once('close', () => {
      open -= 1;
    });
  };
  subscribe('net.client.socket', onSocket);
  onTestFinished(() => void unsubscribe('net.client.socket', onSocket));
  return () => open;
}
