import type { Readable } from 'node:stream';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import type { BucketStore } from '../../src/objects/bucket-store.ts';
import { until } from '../cli/cli-process.ts';
import { signedByHeader } from '../s3-protocol/sdk-signer.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { exchangeRaw, type RawExchange, requestHead } from '../support/gateway/raw-exchange.ts';
import { hostOf } from '../support/gateway/signed-ground.ts';
import { openWatchedGateway, type WatchedGateway } from '../support/gateway/watched-gateway.ts';

// H14: all of the memory is in use, by those who send or by those who read. Others are told to come back, before they
// send anything, and nobody is forgotten.

const mib = 2 ** 20;
const Bucket = 'bucket';
/** One segment, which fills more than half of the memory that content comes in through. */
const content = Buffer.from(randomLooking(7 * mib, 'H14'));

/** A store that takes objects only once it is let. */
function gated(): { wrap(store: BucketStore): BucketStore; open(): void; held(): number } {
  const gate = Promise.withResolvers<void>();
  let held = 0;
  return {
    held: () => held,
    open: () => gate.resolve(),
    wrap: (store) =>
      new Proxy(store, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (typeof value !== 'function') return value;
          if (name !== 'put') return value.bind(target);
          return async (...args: unknown[]): Promise<unknown> => {
            held++;
            await gate.promise;
            return value.apply(target, args);
          };
        },
      }),
  };
}

async function opened(intake: { waitLimitMs?: number; maxWaiting?: number }) {
  const gate = gated();
  const gateway = await openWatchedGateway({
    wrap: gate.wrap,
    internals: { intake },
    options: { memoryBytes: 32 * mib },
  });
  onTestFinished(() => gateway.stop());
  await gateway.client.send(new CreateBucketCommand({ Bucket }));
  const put = (Key: string) => gateway.client.send(new PutObjectCommand({ Bucket, Key, Body: content }));
  return { gate, gateway, put };
}

/** A PUT that waits to be told to go on, and is not meant to be. */
async function putExpecting(gateway: WatchedGateway, Key: string): Promise<RawExchange> {
  const signed = await signedByHeader(
    { method: 'PUT', path: `/${Bucket}/${Key}`, headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
    { atMs: Date.now(), accessKeyId: gateway.accessKeyId, secret: gateway.secretAccessKey, region: gateway.region },
  );
  const headers = [
    ...hostOf(signed),
    ['Content-Length', String(content.length)] as const,
    ['Expect', '100-continue'] as const,
  ];
  const port = Number(new URL(gateway.endpoint).port);
  return exchangeRaw(port, [requestHead({ ...signed, headers })], { limitMs: 300 });
}

it('H14: nobody is invited to send what there is no room for', async () => {
  const { gate, gateway, put } = await opened({ maxWaiting: 1 });
  const first = put('first');
  await until(() => gate.held() === 1);
  const second = put('second');
  let refused: RawExchange | undefined;
  // Until the second one waits for memory, others are invited.
  await until(async () => {
    refused = await putExpecting(gateway, 'third').catch(() => undefined);
    return refused !== undefined;
  });
  const [answer] = refused!.answers;
  expect([answer!.status, refused!.closed]).toEqual([503, true]);
  expect(answer!.body.toString()).toContain('<Code>SlowDown</Code>');
  expect(new Map(answer!.headers).get('Retry-After')).toMatch(/^\d+$/);
  // Nothing came before it: no invitation.
  expect(refused!.answers.length).toBe(1);

  gate.open();
  await Promise.all([first, second]);
  await put('third');
  await until(async () => (await gateway.inUse()) === 0);
  noteFault({
    id: 'H14',
    injected: 'memory that is full of PUTs',
    reached: 1,
    outcome: 'SlowDown, and then all three',
  });
});

it('H14: who has waited long enough is told to come back', async () => {
  const { gate, gateway, put } = await opened({ waitLimitMs: 250 });
  const first = put('first');
  await until(() => gate.held() === 1);
  await expect(put('second')).rejects.toMatchObject({ name: 'SlowDown', $metadata: { httpStatusCode: 503 } });
  // Little content needs none of that memory.
  const small = gateway.client.send(new PutObjectCommand({ Bucket, Key: 'small', Body: 'small' }));
  gate.open();
  await Promise.all([first, small]);
  await put('second');
  await until(async () => (await gateway.inUse()) === 0);
  noteFault({ id: 'H14', injected: 'a wait for memory that is too long', reached: 1, outcome: 'SlowDown' });
});

it('H14: more readers than there is memory for', async () => {
  const idleTimeoutMs = 1500;
  const gateway = await openWatchedGateway({ options: { memoryBytes: 32 * mib, idleTimeoutMs } });
  onTestFinished(() => gateway.stop());
  await gateway.client.send(new CreateBucketCommand({ Bucket }));
  await gateway.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: content }));
  const { endpoint, region, accessKeyId, secretAccessKey } = gateway;
  const client = new S3Client({
    ...{ endpoint, region, forcePathStyle: true, maxAttempts: 1 },
    credentials: { accessKeyId, secretAccessKey },
    requestHandler: { httpAgent: { maxSockets: 200 } },
  });
  onTestFinished(() => client.destroy());
  const get = async (): Promise<Readable> =>
    (await client.send(new GetObjectCommand({ Bucket, Key: 'k' }))).Body as Readable;
  // None of them reads, so that what is decrypted for them stays where it is.
  const stalled: Readable[] = [];
  const refusals: unknown[] = [];
  const asked = Array.from({ length: 70 }, () =>
    get().then(
      (body) => void stalled.push(body.on('error', () => undefined)),
      (error: unknown) => void refusals.push(error),
    ),
  );
  await until(() => refusals.length > 0);
  expect(refusals[0]).toMatchObject({ name: 'SlowDown', $metadata: { httpStatusCode: 503 } });
  expect((refusals[0] as { $response: { headers: unknown } }).$response.headers).toMatchObject({ 'retry-after': '1' });
  const slowDowns = refusals.length;

  // Those who take nothing are given up in time, and the place is another's, who gets all of it.
  await until(async () => (await gateway.metric('sealpart_http_events_total{event="readersTimedOut"}')) > 0);
  await Promise.all(asked);
  for (const body of stalled) body.destroy();
  let next: Readable | undefined;
  await until(async () => {
    next = await get().catch(() => undefined);
    return next !== undefined;
  });
  const pieces: Buffer[] = [];
  for await (const piece of next!) pieces.push(piece as Buffer);
  expect(Buffer.concat(pieces).equals(content)).toBe(true);
  await until(async () => (await gateway.inUse()) === 0);
  noteFault({
    id: 'H14',
    injected: 'memory that is full of readers',
    reached: slowDowns,
    outcome: 'SlowDown, and then a place',
  });
});
