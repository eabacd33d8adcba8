import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { noteFault } from '../support/fault-log.ts';
import { startFaultProxy } from '../support/fault-proxy/fault-proxy.ts';
import { openNeighbour } from '../support/gateway/neighbour.ts';
import { openWatchedGateway, type WatchedGateway } from '../support/gateway/watched-gateway.ts';
import { serverAvailable, startServer } from '../support/servers/start-server.ts';

// H19: what a gateway stands on is gone. Its health page says so, with the name of what is missing, and it lives on.

interface Health {
  readonly alive: number;
  readonly ready: number;
  readonly checks: Readonly<Record<string, string>>;
}

async function healthOf({ gateway: { adminUrl } }: WatchedGateway): Promise<Health> {
  const [alive, ready] = await Promise.all([fetch(`${adminUrl}/healthz`), fetch(`${adminUrl}/readyz`)]);
  const { checks } = (await ready.json()) as { checks: Record<string, string> };
  return { alive: alive.status, ready: ready.status, checks };
}

const fine = { alive: 200, ready: 200, checks: { store: 'ok', manifest: 'ok' } };

it.skipIf(!serverAvailable('versitygw'))('H19: the store is away, and comes back', async () => {
  await using server = await startServer('versitygw');
  await using proxy = await startFaultProxy({ upstream: server.endpoint });
  const gateway = await openWatchedGateway({ behind: { ...server, endpoint: proxy.endpoint } });
  onTestFinished(() => gateway.stop());
  await gateway.client.send(new CreateBucketCommand({ Bucket: 'bucket' }));
  expect(await healthOf(gateway)).toEqual(fine);

  await proxy.refuse(true);
  const health = await healthOf(gateway);
  expect(health).toMatchObject({ alive: 200, ready: 503, checks: { manifest: 'ok' } });
  expect(health.checks.store).not.toBe('ok');
  const put = gateway.client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body: 'content' }));
  await expect(put).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
  expect(await gateway.metric('sealpart_backend_errors_total{kind="store"}')).toBeGreaterThan(0);

  await proxy.refuse(false);
  expect(await healthOf(gateway)).toEqual(fine);
  await gateway.client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body: 'content' }));
  noteFault({ id: 'H19', injected: 'a store that is away', reached: 1, outcome: '/readyz 503 says store, then 200' });
});

it('H19: the manifest is damaged while the gateway runs', async () => {
  const first = await openWatchedGateway();
  onTestFinished(() => first.stop());
  const [Bucket, signal] = ['bucket', new AbortController().signal];
  const large = Buffer.alloc(9 * 2 ** 20, 'large');
  await first.client.send(new CreateBucketCommand({ Bucket }));
  await first.client.send(new PutObjectCommand({ Bucket, Key: 'small', Body: 'content' }));
  await first.client.send(new PutObjectCommand({ Bucket, Key: 'large', Body: large }));
  // One that remembers no records.
  const gateway = await openNeighbour(first);
  onTestFinished(() => gateway.stop());
  expect(await healthOf(gateway)).toEqual(fine);
  for (const suffix of ['', '-wal', '-shm']) {
    const file = await open(join(gateway.folder, `manifest.db${suffix}`), 'r+');
    const { size } = await file.stat();
    await file.write(Buffer.alloc(size, 0xa5), 0, size, 0);
    await file.close();
  }
  const health = await healthOf(gateway);
  expect(health).toMatchObject({ alive: 200, ready: 503, checks: { store: 'ok' } });
  expect(health.checks.manifest).not.toBe('ok');

  // What needs no manifest goes on; of the rest nothing is told that would be otherwise when it is back, as ETags are.
  const get = (Key: string) => gateway.client.send(new GetObjectCommand({ Bucket, Key }));
  expect(await (await get('small')).Body!.transformToString()).toBe('content');
  await gateway.client.send(new PutObjectCommand({ Bucket, Key: 'another', Body: 'content' }));
  const unavailable = { $metadata: { httpStatusCode: 503 } };
  await expect(get('large')).rejects.toMatchObject(unavailable);
  await expect(gateway.client.send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject(unavailable);
  const put = gateway.client.send(new PutObjectCommand({ Bucket, Key: 'refused', Body: large }));
  await expect(put).rejects.toMatchObject(unavailable);
  const keys = (await gateway.store.list({ bucket: Bucket }, signal)).objects.map(({ key }) => key);
  expect(keys).toEqual(['another', 'large', 'small']);
  for await (const upload of gateway.store.listUploads(Bucket, signal)) throw new Error(`${upload.key} is left`);
  noteFault({ id: 'H19', injected: 'a manifest that is damaged', reached: 1, outcome: '/readyz 503 says manifest' });
});
