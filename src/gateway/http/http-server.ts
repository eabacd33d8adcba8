import type { Server } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { assert } from '../../assert.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import { type Arrival, Connection, type ConnectionEvents } from './connection.ts';
import type { HttpCounters, HttpGround } from './http-ground.ts';
import { samplesPerWindow } from './transfer-rate.ts';

/** How fast a request's body comes, or its answer is taken. */
export interface TransferRateNote {
  readonly requestId: string;
  readonly bytesPerSecond: number;
}

/** How long work that was told to stop may take until nobody waits for it any more. */
const stopMs = 2000;

/** A server that listens. Opened by openHttpServer. */
export class HttpServer implements ConnectionEvents {
  readonly counters: Readonly<HttpCounters>;
  readonly #server: Server;
  readonly #ground: HttpGround;
  readonly #setClosing: () => void;
  readonly #bySocket = new WeakMap<Socket, Connection>();
  readonly #connections = new Set<Connection>();
  /** Those that wait for a request, the longest first. */
  readonly #idle = new Set<Connection>();
  readonly #sampling: NodeJS.Timeout;
  readonly #allClosed: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  /** All of them, also those that still shake hands. */
  readonly #sockets = new Set<Socket>();
  #closed: Promise<void> | undefined;

  constructor(server: Server, ground: HttpGround, setClosing: () => void) {
    this.#server = server;
    this.#ground = ground;
    this.#setClosing = setClosing;
    this.counters = ground.counters;
    server.on('connection', (socket: Socket) => this.#count(socket));
    if (server instanceof TlsServer) server.on('secureConnection', (socket: Socket) => this.#admit(socket, true));
    this.#sampling = setInterval(() => this.#sample(), ground.limits.slowAfterMs / samplesPerWindow).unref();
  }

  get address(): { readonly host: string; readonly port: number } {
    const address = this.#server.address() as AddressInfo | null;
    assert(address !== null, 'a server that is closed has no address');
    return { host: address.address, port: address.port };
  }

  /** Connections that are open, also those that still shake hands. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  get idleConnections(): number {
    return this.#idle.size;
  }

  /** Requests that are being answered. */
  get activeRequests(): number {
    let count = 0;
    for (const { active } of this.#connections) if (active !== undefined) count++;
    return count;
  }

  #count(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const isSecure = this.#server instanceof TlsServer;
    if (this.#sockets.size > this.#ground.limits.connections && !this.#makeRoom()) {
      this.#ground.counters.turnedAway++;
      // Nobody can be told before hands are shaken.
      if (isSecure) socket.destroy();
      else this.#admit(socket, false)?.refuse(s3Error('SlowDown'));
      return;
    }
    if (!isSecure) this.#admit(socket, false);
  }

  /** The connection that has waited longest for a request is the one that is missed least. */
  #makeRoom(): boolean {
    const [longest] = this.#idle;
    if (longest === undefined) return false;
    this.#ground.counters.madeRoom++;
    this.#idle.delete(longest);
    longest.destroy();
    return true;
  }

  #admit(socket: Socket, secure: boolean): Connection | undefined {
    if (this.#ground.isClosing()) socket.destroy();
    if (socket.destroyed) return undefined;
    const connection = new Connection(this.#ground, socket, secure, this);
    this.#bySocket.set(socket, connection);
    this.#connections.add(connection);
    return connection;
  }

  onIdle(connection: Connection, isIdle: boolean): void {
    if (isIdle) this.#idle.add(connection);
    else this.#idle.delete(connection);
  }

  onClosed(connection: Connection): void {
    this.#idle.delete(connection);
    this.#connections.delete(connection);
    if (this.#connections.size === 0 && this.#ground.isClosing()) this.#allClosed.resolve();
  }

  /** For the listeners of node:http's events. */
  receive(arrival: Arrival): void {
    const connection = this.#bySocket.get(arrival.message.socket);
    if (connection === undefined) arrival.message.socket.destroy();
    else connection.receive(arrival);
  }

  refuseTunnel(socket: Socket): void {
    // node:http has let go of the socket, its errors included, which end in its close.
    socket.on('error', () => {});
    this.#ground.counters.malformed++;
    const refusal = s3Error('MethodNotAllowed', { Method: 'CONNECT', ResourceType: 'SERVICE' });
    this.#bySocket.get(socket)?.refuse(refusal);
  }

  onClientError(error: Error, socket: Socket): void {
    const connection = this.#bySocket.get(socket);
    if (connection !== undefined) {
      connection.onError(error);
      return;
    }
    this.#ground.counters.handshakesFailed++;
    socket.destroy();
  }

  onTimeout(socket: Socket): void {
    this.#bySocket.get(socket)?.onTimeout();
  }

  #sample(): void {
    const now = performance.now();
    for (const { active } of this.#connections) active?.rate.sample(now);
  }

  /** How fast those transfers are that are their clients' to speed up, and have lasted long enough to say so. */
  transferRates(): TransferRateNote[] {
    const now = performance.now();
    const notes: TransferRateNote[] = [];
    for (const { active } of this.#connections) {
      const bytesPerSecond = active?.rate.bytesPerSecond(now);
      if (active === undefined || bytesPerSecond === undefined) continue;
      notes.push({ requestId: active.requestId, bytesPerSecond });
    }
    return notes;
  }

  /** Ends the slowest transfer, if one is too slow to be waited for. Called while others wait for what it holds. */
  evictSlowest(): boolean {
    const now = performance.now();
    let slowest: { readonly connection: Connection; readonly rate: number } | undefined;
    for (const connection of this.#connections) {
      const rate = connection.active?.rate.tooSlow(now);
      if (rate !== undefined && (slowest === undefined || rate < slowest.rate)) slowest = { connection, rate };
    }
    slowest?.connection.evict();
    return slowest !== undefined;
  }

  /** Shows another certificate from the next connection on. */
  setCertificate(tls: { readonly cert: string; readonly key: string }): void {
    assert(this.#server instanceof TlsServer, 'a server without TLS has no certificate');
    this.#server.setSecureContext(tls);
  }

  /**
   * Stops: no new connections, those that wait for a request are closed, and every answer is the last of its
   * connection. What is not over after so long is destroyed, and its handlers' signals fire. May be called again with
   * a shorter time. Resolves when nothing runs any more.
   */
  async close(deadlineMs: number): Promise<void> {
    this.#setClosing();
    this.#closed ??= new Promise((resolve) => this.#server.close(() => resolve()));
    clearInterval(this.#sampling);
    for (const connection of [...this.#idle]) connection.destroy();
    if (this.#connections.size === 0) this.#allClosed.resolve();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, deadlineMs);
    // Of one that is destroyed: its handler may still be told so.
    const running = [...this.#connections].map((connection) => connection.running);
    await this.#allClosed.promise;
    await this.#closed;
    clearTimeout(timer);
    await withinMs(Promise.all(running), stopMs);
  }
}

/** Waits for the work, but no longer than so. */
async function withinMs(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
