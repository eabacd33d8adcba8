import { readdir, rm, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { parseManifest, stateFolder } from '../../src/cli/manifest-flag.ts';
import { parseDuration } from '../../src/cli/parse-duration.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { errorOf, runInProcess } from './cli-in-process.ts';
import { interruptedPut, parts, uploadGround, uploadsOf } from './unfinished.ts';

it('uploads lists what is unfinished as a table and as JSON, and resume goes on by a short id', async () => {
  const ground = await uploadGround();
  const { path, url, key, env } = ground;
  const nothing = await runInProcess(['uploads'], { env });
  expect([nothing.exitCode, nothing.out]).toEqual([0, '']);
  // Who only looks leaves nothing behind.
  expect(await readdir(ground.directory)).not.toContain('state');
  await interruptedPut(ground);
  const [{ item, parts: done }] = (await uploadsOf(ground)) as [Awaited<ReturnType<typeof uploadsOf>>[number]];
  const table = await runInProcess(['uploads'], { env });
  const short = item.id.slice(0, 8);
  expect(table.out).toMatch(/^ID +STATE +PARTS +CONTENT +AGE +OWNER +OBJECT\n/);
  expect(table.out.split('\n')[1]).toMatch(
    new RegExp(`^${short} +open +${done}/${parts} +[\\d.]+ MiB +< 1 min +- +${url}$`),
  );
  const json = await runInProcess(['uploads', 'ls', '--json'], { env });
  expect(JSON.parse(json.out)).toMatchObject({
    id: item.id,
    state: 'open',
    store: `dir:${path('store')}`,
    bucket: 'bucket',
    key: 'k',
    url,
    source: path('content'),
    partsDone: done,
    partsTotal: parts,
    ownerState: 'gone',
  });
  const unknown = await runInProcess(['uploads', 'resume', 'ffff', '--json', ...key], { env });
  expect([unknown.exitCode, errorOf(unknown).code]).toEqual([1, 'not-found']);
  const keyless = await runInProcess(['uploads', 'resume', short, '--json'], { env });
  expect([keyless.exitCode, errorOf(keyless).code]).toEqual([4, 'no-recipient']);
  const resumed = await runInProcess(['uploads', 'resume', item.id.slice(0, 5), '--json', ...key], { env });
  expect([resumed.exitCode, JSON.parse(resumed.out)]).toMatchObject([0, { resumed: true, output: url }]);
  expect((await runInProcess(['verify', url, ...key])).exitCode).toBe(0);
  expect((await runInProcess(['uploads', '-q'], { env })).out).toBe('');
});

it('uploads abort and sweep remove parts, and a dry run removes none', async () => {
  const ground = await uploadGround();
  const { path, url, key, env } = ground;
  const partFiles = async (): Promise<number> => (await readdir(path('store/data'))).length;
  await interruptedPut(ground);
  const { id } = (await uploadsOf(ground))[0]!.item;
  const aborted = await runInProcess(['uploads', 'abort', id, '--json'], { env });
  expect([aborted.exitCode, JSON.parse(aborted.out)]).toMatchObject([0, { upload: id, object: url }]);
  expect([await uploadsOf(ground), await partFiles()]).toEqual([[], 0]);
  await interruptedPut(ground);
  const young = await runInProcess(['uploads', 'sweep', '--json'], { env });
  expect(JSON.parse(young.out)).toMatchObject({ swept: 0, owned: 0, failed: 0 });
  const dry = await runInProcess(['uploads', 'sweep', '--older-than', '0', '--dry-run'], { env });
  expect(dry.stderr).toMatch(/\nwould abort [0-9a-f]{32} of dir:.*\nwould abort 1 upload\n$/);
  expect(await partFiles()).toBeGreaterThan(1);
  const swept = await runInProcess(['uploads', 'sweep', '--older-than', '0', '--json'], { env });
  expect([swept.exitCode, JSON.parse(swept.out)]).toMatchObject([0, { swept: 1 }]);
  expect([await uploadsOf(ground), await partFiles()]).toEqual([[], 0]);
  // A store that is gone is told of, and what is known of it stays.
  await interruptedPut(ground);
  await rm(path('store'), { recursive: true });
  const gone = await runInProcess(['uploads', 'sweep', '--older-than', '0', '--json'], { env });
  expect([gone.exitCode, errorOf(gone).code]).toEqual([5, 'not-found']);
  expect(await uploadsOf(ground)).toHaveLength(1);
  expect((await runInProcess(['put', path('content'), url, ...key], { env })).exitCode).toBe(0);
  expect(await uploadsOf(ground)).toEqual([]);
});

it('a dry run says what would be done, and does nothing', async () => {
  const ground = await uploadGround();
  const { directory, path, url, key, env } = ground;
  const args = ['put', '-n', '--json', path('content'), url, ...key];
  const before = (await readdir(directory)).sort();
  const first = await runInProcess(args, { env });
  expect([first.exitCode, JSON.parse(first.out)]).toMatchObject([
    0,
    { dryRun: true, store: `dir:${path('store')}`, output: url, segments: parts, object: null, upload: null },
  ]);
  expect(first.stderr).toMatch(/"memoryBytes":\d+/);
  expect((await readdir(directory)).sort()).toEqual(before);
  await interruptedPut(ground);
  const item = await uploadsOf(ground);
  const [, ...lines] = (await runInProcess(['put', '-n', path('content'), url, ...key], { env })).stderr.split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^would send \d+ bytes \(120 MiB\) in 16 segments of 8 MiB, each of them a part$/),
    'no object stands there yet',
    expect.stringMatching(/^would go on with upload [0-9a-f]{32}: \d+ of 16 parts stored, .*MiB of content$/),
    'nothing was sent',
    '',
  ]);
  const anew = await runInProcess([...args, '--no-resume'], { env });
  expect(JSON.parse(anew.out).upload).toMatchObject({ id: item[0]!.item.id, action: 'begin anew' });
  await writeFile(path('content'), 'short');
  const changed = await runInProcess(args, { env });
  expect(JSON.parse(changed.out).upload).toMatchObject({
    action: 'refuse',
    reason: expect.stringContaining('changed'),
  });
  expect(await uploadsOf(ground)).toEqual(item);
  await runInProcess(['put', path('content'), url.replace('/k', '/other'), ...key], { env });
  const there = await runInProcess(['put', '-n', path('content'), url.replace('/k', '/other'), ...key], { env });
  expect(there.stderr).toMatch(/in 1 segment, in one request\nan object of .* stands there and would be replaced\nno/);
  const piped = await runInProcess(['put', '-n', '-', url, ...key, '--manifest', 'none'], { env });
  expect(piped.stderr).toMatch(/would send all that comes, in segments of 8 MiB, twice as large after every 1000, /);
});

