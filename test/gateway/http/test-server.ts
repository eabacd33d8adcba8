import { onTestFinished } from 'vitest';
import type { GatewayAnswer, StreamedBody } from '../../../src/gateway/http/gateway-answer.ts';
import type { GatewayRequest } from '../../../src/gateway/http/gateway-request.ts';
import type { AccessNote } from '../../../src/gateway/http/http-ground.ts';
import type { HttpLimits } from '../../../src/gateway/http/http-limits.ts';
import type { HttpServer } from '../../../src/gateway/http/http-server.ts';
import { openHttpServer } from '../../../src/gateway/http/open-http-server.ts';
import { errorDocument } from '../../../src/s3-protocol/errors/error-document.ts';
import { toS3Error } from '../../../src/s3-protocol/errors/to-s3-error.ts';

export type Handle = (request: GatewayRequest, signal: AbortSignal) => Promise<GatewayAnswer>;

export interface TestServer {
  readonly server: HttpServer;
  readonly port: number;
  /** What was handled, in order. */
  readonly handled: GatewayRequest[];
  /** What the handler was asked to refuse. */
  readonly refused: unknown[];
  readonly notes: AccessNote[];
  readonly faults: unknown[];
  /** Resolves when so many requests are over. */
  over(count: number): Promise<void>;
}

export interface TestServerOptions {
  readonly limits?: Partial<HttpLimits>;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A server whose handler is one function, and which is closed with the test. */
export async function testServer(handle: Handle, options: TestServerOptions = {}): Promise<TestServer> {
  const handled: GatewayRequest[] = [];
  const refused: unknown[] = [];
  const notes: AccessNote[] = [];
  const faults: unknown[] = [];
  const server = await openHttpServer(
    {
      ...options,
      handler: {
        handle: (request, signal) => {
          handled.push(request);
          return handle(request, signal);
        },
        refuse: (error, request) => {
          refused.push(error);
          const told = toS3Error(error);
          const ids = request ?? { requestId: '', hostId: '' };
          const body = Buffer.from(errorDocument(told, ids));
          return { status: told.status, headers: [['Content-Type', 'application/xml']], body };
        },
      },
      listen: { host: '127.0.0.1', port: 0 },
      onAccess: (note) => notes.push(note),
      onFault: (error) => faults.push(error),
    },
    AbortSignal.timeout(10_000),
  );
  onTestFinished(() => server.close(0));
  const over = async (count: number): Promise<void> => {
    await until(() => notes.length >= count, `${count} requests to be over`);
  };
  return { server, port: server.address.port, handled, refused, notes, faults, over };
}

/** Looks again and again until something is so. */
export async function until(isSo: () => boolean, what: string, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Reads a body to its end. */
export async function readBody({ body }: GatewayRequest, signal: AbortSignal): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let bytes = await body.next(signal); bytes !== undefined; bytes = await body.next(signal)) chunks.push(bytes);
  return Buffer.concat(chunks);
}

export const ok: GatewayAnswer = { status: 200, headers: [], body: Buffer.from('ok') };

/** Answers with what the body was. */
export const echo: Handle = async (request, signal) => ({
  status: 200,
  headers: [],
  body: await readBody(request, signal),
});

export interface CountedBody extends StreamedBody {
  readonly closed: () => number;
}

/** A streamed body that counts how often it is closed. */
export function streamed(lengthBytes: number, send: StreamedBody['send']): CountedBody {
  let closed = 0;
  return {
    lengthBytes,
    send,
    close: async () => {
      closed++;
    },
    closed: () => closed,
  };
}
