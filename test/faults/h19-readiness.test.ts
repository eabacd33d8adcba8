import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { noteFault } from '../support/fault-log.ts';
import { startFaultProxy } from '../support/fault-proxy/fault-proxy.ts';
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
  const gateway = await openWatchedGateway();
  onTestFinished(() => gateway.stop());
  await gateway.client.send(new CreateBucketCommand({ Bucket: 'bucket' }));
  await gateway.client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body: 'content' }));
  for (const suffix of ['', '-wal', '-shm']) {
    const file = await open(join(gateway.folder, `manifest.db${suffix}`), 'r+');
    const { size } = await file.stat();
    await file.write(Buffer.alloc(size, 0xa5), 0, size, 0);
    await file.close();
  }
  const health = await healthOf(gateway);
  expect(health).toMatchObject({ alive: 200, ready: 503, checks: { store: 'ok' } });
  expect(health.checks.manifest).not.toBe('ok');
  const { Body } = await gateway.client.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'k' }));
  expect(await Body!.transformToString()).toBe('content');
  noteFault({ id: 'H19', injected: 'a manifest that is damaged', reached: 1, outcome: '/readyz 503 says manifest' });
});