it('a dry run cuts as put does, also for a store that demands larger parts', async () => {
  const ground = await uploadGround();
  const { path, url, key, env } = ground;
  for (const flags of [[], ['--min-part', '16M'], ['--segment-size', '32M']]) {
    const args = ['put', '--json', path('content'), url, ...key, ...flags];
    const dry = JSON.parse((await runInProcess([...args, '-n'], { env })).out) as { segments: number };
    const done = JSON.parse((await runInProcess(args, { env })).out) as { segments: number };
    expect([flags, dry.segments]).toEqual([flags, done.segments]);
  }
  // What fits into one part needs no manifest.
  const large = ['--min-part', '128M', '--memory', '512M'];
  const whole = await runInProcess(['put', '--json', path('content'), url, ...key, ...large], {
    env: { XDG_STATE_HOME: path('other-state') },
  });
  expect([whole.exitCode, JSON.parse(whole.out)]).toMatchObject([0, { segments: 1 }]);
  expect(await readdir(ground.directory)).not.toContain('other-state');
});

it('a manifest that cannot be used is exit code 1, and the message says what to do without', async () => {
  const ground = await uploadGround();
  const { path, url, key, env } = ground;
  const put = ['put', '--json', path('content'), url, ...key];
  const folder = await runInProcess([...put, '--manifest', `sqlite:${ground.directory}`], { env });
  expect([folder.exitCode, errorOf(folder)]).toEqual([
    1,
    { code: 'manifest', message: expect.stringContaining('--manifest none') },
  ]);
  await writeFile(path('text.db'), 'this is no database, however long it is '.repeat(200));
  const text = await runInProcess([...put, '--manifest', `sqlite:${path('text.db')}`], { env });
  expect([text.exitCode, errorOf(text).code]).toEqual([1, expect.stringMatching(/^manifest(-corrupt)?$/)]);
  await interruptedPut(ground);
  const database = new DatabaseSync(path('state/sealpart/manifest.db'));
  const table = database
    .prepare("select name from sqlite_schema where type = 'table' and name like '%upload%'")
    .get() as { name: string };
  const columns = database.prepare(`pragma table_info(${table.name})`).all() as { name: string }[];
  expect(columns.map(({ name }) => name)).toContain('mac');
  database.exec(`update ${table.name} set mac = zeroblob(32)`);
  database.close();
  const forged = await runInProcess(put, { env });
  expect([forged.exitCode, errorOf(forged).code]).toEqual([1, 'manifest-corrupt']);
});

