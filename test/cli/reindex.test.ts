import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import type { ObjectRecord } from '../../src/crypto/object-record.ts';
import { openRecordBook } from '../../src/gateway/records/open-record-book.ts';
import { keyFileIdentity, keyFileRecipient } from '../../src/keys/key-file.ts';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import { keyOf } from '../keys/fixtures.ts';
import { randomLooking } from '../support/content.ts';
import { kek, makeIndexed } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf, runInProcess } from './cli-in-process.ts';
import { succeed } from './cli-process.ts';

const quiet = new AbortController().signal;
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

/** A bucket with objects of several sizes and no records, the key that opens them, and what a gateway would see of it. */
async function ground(sizes: Readonly<Record<string, number>> = { 'a/small': 5_000, 'a/none': 0, b: 20_000_000 }) {
  const directory = await temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  await writeFile(path('a.key'), `${'ab'.repeat(32)}\n`);
  const contents = new Map<string, Uint8Array>();
  const key = ['--key-file', path('a.key')];
  const manifest = ['--manifest', `sqlite:${path('manifest.db')}`];
  const url = (name: string): string => `dir:${path('store')}//photos${name}`;
  for (const [name, length] of Object.entries(sizes)) {
    contents.set(name, randomLooking(length, name));
    await writeFile(path('content'), contents.get(name)!);
    const put = await runInProcess(['put', '-q', '--manifest', 'none', ...key, path('content'), url(`/${name}`)]);
    expect(put.stderr).toBe('');
  }
  const reindex = (...args: string[]) => runInProcess(['reindex', '--json', ...key, ...manifest, url(''), ...args]);
  return { directory, path, url, key, manifest, contents, reindex };
}

type Ground = Awaited<ReturnType<typeof ground>>;

/** The records that a gateway with this key reads of the objects that are there. */
async function recordsIn({ path }: Ground, byte = 0xab): Promise<Map<string, ObjectRecord | undefined>> {
  const manifest = await openSqliteManifest(path('manifest.db'));
  const store = await openDirectoryStore(path('store'), { create: false });
  try {
    const book = await openRecordBook(
      {
        records: manifest.records,
        recipients: [keyFileRecipient(keyOf(byte))],
        access: { identities: [keyFileIdentity(keyOf(byte))] },
        logicalBucket: (bucket) => bucket,
      },
      quiet,
    );
    const { objects } = await store.list({ bucket: 'photos' }, quiet);
    const found = await book.readMany(
      objects.map((object) => ({ ...object, bucket: 'photos' })),
      quiet,
    );
    return new Map(objects.map(({ key }, n) => [key, found[n]]));
  } finally {
    await store.close();
    await manifest.close();
  }
}

const resultOf = ({ out }: { readonly out: string }) => JSON.parse(out.trimEnd().split('\n').at(-1)!);

it('records of all objects are written, and then none is read again', async () => {
  const made = await ground();
  const first = await made.reindex();
  expect(first.stderr).not.toContain('error');
  expect(resultOf(first)).toMatchObject({
    command: 'reindex',
    bucket: 'photos',
    manifest: `sqlite:${made.path('manifest.db')}`,
    recorded: 3,
    had: 0,
    newEtags: 0,
    skipped: 0,
    failed: 0,
    swept: 0,
    contentBytes: 20_005_000,
  });
  for (const [name, record] of await recordsIn(made)) {
    const content = made.contents.get(name)!;
    expect(record).toMatchObject({ contentLength: content.length, etag: md5(content), partCount: 0, checksums: {} });
  }
  expect(resultOf(await made.reindex())).toMatchObject({ recorded: 0, had: 3, contentBytes: 0 });
  expect(resultOf(await made.reindex('--all'))).toMatchObject({ recorded: 3, had: 0, contentBytes: 20_005_000 });
});

