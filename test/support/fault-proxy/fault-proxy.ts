import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { Connection, PeerGone } from './connection.ts';
import { countedBody, type Exchange } from './exchange.ts';
import { ArmedRule, type FaultRule, type RuleCounts } from './fault-rule.ts';
import { type Head, readHead, requestFraming } from './http-head.ts';
import { perform } from './perform.ts';
import { type ProxiedRequest, withoutSecrets } from './proxied-request.ts';
import { s3Request } from './s3-operation.ts';
import type { SigningCredentials } from './sign-again.ts';

export interface FaultProxyOptions {
  /** The store's address, http or https; its certificate is not looked at. */
  readonly upstream: string;
  /** A free one unless told. */
  readonly port?: number;
  /** Serve https with this certificate. */
  readonly tls?: { readonly certificatePath: string; readonly keyPath: string };
  /** Keep the body of every request in the log, to see what a peer was given. */
  readonly keepBodies?: boolean;
  /** With these, rules can sign again what they alter. */
  readonly credentials?: SigningCredentials;
  readonly rules?: readonly FaultRule[];
  /** Told of every exchange that has ended. */
  readonly onEnd?: (request: ProxiedRequest) => void;
}

/** A rule that was given to a proxy. */
export interface RuleHandle {
  counts(): Promise<RuleCounts>;
  /** Waits until its fault has come to pass so often. */
  whenReached(times?: number, limitMs?: number): Promise<void>;
  /** It is not applied any more; its counters stay. */
  remove(): Promise<void>;
}

/** A proxy in front of a store, which forwards every byte as it is but for what rules do to it. */
export interface FaultProxy {
  readonly endpoint: string;
  /** Every request so far, in the order in which they came; those that are running too. */
  log(): Promise<readonly ProxiedRequest[]>;
  /** Forgets the requests that were logged, not the counters of rules. */
  clearLog(): Promise<void>;
  /** Of several rules that match a request, the first that was added is applied; all of them count it. */
  addRule(rule: FaultRule): Promise<RuleHandle>;
  /** True: all connections are reset and new ones refused, as if nothing was there. */
  refuse(refused: boolean): Promise<void>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a proxy in this process. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new InProcessProxy(options);
  await proxy.listen(options.port ?? 0);
  for (const rule of options.rules ?? []) await proxy.addRule(rule);
  return proxy;
}

class InProcessProxy implements FaultProxy {
  readonly #options: FaultProxyOptions;
  readonly #secure: SecureContext | undefined;
  readonly #rules: ArmedRule[] = [];
  readonly #connections = new Set<Connection>();
  readonly #bodies = new Map<ProxiedRequest, Buffer[]>();
  #log: ProxiedRequest[] = [];
  #server: Server | undefined;
  #port = 0;
  #seq = 0;
  #connectionCount = 0;

  constructor(options: FaultProxyOptions) {
    this.#options = options;
    const { tls } = options;
    this.#secure =
      tls && createSecureContext({ cert: readFileSync(tls.certificatePath), key: readFileSync(tls.keyPath) });
  }

  get endpoint(): string {
    return `${this.#secure ? 'https' : 'http'}://127.0.0.1:${this.#port}`;
  }

