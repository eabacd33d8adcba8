import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseKeyFile } from '../../src/keys/key-text.ts';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import type { BucketStore } from '../../src/objects/bucket-store.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import { openS3Store } from '../../src/objects/s3/open-s3-store.ts';
import { until } from '../cli/cli-process.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { openNeighbour } from '../support/gateway/neighbour.ts';
import { beginPut, type PacedPut } from '../support/gateway/paced-put.ts';
import { type Behind, type RunningGateway, startGateway } from '../support/gateway/start-gateway.ts';
import { plainClient } from '../support/servers/s3-client.ts';
import { serverAvailable } from '../support/servers/start-server.ts';

// H13: a gateway process with many requests under way is told to end, told again, or killed. What it has begun it ends,
// as long as it may; what it could not end is never seen as an object.

const mib = 2 ** 20;
const Bucket = 'bucket';
const content = Buffer.from(randomLooking(12 * mib, 'H13'));
const quiet = new AbortController().signal;

interface Busy {
  readonly gateway: RunningGateway;
  readonly client: S3Client;
  readonly puts: readonly PacedPut[];
  /** What becomes of each GET, once it is let go on. */
  readonly gets: readonly (() => Promise<'whole' | 'broken'>)[];
}

/** A gateway in the middle of so many PUTs and GETs. */
async function busy(over: Behind, count: number, flags: readonly string[] = []): Promise<Busy> {
  const gateway = await startGateway({ over, flags: ['--memory', '512MiB', ...flags] });
  onTestFinished(() => gateway.stop());
  const client = plainClient({ ...gateway, endpoint: gateway.url });
  onTestFinished(() => client.destroy());
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'stored', Body: content }));
  const numbers = Array.from({ length: count }, (_, at) => at);
  // All of them together find room: none waits for what another holds, who goes on only when this test lets him.
  const puts = await Promise.all(numbers.map((at) => beginPut(gateway, `/${Bucket}/put/${at}`, content)));
  // Beyond the first segment, so that there is an upload.
  await Promise.all(puts.map((put) => put.send(10 * mib)));
  const gets = await Promise.all(numbers.map(() => beginGet(client)));
  return { gateway, client, puts, gets };
}

async function beginGet(client: S3Client): Promise<() => Promise<'whole' | 'broken'>> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'stored' }));
  return async () => {
    try {
      const received = Buffer.from(await Body!.transformToByteArray());
      return received.equals(content) ? 'whole' : 'broken';
    } catch {
      return 'broken';
    }
  };
}

describe('H13: SIGTERM', () => {
  it('lets everything end that has begun, and takes nothing new', async () => {
    const { gateway, puts, gets } = await busy('dir', 12);
    gateway.signal('SIGTERM');
    await until(() => gateway.output().includes('stopping at SIGTERM'));
    const late = await beginPut(gateway, `/${Bucket}/late`, content);
    late.finish();
    expect(await late.answered).toBeUndefined();
    expect(gateway.running()).toBe(true);
    for (const put of puts) put.finish();
    expect(await Promise.all(gets.map((get) => get()))).toEqual(gets.map(() => 'whole'));
    expect(await Promise.all(puts.map(({ answered }) => answered))).toEqual(puts.map(() => '200'));
    await until(() => !gateway.running());
    const store = await openDirectoryStore(join(gateway.folder, 'objects'), { create: false });
    const { objects } = await store.list({ bucket: Bucket }, quiet);
    await store.close();
    expect(objects.map(({ key }) => key)).toEqual(
      [...puts.keys()]
        .map((at) => `put/${at}`)
        .sort()
        .concat('stored'),
    );
    noteFault({ id: 'H13', injected: 'SIGTERM to a process', reached: puts.length * 2, outcome: 'all end well' });
  });

  it('ends what takes longer than it may, and leaves nothing of it', async () => {
    const { gateway, puts, gets } = await busy('dir', 10, ['--stop-timeout', '500ms']);
    gateway.signal('SIGTERM');
    await until(() => !gateway.running());
    expect(await Promise.all(puts.map(({ answered }) => answered))).toEqual(puts.map(() => undefined));
    expect(await Promise.all(gets.map((get) => get()))).toContain('broken');
    const store = await openDirectoryStore(join(gateway.folder, 'objects'), { create: false });
    onTestFinished(() => store.close());
    expect((await store.list({ bucket: Bucket }, quiet)).objects.map(({ key }) => key)).toEqual(['stored']);
    expect(await uploadsOf(store)).toEqual([]);
    noteFault({
      id: 'H13',
      injected: 'requests beyond the deadline',
      reached: puts.length,
      outcome: 'no upload is left',
    });
  });

  it('twice ends at once', async () => {
    const { gateway, puts } = await busy('dir', 5);
    gateway.signal('SIGTERM');
    await until(() => gateway.output().includes('stopping at SIGTERM'));
    const begunMs = performance.now();
    gateway.signal('SIGTERM');
    await until(() => !gateway.running());
    expect(performance.now() - begunMs).toBeLessThan(5000);
    expect(await Promise.all(puts.map(({ answered }) => answered))).toEqual(puts.map(() => undefined));
    noteFault({ id: 'H13', injected: 'a second SIGTERM', reached: puts.length, outcome: 'ends at once' });
  });
});

async function uploadsOf(store: BucketStore): Promise<string[]> {
  const uploads: string[] = [];
  for await (const { key } of store.listUploads(Bucket, quiet)) uploads.push(key);
  return uploads;
}

async function openStore({ folder, behind }: RunningGateway): Promise<BucketStore> {
  if (behind === undefined) return openDirectoryStore(join(folder, 'objects'), { create: false });
  const { endpoint, region, accessKeyId, secretAccessKey } = behind;
  return openS3Store({ endpointUrl: endpoint, region, credentials: { accessKeyId, secretAccessKey } });
}

describe('H13: SIGKILL', () => {
  it.each(['dir', 'versitygw'] as const)('in the middle of PUTs: the next start clears up, over %s', async (over) => {
    if (over === 'versitygw' && !serverAvailable(over)) return;
    const { gateway, puts } = await busy(over, 8);
    const store = await openStore(gateway);
    onTestFinished(() => store.close());
    await until(async () => (await uploadsOf(store)).length === puts.length);
    gateway.signal('SIGKILL');
    await until(() => !gateway.running());
    expect(await Promise.all(puts.map(({ answered }) => answered))).toEqual(puts.map(() => undefined));
    const keys = async () => (await store.list({ bucket: Bucket }, quiet)).objects.map(({ key }) => key);
    expect(await keys()).toEqual(['stored']);
    const left = (await uploadsOf(store)).length;

    const key = parseKeyFile(await readFile(join(gateway.folder, 'key')), 'the key').export();
    // One that looks two minutes later: what is younger than one may be somebody's who is only just beginning.
    const clock = (): number => Date.now() + 120_000;
    const again = await openNeighbour({ store, folder: gateway.folder, key }, { options: { clock } });
    onTestFinished(() => again.stop());
    const rows = async (): Promise<string[]> => {
      const manifest = await openSqliteManifest(join(gateway.folder, 'manifest.db'));
      const found: string[] = [];
      for await (const { key: name } of manifest.list({}, quiet)) found.push(name);
      await manifest.close();
      return found;
    };
    await until(async () => (await uploadsOf(store)).length === 0 && (await rows()).length === 0);
    expect(again.log()).toBe('');
    expect(await keys()).toEqual(['stored']);
    noteFault({
      id: 'H13',
      injected: `SIGKILL during PUTs, ${over}`,
      reached: left,
      outcome: 'swept, no object, no row',
    });
  });
});