it('says for people what was done, in a table', async () => {
  const made = await ground({ one: 3_000_000, two: 10 });
  await writeFile(made.path('plain'), 'no stream');
  const args = ['--key-file', 'a.key', '--manifest', 'sqlite:manifest.db'];
  const store = await openDirectoryStore(made.path('store'), { create: false });
  await store.put({ bucket: 'photos', key: 'plain\nname' }, Buffer.from('no stream'), {}, {}, quiet);
  await store.put({ bucket: 'photos', key: 'empty' }, new Uint8Array(0), {}, {}, quiet);
  await store.put({ bucket: 'photos', key: '.sealpart/held/x' }, Buffer.from('held'), {}, {}, quiet);
  await store.close();
  const { stderr, out } = await succeed(['reindex', ...args, 'dir:store//photos'], { cwd: made.directory });
  expect(out).toBe('');
  const [start, ...lines] = stderr.trimEnd().split('\n');
  expect(start).toMatch(/^reindex dir:\S*\/store\/\/photos\/ into sqlite:\S*\/manifest\.db, memory at most \d+ MiB$/);
  expect(lines.slice(0, 2).sort()).toEqual([
    'skipped "plain\\nname": it is no encrypted stream',
    'skipped empty: it is no encrypted stream',
  ]);
  expect(lines[2]).toMatch(/^ {9}2 {2}recorded 3000010 bytes \(2\.86 MiB\) in \d+\.\d\d s/);
  expect(lines.slice(3)).toEqual([
    '         0  had a record',
    '         2  skipped: no encrypted streams',
    '         0  failed',
    '         0  records of what is gone forgotten',
  ]);
});

it('a prefix is read and swept alone', async () => {
  const made = await ground({ 'a/1': 10, 'a/2': 10, 'b/1': 10, 'b/2': 10 });
  const under = (prefix: string) =>
    runInProcess(['reindex', '--json', ...made.key, ...made.manifest, made.url(`/${prefix}`)]);
  expect(resultOf(await under('a/'))).toMatchObject({ recorded: 2 });
  expect([...(await recordsIn(made))].filter(([, record]) => record !== undefined).map(([name]) => name)).toEqual([
    'a/1',
    'a/2',
  ]);
  await under('b/');
  for (const name of ['a/1', 'b/1']) await runInProcess(['rm', '-q', made.url(`/${name}`)]);
  const database = new DatabaseSync(made.path('manifest.db'));
  const count = () => database.prepare('SELECT count(*) AS count FROM records').get()!.count;
  // They are young: their objects may be about to be listed.
  expect(resultOf(await under('a/'))).toMatchObject({ swept: 0 });
  expect(count()).toBe(4);
  const { records, close } = await open(made);
  for await (const item of records.list({ bucket: 'photos' }, quiet))
    await records.put({ ...item, writtenMs: 5 }, quiet);
  await close();
  const kept = await runInProcess(['reindex', '--json', '--no-sweep', ...made.key, ...made.manifest, made.url('/a/')]);
  expect(resultOf(kept)).toMatchObject({ swept: 0 });
  expect(resultOf(await under('a/'))).toMatchObject({ swept: 1, had: 1 });
  expect(count()).toBe(3);
  database.close();
});

async function open({ path }: Ground) {
  const manifest = await openSqliteManifest(path('manifest.db'));
  return { records: manifest.records, close: () => manifest.close() };
}

it('records that are damaged or forged are replaced', async () => {
  const made = await ground({ one: 4_000, two: 4_000, three: 4_000 });
  await made.reindex();
  const { records, close } = await open(made);
  const items = new Map<string, Parameters<typeof records.put>[0]>();
  for await (const item of records.list({ bucket: 'photos' }, quiet)) items.set(item.key, item);
  const [one, two] = [items.get('one')!, items.get('two')!];
  await records.put({ ...one, record: two.record }, quiet);
  await close();
  const database = new DatabaseSync(made.path('manifest.db'));
  database.exec("UPDATE records SET stream_id = zeroblob(16) WHERE key = CAST('two' AS BLOB)");
  database.close();
  expect((await recordsIn(made)).get('one')).toBeUndefined();
  expect(resultOf(await made.reindex())).toMatchObject({ recorded: 2, had: 1, failed: 0 });
  for (const [name, record] of await recordsIn(made)) expect(record?.etag).toBe(md5(made.contents.get(name)!));
});

