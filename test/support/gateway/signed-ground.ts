import { createHash } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { AccessKey } from '../../../src/gateway/access/access-key.ts';
import { AccessKeys } from '../../../src/gateway/access/access-keys.ts';
import { everything } from '../../../src/gateway/access/parse-access-keys.ts';
import type { HeaderField, RawRequest } from '../../../src/s3-protocol/signature/raw-request.ts';
import { deriveSigningKey } from '../../../src/s3-protocol/signature/signing-key.ts';
import { accessKeyId, region, secretAccessKey, signedByHeader } from '../../s3-protocol/sdk-signer.ts';
import { openTestGateway, type TestGateway } from './open-test-gateway.ts';
import { type ExchangeOptions, exchangeRaw, type RawAnswer, type RawExchange, requestBytes } from './raw-exchange.ts';

/** A gateway that knows the access key which the signers sign with, and a store whose every call is noted. */
export interface SignedGround {
  readonly port: number;
  readonly gateway: TestGateway;
  readonly client: S3Client;
  /** Names of the store's methods that were called, but those by which the gateway looks after itself. */
  calls(): readonly string[];
  forgetCalls(): void;
  send(bytes: Uint8Array, options?: ExchangeOptions): Promise<RawExchange>;
  stop(): Promise<void>;
}

const quiet = new AbortController().signal;

/** What every request here is about. */
export const signedBucket = 'bucket';

export async function openSignedGround(clock?: () => number): Promise<SignedGround> {
  let calls: string[] = [];
  // Made by hand: the key of AWS's examples is one that no configuration may name.
  const keys = [new AccessKey(accessKeyId, secretAccessKey, everything)];
  const gateway = await openTestGateway({
    options: { accessKeys: new AccessKeys({ keys, anonymous: [] }), region, ...(clock && { clock }) },
    wrap: (store) =>
      new Proxy(store, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]): unknown => {
            calls.push(String(name));
            return value.apply(target, args);
          };
        },
      }),
  });
  await gateway.store.createBucket(signedBucket, quiet);
  calls = [];
  const port = Number(new URL(gateway.gateway.url).port);
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({
    endpoint: gateway.gateway.url,
    region,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
  });
  return {
    port,
    gateway,
    client,
    calls: () => calls,
    forgetCalls: () => {
      calls = [];
    },
    send: (bytes, options) => exchangeRaw(port, [bytes], options),
    stop: async () => {
      client.destroy();
      await gateway.stop();
    },
  };
}

/** A request that the gateway would carry out if it were ever read as one: it puts an object. */
export async function smuggledRequest(): Promise<Buffer> {
  const content = Buffer.from('smuggled');
  const request = await signedByHeader(
    {
      method: 'PUT',
      path: `/${signedBucket}/smuggled`,
      headers: { 'x-amz-content-sha256': createHash('sha256').update(content).digest('hex') },
    },
    { atMs: Date.now() },
  );
  return requestBytes({ ...request, headers: hostOf(request) }, content);
}

/** The host must stand in what goes over the wire; signers do not always give it back. */
export function hostOf(request: RawRequest): readonly HeaderField[] {
  const has = request.headers.some(([name]) => name.toLowerCase() === 'host');
  return has ? request.headers : [['Host', 'localhost:9440'], ...request.headers];
}

/** What no answer and no log may say: the secret, and what is made of it on the way to a signature. */
export function secretsAt(atMs: number): readonly string[] {
  const date = new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '');
  const signingKey = deriveSigningKey(secretAccessKey, { date, region }).export();
  return [secretAccessKey, secretAccessKey.slice(8), signingKey.toString('hex'), signingKey.toString('base64')];
}

/** `403 AccessDenied` */
export function saidBy({ status, body }: RawAnswer): string {
  const code = /<Code>([^<]*)<\/Code>/.exec(body.toString('utf8'))?.[1];
  return code === undefined ? String(status) : `${status} ${code}`;
}

/** Nothing of this program's insides: no secret, no stack, no path, no name of what it is made of. */
export function expectSilent(answer: RawAnswer, secrets: readonly string[]): void {
  const text = [...answer.headers.map((field) => field.join(': ')), answer.body.toString('latin1')].join('\n');
  for (const secret of secrets) expect(text.includes(secret), 'a secret is told').toBe(false);
  expect(text).not.toMatch(/\bat .*\.[jt]s:\d+|node:internal|node_modules|\/src\/|x-powered-by|nodejs|express/i);
}

/**
 * Sends a request that must be refused, with a whole further request in its body, and checks that it is answered once,
 * that the store was asked for nothing, and that what is in the body was never read as a request.
 *
 * @returns what it was refused with
 */
export async function refusedAtTheGateway(
  ground: SignedGround,
  request: RawRequest,
  { body, secrets = [] }: { readonly body?: Uint8Array; readonly secrets?: readonly string[] } = {},
): Promise<string> {
  const content = body ?? (await smuggledRequest());
  ground.forgetCalls();
  const headers = hostOf(request);
  const exchange = await ground.send(requestBytes({ ...request, headers }, content), {
    head: request.method === 'HEAD',
  });
  expect(exchange.answers.length, 'answers').toBe(1);
  expect(exchange.rest.length).toBe(0);
  const answer = exchange.answers[0]!;
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expectSilent(answer, [...secretsAt(Date.now()), ...secrets]);
  expect(ground.calls(), 'calls of the store').toEqual([]);
  return saidBy(answer);
}

/** The keys that the bucket holds, and the multipart uploads that were left there. */
export async function storedNames({ gateway: { store } }: SignedGround): Promise<readonly string[]> {
  const { objects } = await store.list({ bucket: signedBucket }, quiet);
  const names = objects.map(({ key }) => key);
  for await (const upload of store.listUploads(signedBucket, quiet)) names.push(`upload of ${upload.key}`);
  return names;
}
