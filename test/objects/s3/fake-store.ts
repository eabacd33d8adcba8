import { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { BucketStore } from '../../../src/objects/bucket-store.ts';
import type { S3RequestHandler } from '../../../src/objects/s3/http/request-handler.ts';
import type { SdkRequest } from '../../../src/objects/s3/http/sdk-request.ts';
import { toWireBody } from '../../../src/objects/s3/http/wire-body.ts';
import { openS3Store, type S3StoreInternals, type S3StoreOptions } from '../../../src/objects/s3/open-s3-store.ts';

/** What a store answers; 200 without a body unless told. */
export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | Readable;
}

/** A request as it was sent. */
export interface SentRequest {
  readonly method: string;
  readonly hostname: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface FakeHandler extends S3RequestHandler {
  readonly sent: readonly SentRequest[];
  readonly destroyed: () => boolean;
}

/** Stands in the place of the network: gives each request, with its number from 0, the answer that a test makes. */
export function fakeHandler(
  answer: (request: SentRequest, index: number, signal: AbortSignal | undefined) => FakeAnswer | Promise<FakeAnswer>,
): FakeHandler {
  const sent: SentRequest[] = [];
  let isDestroyed = false;
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    sent,
    destroyed: () => isDestroyed,
    async handle(request: SdkRequest, { abortSignal }: { abortSignal?: unknown } = {}) {
      const one: SentRequest = {
        method: request.method,
        hostname: request.hostname,
        path: request.path,
        query: Object.fromEntries(Object.entries(request.query ?? {}).map(([name, value]) => [name, `${value ?? ''}`])),
        headers: Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
        ),
        body: Buffer.concat(toWireBody(request.body).pieces),
      };
      sent.push(one);
      const signal = abortSignal instanceof AbortSignal ? abortSignal : undefined;
      const { status = 200, headers = {}, body = '' } = await answer(one, sent.length - 1, signal);
      const stream = body instanceof Readable ? body : Readable.from([Buffer.from(body)], { objectMode: false });
      return { response: { statusCode: status, headers: { ...headers }, body: stream } };
    },
    destroy() {
      isDestroyed = true;
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}

/** S3's document for an error. */
export function errorAnswer(status: number, code: string, message = '', extra = ''): FakeAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message>${extra}<RequestId>R1</RequestId></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

export function xmlAnswer(body: string): FakeAnswer {
  return { headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0" encoding="UTF-8"?>${body}` };
}

export const testCredentials = { accessKeyId: 'test', secretAccessKey: 'testtest' } as const;
/** Retries that take no time worth speaking of. */
export const quickBackoff = { baseMs: 1, capMs: 4 } as const;

/** Opens a store on a fake network; it is closed when the test ends. */
export async function openFakeStore(
  requestHandler: S3RequestHandler,
  options: S3StoreOptions = {},
  internals: Partial<S3StoreInternals> = {},
): Promise<BucketStore> {
  const store = await openS3Store(
    {
      endpointUrl: 'http://127.0.0.1:9',
      region: 'us-east-1',
      credentials: testCredentials,
      backoff: quickBackoff,
      ...options,
    },
    undefined,
    { requestHandler, ...internals },
  );
  onTestFinished(() => store.close());
  return store;
}
