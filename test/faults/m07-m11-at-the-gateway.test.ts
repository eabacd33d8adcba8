import { createHash } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { succeed } from '../cli/cli-process.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { openNeighbour } from '../support/gateway/neighbour.ts';
import { openWatchedGateway, type WatchedGateway } from '../support/gateway/watched-gateway.ts';

// M07 and M11 at the gateway: its table of records is lost, damaged, or not to be trusted. What clients are told of
// objects, and get of them, is right all the same; what only the table knew is told otherwise until it is written anew.

const mib = 2 ** 20;
const Bucket = 'bucket';
const contents = new Map(
  // Two of one size, so that a record of one fits the other but for what it says.
  [['large/one', 9 * mib] as const, ['large/two', 9 * mib] as const, ['small', 5000] as const].map(
    ([key, size]) => [key, Buffer.from(randomLooking(size, key))] as const,
  ),
);
const md5 = (bytes: Uint8Array): string => `"${createHash('md5').update(bytes).digest('hex')}"`;

async function filled(): Promise<WatchedGateway> {
  const gateway = await openWatchedGateway();
  onTestFinished(() => gateway.stop());
  await gateway.client.send(new CreateBucketCommand({ Bucket }));
  for (const [Key, Body] of contents) await gateway.client.send(new PutObjectCommand({ Bucket, Key, Body }));
  return gateway;
}

async function neighbour(of: WatchedGateway): Promise<WatchedGateway> {
  const gateway = await openNeighbour(of);
  onTestFinished(() => gateway.stop());
  return gateway;
}

/** Checks everything that a client can ask about all objects, and gives their ETags. */
async function expectRight({ client }: WatchedGateway): Promise<Record<string, 'md5' | 'opaque'>> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  expect(Contents.map(({ Key, Size }) => [Key, Size])).toEqual([...contents].map(([key, { length }]) => [key, length]));
  const etags: Record<string, 'md5' | 'opaque'> = {};
  for (const [Key, content] of contents) {
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head.ContentLength).toBe(content.length);
    const got = await client.send(new GetObjectCommand({ Bucket, Key }));
    expect(Buffer.from(await got.Body!.transformToByteArray()).equals(content), Key).toBe(true);
    const ranged = await client.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=1000-4999' }));
    expect(ranged.ContentRange).toBe(`bytes 1000-4999/${content.length}`);
    expect(Buffer.from(await ranged.Body!.transformToByteArray()).equals(content.subarray(1000, 5000))).toBe(true);
    const listed = Contents.find((one) => one.Key === Key)?.ETag;
    // One object has one ETag, however it is asked for.
    expect([got.ETag, ranged.ETag, listed]).toEqual([head.ETag, head.ETag, head.ETag]);
    if (head.ETag === md5(content)) etags[Key] = 'md5';
    else {
      expect(head.ETag).toMatch(/^"[0-9a-f]{32}-\d+"$/);
      etags[Key] = 'opaque';
    }
  }
  return etags;
}

function change({ folder }: WatchedGateway, act: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(join(folder, 'manifest.db'));
  database.exec('PRAGMA busy_timeout = 5000');
  try {
    act(database);
  } finally {
    database.close();
  }
}

const allMd5 = { 'large/one': 'md5', 'large/two': 'md5', small: 'md5' };

it('M11: rows that are deleted while a gateway runs', async () => {
  const gateway = await filled();
  expect(await expectRight(gateway)).toEqual(allMd5);
  let reached = 0;
  change(gateway, (database) => {
    reached = Number(database.prepare('DELETE FROM records').run().changes);
  });
  await expectRight(gateway);
  // The record of the small one stands beside it in the store.
  const after = await neighbour(gateway);
  expect(await expectRight(after)).toEqual({ 'large/one': 'opaque', 'large/two': 'opaque', small: 'md5' });
  noteFault({
    id: 'M11',
    injected: 'records that are gone',
    reached,
    outcome: 'content and sizes right, opaque ETags',
  });
});

it('M11: the whole manifest is gone between two runs, and reindex writes it anew', async () => {
  const first = await filled();
  await first.manifest.close();
  let reached = 0;
  for (const name of await readdir(first.folder)) {
    if (!name.startsWith('manifest.db')) continue;
    await rm(join(first.folder, name), { recursive: true });
    reached++;
  }
  // The key of the records is gone with it, so that those in the store say nothing either.
  const second = await neighbour(first);
  expect(await expectRight(second)).toEqual({ 'large/one': 'opaque', 'large/two': 'opaque', small: 'opaque' });

  const keyFile = join(first.folder, 'key');
  await writeFile(keyFile, `${first.key.toString('hex')}\n`, { mode: 0o600 });
  const places = [`dir:${join(first.folder, 'store')}//${Bucket}`, '--manifest', `sqlite:${first.folder}/manifest.db`];
  await succeed(['reindex', '-q', '--key-file', keyFile, ...places]);
  expect(await expectRight(await neighbour(first))).toEqual(allMd5);
  noteFault({ id: 'M11', injected: 'a manifest that is gone', reached, outcome: 'served, and reindexed' });
});

const damages: readonly [what: string, statement: string, rows: number][] = [
  [
    'a bit of a record',
    "UPDATE records SET record = zeroblob(length(record)) WHERE key = CAST('large/one' AS BLOB)",
    1,
  ],
  ['a sum that is wrong', 'UPDATE records SET sum = sum + 1', 3],
  [
    'records that are exchanged',
    `UPDATE records SET (record, stream_id, sum) = (SELECT record, stream_id, sum FROM records AS other
      WHERE other.key <> records.key AND other.size_bytes = records.size_bytes)
      WHERE key IN (CAST('large/one' AS BLOB), CAST('large/two' AS BLOB))`,
    2,
  ],
  ['another length', 'UPDATE records SET size_bytes = size_bytes - 1', 3],
];

it.each(damages)('M07: %s: never believed', async (what, statement, rows) => {
  const gateway = await filled();
  let reached = 0;
  change(gateway, (database) => {
    reached = Number(database.prepare(statement).run().changes);
  });
  expect(reached).toBe(rows);
  const after = await neighbour(gateway);
  const etags = await expectRight(after);
  expect(etags['large/one']).toBe('opaque');
  expect(after.log()).toMatch(/record/);
  noteFault({ id: 'M07', injected: `records at the gateway: ${what}`, reached, outcome: 'not used, all else right' });
});

it('M07: records that somebody exchanges who can write rows that look right', async () => {
  const gateway = await filled();
  const signal = new AbortController().signal;
  const { records } = gateway.manifest;
  const items = [];
  for await (const item of records.list({ bucket: Bucket, prefix: 'large/' }, signal)) items.push(item);
  const [one, two] = items as [(typeof items)[0], (typeof items)[0]];
  await records.put({ ...two, key: one.key, etag: one.etag }, signal);
  await records.put({ ...one, key: two.key, etag: two.etag }, signal);
  const after = await neighbour(gateway);
  expect(await expectRight(after)).toEqual({ 'large/one': 'opaque', 'large/two': 'opaque', small: 'md5' });
  expect(after.log()).toContain('a record was not used');
  noteFault({ id: 'M07', injected: 'records of each other', reached: 2, outcome: 'not used, all else right' });
});
