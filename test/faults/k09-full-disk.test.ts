import { spawnSync } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import type { BucketStore } from '../../src/objects/bucket-store.ts';
import { diskOperations } from '../../src/objects/directory/file-operations.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import type { UploadName } from '../../src/objects/object-store.ts';
import { until } from '../cli/cli-process.ts';
import { signedByHeader } from '../s3-protocol/sdk-signer.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { exchangeRaw, requestHead } from '../support/gateway/raw-exchange.ts';
import { hostOf } from '../support/gateway/signed-ground.ts';
import { openWatchedGateway, type WatchedGateway } from '../support/gateway/watched-gateway.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// K09: the disk under the store is full, in the middle of a PUT. That one is told, and leaves nothing; all others go on.

const mib = 2 ** 20;
const Bucket = 'bucket';
const signal = new AbortController().signal;
const large = Buffer.from(randomLooking(20 * mib, 'K09'));

/** Sends a PUT of the large content byte by byte, as a client that looks at nothing before it has sent. */
async function putRaw(gateway: WatchedGateway, key: string) {
  const request = await signedByHeader(
    { method: 'PUT', path: `/${Bucket}/${key}`, headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
    {
      atMs: Date.now(),
      accessKeyId: gateway.accessKeyId,
      secret: gateway.secretAccessKey,
      region: gateway.region,
    },
  );
  const headers = [...hostOf(request), ['Content-Length', String(large.length)] as const];
  const port = Number(new URL(gateway.endpoint).port);
  return exchangeRaw(port, [requestHead({ ...request, headers }), large.subarray(0, 14 * mib)]);
}

/** Everything but the PUT that found no room goes on, and of that there is nothing. */
async function expectUnharmed(gateway: WatchedGateway): Promise<void> {
  const { Body } = await gateway.client.send(new GetObjectCommand({ Bucket, Key: 'small' }));
  expect(await Body!.transformToString()).toBe('small');
  const { Contents = [] } = await gateway.client.send(new ListObjectsV2Command({ Bucket }));
  expect(Contents.map(({ Key }) => Key)).toEqual(['small']);
  await until(async () => (await gateway.inUse()) === 0);
}

async function uploadsOf(store: BucketStore): Promise<UploadName[]> {
  const found: UploadName[] = [];
  for await (const upload of store.listUploads(Bucket, signal)) found.push({ ...upload, bucket: Bucket });
  return found;
}

const data = async (folder: string): Promise<string[]> =>
  (await readdir(join(folder, 'data'), { recursive: true })).sort();

it('K09: calls of the disk that fail: the PUT is told 503, and its connection closed', async () => {
  const folder = join(await temporaryDirectory(), 'store');
  let isFull = false;
  let reached = 0;
  const write: typeof diskOperations.write = async (handle, bytes) => {
    if (!isFull) return diskOperations.write(handle, bytes);
    reached++;
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  };
  const store = await openDirectoryStore(folder, { create: true }, { files: { ...diskOperations, write } });
  onTestFinished(() => store.close());
  const opened = await openWatchedGateway({ options: { store } });
  const gateway = { ...opened, store };
  onTestFinished(() => gateway.stop());
  await gateway.client.send(new CreateBucketCommand({ Bucket }));
  await gateway.client.send(new PutObjectCommand({ Bucket, Key: 'small', Body: 'small' }));
  const before = await data(folder);

  isFull = true;
  const { answers, closed } = await putRaw(gateway, 'large');
  expect([answers[0]!.status, closed]).toEqual([503, true]);
  expect(answers[0]!.body.toString()).toContain('<Code>ServiceUnavailable</Code>');
  // What lies where is not for clients to know.
  expect(answers[0]!.body.toString()).not.toContain(folder);
  await expect(
    gateway.client.send(new PutObjectCommand({ Bucket, Key: 'large', Body: large.subarray(0, 100_000) })),
  ).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
  expect(gateway.log()).toContain('disk is full');
  await expectUnharmed(gateway);
  expect([await data(folder), await uploadsOf(store)]).toEqual([before, []]);

  isFull = false;
  await gateway.client.send(new PutObjectCommand({ Bucket, Key: 'large', Body: large }));
  noteFault({ id: 'K09', injected: 'a disk that is full', reached, outcome: '503, closed, nothing is left' });
});

/** A file system that holds so little, if this machine lets us have one. */
async function smallDisk(mebibytes: number): Promise<string | undefined> {
  const path = join(await temporaryDirectory(), 'disk');
  await mkdir(path);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path], { stdio: 'ignore' });
  if (mounted.status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', ['-l', path]));
  return path;
}

it('K09: a disk that is full, really', async ({ skip }) => {
  const disk = await smallDisk(12);
  if (disk === undefined) return skip('no file system can be mounted here');
  const folder = join(disk, 'store');
  const store = await openDirectoryStore(folder, { create: true });
  const opened = await openWatchedGateway({ options: { store } });
  const gateway = { ...opened, store };
  await gateway.client.send(new CreateBucketCommand({ Bucket }));
  await gateway.client.send(new PutObjectCommand({ Bucket, Key: 'small', Body: 'small' }));
  const before = await data(folder);
  await expect(gateway.client.send(new PutObjectCommand({ Bucket, Key: 'large', Body: large }))).rejects.toMatchObject({
    name: 'ServiceUnavailable',
    $metadata: { httpStatusCode: 503 },
  });
  await expectUnharmed(gateway);
  await gateway.stop();
  await store.close();
  // A file whose entry met the full disk is in doubt while the store is open, and where nothing can be entered nothing can
  // be aborted either: that is done when the store was opened again, by the sweep.
  const again = await openDirectoryStore(folder, { create: false });
  for (const upload of await uploadsOf(again)) await again.abortMultipart(upload, signal);
  expect(await data(folder)).toHaveLength(before.length);
  // There is room again.
  await again.put({ bucket: Bucket, key: 'small' }, Buffer.from('smaller'), {}, {}, signal);
  await again.close();
  noteFault({ id: 'K09', injected: 'a file system of 12 MiB', reached: 1, outcome: '503, nothing is left' });
});