  async listen(port: number): Promise<void> {
    const server = createServer((socket) => void this.#serve(socket));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async log(): Promise<readonly ProxiedRequest[]> {
    return this.#log.map((request) => {
      const kept = this.#bodies.get(request);
      return kept === undefined ? { ...request } : { ...request, body: Buffer.concat(kept).toString('base64') };
    });
  }

  async clearLog(): Promise<void> {
    this.#log = [];
    this.#bodies.clear();
  }

  async addRule(rule: FaultRule): Promise<RuleHandle> {
    const armed = new ArmedRule(rule);
    this.#rules.push(armed);
    const counts = async (): Promise<RuleCounts> => ({ ...armed.counts });
    return {
      counts,
      whenReached: (times, limitMs) => whenReached(counts, times, limitMs),
      remove: async () => {
        const at = this.#rules.indexOf(armed);
        if (at >= 0) this.#rules.splice(at, 1);
      },
    };
  }

  async refuse(refused: boolean): Promise<void> {
    if (refused === (this.#server === undefined)) return;
    if (!refused) return this.listen(this.#port);
    const closed = once(this.#server!, 'close');
    this.#server!.close();
    this.#server = undefined;
    for (const connection of this.#connections) await connection.reset(false);
    await closed;
  }

  stop(): Promise<void> {
    return this.refuse(true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #serve(socket: Socket): Promise<void> {
    this.#connectionCount += 1;
    const number = this.#connectionCount;
    const stream = this.#secure ? new TLSSocket(socket, { isServer: true, secureContext: this.#secure }) : socket;
    const client = new Connection(stream, socket);
    this.#connections.add(client);
    client.gone.addEventListener('abort', () => this.#connections.delete(client), { once: true });
    try {
      let again = true;
      while (again) again = await this.#next(client, number);
    } catch {
      // What it sends is no HTTP.
      client.destroy();
    }
  }

  /** One request and its answer; false if the connection has served its time. */
  async #next(client: Connection, connection: number): Promise<boolean> {
    const head = await readHead(client);
    if (head === undefined) {
      client.destroy();
      return false;
    }
    const { request, kept } = this.#note(head, connection);
    const rule = this.#choose(request);
    const { credentials } = this.#options;
    const exchange: Exchange = {
      ...{ client, head, request, last: false },
      body: countedBody(client, head, request, kept),
      connect: () => this.#connectStore(),
      reached: () => {
        if (rule) rule.counts.reached += 1;
      },
      ...(credentials && { credentials }),
    };
    try {
      await perform(exchange, rule?.rule.action);
    } catch (error) {
      await fail(exchange, error);
    }
    request.endedMs = Date.now();
    this.#options.onEnd?.(request);
    const again = request.end === 'answered' && request.requestWhole && !exchange.last && !client.gone.aborted;
    if (!again) client.close();
    return again;
  }

  #note(head: Head, connection: number): { request: ProxiedRequest; kept: Buffer[] | undefined } {
    const [method, target] = head.firstLine.split(' ') as [string, string];
    this.#seq += 1;
    const request: ProxiedRequest = {
      ...{ seq: this.#seq, connection, method, target },
      ...s3Request(method, target, head.headers),
      headers: withoutSecrets(head.headers),
      startedMs: Date.now(),
      end: 'running',
      ...{ requestBytes: 0, forwardedBytes: 0, answerBytes: 0 },
      requestWhole: requestFraming(head).kind === 'none',
    };
    this.#log.push(request);
    const kept = this.#options.keepBodies ? [] : undefined;
    if (kept) this.#bodies.set(request, kept);
    return { request, kept };
  }

  /** Every rule counts the request; the first that claims it is applied. */
  #choose(request: ProxiedRequest): ArmedRule | undefined {
    const claiming = this.#rules.filter((rule) => rule.claims(request));
    const chosen = claiming[0];
    if (chosen === undefined) return undefined;
    chosen.counts.hit += 1;
    request.rule = chosen.rule.name ?? chosen.rule.action.do;
    return chosen;
  }

  async #connectStore(): Promise<Connection> {
    const { protocol, hostname, port } = new URL(this.#options.upstream);
    const secure = protocol === 'https:';
    const address = { host: hostname, port: Number(port || (secure ? 443 : 80)) };
    const socket = connectTcp(address);
    await once(socket, 'connect');
    if (!secure) return new Connection(socket, socket);
    const stream = connectTls({ socket, rejectUnauthorized: false });
    await once(stream, 'secureConnect');
    return new Connection(stream, socket);
  }
}

/** What ended an exchange too early goes to the log; the client is not left hanging. */
async function fail({ client, request }: Exchange, error: unknown): Promise<void> {
  if (request.end !== 'running') return;
  const gone = error instanceof PeerGone || (error instanceof Error && 'code' in error);
  request.why = error instanceof Error ? error.message : String(error);
  if (client.gone.aborted) request.end = 'client-gone';
  else request.end = gone ? 'store-gone' : 'failed';
  await client.reset(request.status !== undefined);
}

/** @throws Error if that does not happen in time: ten seconds unless told */
export async function whenReached(counts: () => Promise<RuleCounts>, times = 1, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs;
  for (;;) {
    const now = await counts();
    if (now.reached >= times) return;
    if (performance.now() > end)
      throw new Error(`A fault was reached ${now.reached} times of ${times}: ${JSON.stringify(now)}`);
    await delay(2);
  }
}
