import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, onTestFinished } from 'vitest';
import { type FaultProxy, type FaultProxyOptions, type RuleHandle, startFaultProxy } from './fault-proxy.ts';
import type { FaultAction, FaultRule } from './fault-rule.ts';
import type { ProxiedRequest } from './proxied-request.ts';

/** What the store was asked, as far as it was read. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  body: Buffer;
  whole: boolean;
}

/** Every request that reached the store since the test began. */
export const asked: Asked[] = [];
/** What it answers to GET. */
export const answerBody: Buffer = Buffer.alloc(200_000, 'answer ');
/** A body to send. */
export const part: Buffer = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));

// The store: reads everything, answers PUT with an ETag, POST in chunks, anything else with a long body.
const store = createServer(async (request, response) => {
  const { method, url, headers } = request;
  const entry: Asked = { method: method!, url: url!, headers, body: Buffer.alloc(0), whole: false };
  asked.push(entry);
  try {
    for await (const chunk of request) entry.body = Buffer.concat([entry.body, chunk as Buffer]);
    entry.whole = true;
  } catch {
    return;
  }
  if (method === 'PUT') response.writeHead(200, { etag: '"etag"', 'content-length': 0 }).end();
  else if (method === 'POST') response.writeHead(200, { 'x-kind': 'chunks' }).end('<Done>it</Done>');
  else response.writeHead(200, { 'content-length': answerBody.length }).end(method === 'HEAD' ? undefined : answerBody);
});

/** Lets the store run while the tests of a file do, with nothing asked at the start of each. */
export function useRecordingStore(): void {
  beforeAll(async () => {
    store.listen(0, '127.0.0.1');
    await once(store, 'listening');
  });
  afterAll(() => {
    store.close();
    store.closeAllConnections();
  });
  beforeEach(() => {
    asked.length = 0;
  });
}

export function storeAddress(): string {
  return `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Sent {
  readonly method?: string;
  readonly body?: Buffer;
  readonly headers?: Record<string, string>;
}

/** Sends a request as a client without any cleverness does; what of the answer came before it broke is in the error. */
export async function send(url: string, { method = 'GET', body, headers = {} }: Sent = {}): Promise<Received> {
  const request = httpRequest(url, { method, headers, agent: false });
  const failed = new Promise<never>((_, reject) => {
    request.on('error', reject);
  });
  failed.catch(() => undefined);
  if (headers.expect === undefined) request.end(body);
  else {
    request.once('continue', () => request.end(body));
    request.flushHeaders();
  }
  const [response] = (await Promise.race([once(request, 'response'), failed])) as [IncomingMessage];
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    throw Object.assign(error as Error, { received: Buffer.concat(chunks).length });
  }
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) };
}

/** A proxy that ends with the test, before that store unless told. */
export async function proxied(options: Partial<FaultProxyOptions> = {}): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ ...options, upstream: options.upstream ?? storeAddress() });
  onTestFinished(() => proxy.stop());
  return proxy;
}

/** A proxy with one rule, requests through it, and what became of them. */
export interface Faulty {
  readonly proxy: FaultProxy;
  readonly handle: RuleHandle;
  put(sent?: Sent): Promise<Received>;
  get(): Promise<Received>;
  complete(): Promise<Received>;
  reached(): Promise<number>;
  /** What the log says of the last request. */
  last(): Promise<ProxiedRequest>;
}

export async function withFault(action: FaultAction, rule: Omit<FaultRule, 'action'> = {}): Promise<Faulty> {
  const proxy = await proxied({ keepBodies: true });
  const handle = await proxy.addRule({ ...rule, action });
  return {
    proxy,
    handle,
    put: (sent: Sent = {}) =>
      send(`${proxy.endpoint}/b/k?partNumber=1&uploadId=u`, { method: 'PUT', body: part, ...sent }),
    get: () => send(`${proxy.endpoint}/b/k`),
    complete: () => send(`${proxy.endpoint}/b/k?uploadId=u`, { method: 'POST', body: Buffer.from('<list/>') }),
    reached: async () => (await handle.counts()).reached,
    last: async () => (await proxy.log()).at(-1)!,
  };
}
