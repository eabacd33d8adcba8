import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { openS3Store } from '../../src/objects/s3/open-s3-store.ts';
import { succeed } from '../cli/cli-process.ts';
import { randomLooking } from '../support/content.ts';
import { CrashPlan } from '../support/crash/crash-plan.ts';
import { UploadScene } from '../support/crash/upload-scene.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { makeBucket } from '../support/servers/s3-client.ts';
import { calm, inlinePool, kek } from '../support/streams.ts';
import { scratchRoot } from './kill-and-resume.ts';

const segmentSizeBytes = 8 * 2 ** 20;
const content = randomLooking(2 * segmentSizeBytes + 5000, 'parts and segments');
const parts = 3;

interface Ground {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly url: (key: string) => string;
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** An upload that died before Complete: what the store lists of it, what the manifest has, what inspect says later. */
async function compare({ store, bucket, url, flags, env }: Ground): Promise<void> {
  const folder = await mkdtemp(join(scratchRoot, 'sealpart-parts-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const manifest = await openSqliteManifest(join(folder, 'manifest.db'));
  onTestFinished(() => manifest.close());
  const object = { bucket, key: 'parts' };
  const pool = inlinePool(40 * 2 ** 20);
  const scene = await UploadScene.make({ store, manifest, object, pool, folder, content, segmentSizeBytes });
  const plan = new CrashPlan({ name: 'store.completeMultipart', nth: 1 }, 'die-before');
  await scene.put(plan);
  expect(plan.reached).toBe(1);

  const [item] = await collect(manifest.list({}, calm));
  const listed = await collect(store.listParts({ ...object, uploadId: item!.uploadId! }, calm));
  const rows = await collect(manifest.parts(item!.id, calm));
  expect(rows.map(({ partNumber, etag }) => ({ partNumber, etag }))).toEqual(
    listed.map(({ partNumber, etag }) => ({ partNumber, etag })),
  );
  for (const { checksum, segments } of rows) {
    expect(checksum).toMatch(/^crc32=[A-Za-z0-9+/]{6}==$/);
    expect(segments.map(({ digest, salt }) => [digest.length, salt.length])).toEqual([[32, 16]]);
  }

  await scene.recover();
  await writeFile(join(folder, 'key'), `${kek.export().toString('hex')}\n`);
  const { out } = await succeed(['inspect', '--json', '--all', ...flags, url(object.key)], { env });
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { segment?: { segment: number; wireBytes: number } });
  const sizes = lines.flatMap(({ segment }) => (segment === undefined ? [] : [segment.wireBytes]));
  // The stream header stands before segment 0, in part 1.
  const headerLen = item!.streamHeader.length;
  expect(sizes.map((size, i) => (i === 0 ? size + headerLen : size))).toEqual(listed.map((part) => part.sizeBytes));
  expect(listed).toHaveLength(parts);
  expect(new Set(listed.slice(0, -1).map(({ sizeBytes }) => sizeBytes)).size).toBe(1);
  await store.delete(object, calm);
}

describe('segment i is part i + 1', () => {
  it('in a directory store: list, manifest and inspect agree', async () => {
    const folder = await mkdtemp(join(scratchRoot, 'sealpart-parts-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const store = await openDirectoryStore(join(folder, 'store'), { create: true });
    onTestFinished(() => store.close());
    await store.createBucket('bucket', calm);
    const url = (key: string): string => `dir:${folder}/store//bucket/${key}`;
    await compare({ store, bucket: 'bucket', url, flags: [], env: {} });
  });
});

describeOnServers('segment i is part i + 1', (server) => {
  it('list, manifest and inspect agree', async () => {
    const { endpoint, region, accessKeyId, secretAccessKey } = server();
    const bucket = await makeBucket(server());
    const store = await openS3Store({ endpointUrl: endpoint, region, credentials: { accessKeyId, secretAccessKey } });
    onTestFinished(() => store.close());
    const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: region };
    const flags = ['--endpoint-url', endpoint];
    await compare({ store, bucket, url: (key) => `s3://${bucket}/${key}`, flags, env });
  });
});