it('objects of parts get opaque ETags, and other contents too if that is asked for', async () => {
  const made = await ground({ whole: 10_000 });
  await writeFile(made.path('b.key'), `${Buffer.from(kek.export()).toString('hex')}\n`);
  const content = randomLooking(20_000, 'parts');
  const indexed = await makeIndexed(content, [
    { partNumber: 1, lengths: [16_384] },
    { partNumber: 3, lengths: [3_616] },
  ]);
  const store = await openDirectoryStore(made.path('store'), { create: false });
  await store.put({ bucket: 'photos', key: 'parts' }, indexed.bytes, {}, {}, quiet);
  await store.close();
  // It is bound to no name: nobody would be served it.
  const unbound = await made.reindex('--key-file', made.path('b.key'));
  expect(unbound.exitCode).toBe(3);
  expect(errorOf(unbound)).toMatchObject({
    code: 'wrong-object',
    message: expect.stringContaining('1 object could not'),
  });
  expect(resultOf(unbound)).toMatchObject({ recorded: 1, failed: 1 });
  const opaque = await made.reindex('--all', '--etag', 'opaque');
  // What is known already stays.
  expect(opaque.stderr).toContain(md5(made.contents.get('whole')!));
  const fresh = await ground({ whole: 10_000 });
  expect(resultOf(await fresh.reindex('--etag', 'opaque'))).toMatchObject({ recorded: 1, newEtags: 1 });
  expect((await recordsIn(fresh)).get('whole')?.etag).toMatch(/^[0-9a-f]{32}-1$/);
});

it('an object that does not verify is told by name and gets no record, and the others theirs', async () => {
  const made = await ground({ bad: 30_000, good: 10 });
  const store = await openDirectoryStore(made.path('store'), { create: false });
  const body = await store.get({ bucket: 'photos', key: 'bad' }, quiet);
  const bytes = new Uint8Array(body.head.sizeBytes);
  await body.read(bytes, quiet);
  await body.close();
  bytes[20_000]! ^= 1;
  await store.put({ bucket: 'photos', key: 'bad' }, bytes, {}, {}, quiet);
  await store.close();
  const result = await made.reindex();
  expect(result.exitCode).toBe(3);
  expect(result.stderr).toContain('"name":"bad","outcome":"failed","code":"crc-mismatch"');
  const found = await recordsIn(made);
  expect([found.get('bad'), found.get('good')?.contentLength]).toEqual([undefined, 10]);
});

it('another key than that of the records is refused before anything is read, with what to do', async () => {
  const made = await ground({ one: 10 });
  await made.reindex();
  await writeFile(made.path('a.key'), `${'cd'.repeat(32)}\n`);
  const result = await made.reindex();
  expect(result.exitCode).toBe(4);
  expect(errorOf(result)).toMatchObject({
    code: 'no-recipient',
    message: expect.stringContaining(made.path('manifest.db')),
  });
  expect(errorOf(result).message).toMatch(/object records .* give a key that they were begun with/);
  expect((await recordsIn(made)).get('one')).toBeDefined();
});

it('objects are bound to the logical name of their bucket', async () => {
  const made = await ground({ one: 10 });
  const other = await made.reindex('--logical-bucket', 'originals');
  expect([other.exitCode, errorOf(other).code]).toEqual([3, 'wrong-object']);
  expect((await made.reindex('--logical-bucket', 'photos')).exitCode).toBe(0);
});

it('what is wrong with the command line is said', async () => {
  const made = await ground({ one: 10 });
  const none = await runInProcess(['reindex', ...made.key, '--manifest', 'none', made.url('')]);
  expect([none.exitCode, none.stderr]).toEqual([2, expect.stringContaining('leave out --manifest none')]);
  const keyless = await runInProcess(['reindex', ...made.manifest, made.url('')]);
  expect(keyless.exitCode).toBe(2);
  const absent = await runInProcess(['reindex', ...made.key, ...made.manifest, `dir:${made.path('nowhere')}//photos`]);
  expect(absent.exitCode).toBe(5);
  const help = await runInProcess(['reindex', '--help']);
  expect(help.out).toContain('sealpart reindex --key-file my.key');
});

it('stops at a signal', async () => {
  const made = await ground({ one: 10 });
  const result = await runInProcess(['reindex', '--json', ...made.key, ...made.manifest, made.url('')], {
    signal: AbortSignal.abort(),
  });
  expect(result.exitCode).not.toBe(0);
  expect(errorOf(result).code).toBe('aborted');
});
