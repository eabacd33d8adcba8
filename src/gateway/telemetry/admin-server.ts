import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SealpartError, throwIfAborted } from '../../errors.ts';
import { untilAborted } from '../../flow/until-aborted.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

/** Whether the gateway can do its work, and what each check says: `ok`, or why not. */
export interface ReadyReport {
  readonly ok: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

export interface AdminServerOptions {
  /** 127.0.0.1 unless said: nobody who asks here says who they are. */
  readonly host?: string;
  /** Port 0 takes a free one. */
  readonly port: number;
  readonly metrics: Pick<GatewayMetrics, 'text' | 'contentType'>;
  ready(signal: AbortSignal): Promise<ReadyReport>;
  /** How long the checks may take. */
  readonly readyLimitMs?: number;
}

export interface AdminServer {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

const plain = 'text/plain; charset=utf-8';

/**
 * Opens the port for those who run the gateway: `/healthz` (the process answers), `/readyz` (so does what it stands on),
 * `/metrics`.
 *
 * @throws SealpartError `io` if the address cannot be listened on
 */
export async function openAdminServer(options: AdminServerOptions, signal: AbortSignal): Promise<AdminServer> {
  throwIfAborted(signal);
  const { host = '127.0.0.1', port } = options;
  const pages = new AdminPages(options);
  const server = createServer({ requestTimeout: 10_000, maxHeaderSize: 8192 }, (request, response) => {
    void pages.answer(request, response);
  });
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `Cannot listen on ${host}:${port} for the admin pages: ${cause.message}: give them another address, or none.`;
      reject(new SealpartError('io', message, { cause }));
    });
    server.listen({ host, port }, resolve);
  });
  const bound = server.address() as AddressInfo;
  return { address: { host: bound.address, port: bound.port }, close: () => closeServer(server) };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

class AdminPages {
  readonly #options: AdminServerOptions;
  /** Checks that are under way: whoever asks meanwhile gets their result. */
  #checking: Promise<Page> | undefined;

  constructor(options: AdminServerOptions) {
    this.#options = options;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const page = await this.#page(request).catch(() => ({ status: 500, type: plain, text: 'failed\n' }));
    response.writeHead(page.status, {
      'Content-Type': page.type,
      'Content-Length': Buffer.byteLength(page.text),
      'Cache-Control': 'no-store',
    });
    response.end(page.text);
  }

  async #page({ method, url }: IncomingMessage): Promise<Page> {
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, type: plain, text: 'GET\n' };
    switch (url?.split('?', 1)[0]) {
      case '/healthz':
        return { status: 200, type: plain, text: 'ok\n' };
      case '/readyz':
        this.#checking ??= this.#readyPage().finally(() => {
          this.#checking = undefined;
        });
        return this.#checking;
      case '/metrics':
        return { status: 200, type: this.#options.metrics.contentType, text: await this.#options.metrics.text() };
      default:
        return { status: 404, type: plain, text: '/healthz /readyz /metrics\n' };
    }
  }

  async #readyPage(): Promise<Page> {
    const report = await this.#ready();
    const status = report.ok ? 200 : 503;
    return { status, type: 'application/json', text: `${JSON.stringify(report)}\n` };
  }

  async #ready(): Promise<ReadyReport> {
    const { readyLimitMs = 5000 } = this.#options;
    const signal = AbortSignal.timeout(readyLimitMs);
    try {
      return await untilAborted(this.#options.ready(signal), signal);
    } catch (error) {
      if (signal.aborted) return { ok: false, checks: { time: `no answer within ${readyLimitMs} ms` } };
      // What is no error of ours may say anything.
      const why = error instanceof SealpartError ? error.message : 'the check itself failed';
      return { ok: false, checks: { ready: why } };
    }
  }
}