it('what is asked of the object is asked of its store', async () => {
  const ground = await uploadGround();
  const { path, url, key, env } = ground;
  await writeFile(path('small'), 'small');
  const put = ['put', '--json', ...key, '--metadata', 'origin=here', '--tag', 'a=1', '--tag', 'b=2=3'];
  expect((await runInProcess([...put, path('small'), url], { env })).exitCode).toBe(0);
  expect((await runInProcess([...put, path('content'), `${url}2`], { env })).exitCode).toBe(0);
  const { openDirectoryStore } = await import('../../src/objects/directory/open-directory-store.ts');
  const store = await openDirectoryStore(path('store'), { create: false });
  for (const name of ['k', 'k2']) {
    const head = await store.head({ bucket: 'bucket', key: name }, new AbortController().signal);
    expect(head).toMatchObject({ metadata: { origin: 'here' }, tags: { a: '1', b: '2=3' } });
  }
  await store.close();
  for (const [file, name] of [
    ['small', url],
    ['content', `${url}2`],
  ] as const) {
    const refused = await runInProcess([...put, '--no-overwrite', path(file), name], { env });
    expect([file, refused.exitCode, errorOf(refused).code]).toEqual([file, 5, 'precondition']);
  }
  const bad = await runInProcess([...put, '--metadata', 'Upper=x', path('small'), url], { env });
  expect([bad.exitCode, errorOf(bad).code]).toEqual([2, 'bad-parameters']);
});

it('times, manifests and where they are by themselves', () => {
  expect(['0', '90s', '2m', '12h', '7d', '1.5d', '2w'].map(parseDuration)).toEqual([
    0, 90_000, 120_000, 43_200_000, 604_800_000, 129_600_000, 1_209_600_000,
  ]);
  for (const text of ['', '7', 'd', '-1d', '7 years']) expect(() => parseDuration(text)).toThrow(UsageError);
  expect(parseManifest('sqlite:a/b c.db')).toEqual({ kind: 'sqlite', path: 'a/b c.db' });
  for (const text of ['', 'sqlite:', 'a.db', 'None']) expect(() => parseManifest(text)).toThrow(UsageError);
  expect(stateFolder({ HOME: '/home/ada' })).toBe('/home/ada/.local/state/sealpart');
  expect(stateFolder({ HOME: '/home/ada', XDG_STATE_HOME: '/var/state' })).toBe('/var/state/sealpart');
  expect(stateFolder({ HOME: '/home/ada', XDG_STATE_HOME: 'relative' })).toBe('/home/ada/.local/state/sealpart');
});
