import { execFile } from 'node:child_process';
import { mkdir, open, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ClaimedPaths, namesOfKey } from '../../src/cli/tree-paths.ts';
import { SealpartError } from '../../src/errors.ts';
import { randomLooking } from '../support/content.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf, expectBytes, type InProcessResult, runInProcess } from './cli-in-process.ts';
import { startCli, until } from './cli-process.ts';

const run = promisify(execFile);

async function ground() {
  const directory = await temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  await writeFile(path('a.key'), `${'ab'.repeat(32)}\n`);
  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), content);
  };
  const url = (name: string): string => `dir:${path('store')}//bucket/${name}`;
  const env = { XDG_STATE_HOME: path('state') };
  return { directory, path, write, url, key: ['--key-file', path('a.key')], env };
}

/** What was told of each file, by its name. */
function filesOf({ stderr }: InProcessResult): Record<string, { outcome: string; code?: string; reason?: string }> {
  const lines = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { file?: { name: string; outcome: string } });
  return Object.fromEntries(lines.flatMap(({ file }) => (file === undefined ? [] : [[file.name, file]])));
}

async function contentsOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file.slice(folder.length + 1), await readFile(file, 'latin1')])),
  );
}

it('a tree goes into a store and comes back as it was', async () => {
  const { path, write, url, key, env } = await ground();
  const large = randomLooking(2 ** 23 * 2 + 77, 'tree');
  for (let i = 0; i < 30; i++) await write(`tree/many/f${i}`, `content ${i}`);
  await write('tree/empty', '');
  await write('tree/deep/er/ü 😀', 'deep');
  await write('tree/large', large);
  await mkdir(path('tree/hollow'));
  await symlink('large', path('tree/link'));
  const put = await runInProcess(['put', '-r', path('tree'), url('pre/'), ...key], { env });
  expect([put.exitCode, put.out]).toEqual([0, '']);
  expect(put.stderr).toMatch(
    /^put \S*\/tree to dir:\S*\/store\/\/bucket\/pre\/, memory at most \d+ MiB\nskipped link: a symbolic link, which is not followed\n +33 {2}put \d+ bytes \(16 MiB\) in .*\n +1 {2}skipped\n +0 {2}failed\n$/,
  );
  const ls = await runInProcess(['ls', '-q', url('')]);
  expect(ls.out.split('\n')).toContain('pre/deep/er/ü 😀');
  const got = await runInProcess(['get', '-r', '--json', url('pre/'), path('back/new'), ...key]);
  expect([got.exitCode, JSON.parse(got.out)]).toMatchObject([0, { command: 'get', files: 33, skipped: 0, failed: 0 }]);
  const { link: _, ...files } = await contentsOf(path('tree'));
  expect(await contentsOf(path('back/new'))).toEqual(files);
  expectBytes(await readFile(path('back/new/large')), large);
  // Every object is bound to its own name.
  expect((await runInProcess(['verify', '-q', url('pre/many/f7'), ...key])).exitCode).toBe(0);
});

it('what cannot be put is refused by name, and the rest goes on', async () => {
  const { path, write, url, key, env } = await ground();
  await write('tree/a', 'a');
  await write('tree/z', 'z');
  await writeFile(Buffer.concat([Buffer.from(path('tree/')), Buffer.from([0x66, 0xff])]), 'not UTF-8');
  const long = Array.from({ length: 5 }, (_, i) => `${i}`.repeat(240)).join('/');
  await write(`tree/${long}`, 'its key would have more than 1,024 bytes');
  await run('mkfifo', [path('tree/pipe')]);
  const put = await runInProcess(['put', '-r', '--json', path('tree'), url(''), ...key], { env });
  expect(put.exitCode).toBe(2);
  expect(JSON.parse(put.out)).toMatchObject({ files: 2, skipped: 1, failed: 2 });
  const files = filesOf(put);
  expect(files[long]).toMatchObject({ outcome: 'failed', code: 'bad-name' });
  expect(files['f\ufffd']).toMatchObject({ outcome: 'failed', code: 'bad-name' });
  expect(files.pipe).toMatchObject({ outcome: 'skipped' });
  expect(errorOf(put)).toMatchObject({ code: 'bad-name', message: expect.stringContaining('2 files of the tree') });
  expect((await runInProcess(['ls', url('')])).out).toBe('a\nz\n');
  const quiet = await runInProcess(['put', '-q', '-r', path('tree'), url(''), ...key], { env });
  expect(quiet.stderr.trimEnd().split('\n')).toHaveLength(3);
});

it('files that are there are left out, refused or replaced, as told', async () => {
  const { path, write, url, key, env } = await ground();
  await write('tree/a', 'a');
  await write('tree/b', 'b');
  const put = (...flags: string[]) =>
    runInProcess(['put', '-r', '--json', path('tree'), url('x/'), ...key, ...flags], { env });
  const get = (...flags: string[]) => runInProcess(['get', '-r', '--json', url('x/'), path('back'), ...key, ...flags]);
  await put();
  await write('tree/c', 'c');
  await write('tree/a', 'newer');
  expect(JSON.parse((await put('--skip-existing')).out)).toMatchObject({ files: 1, skipped: 2, failed: 0 });
  const kept = await put('--no-overwrite');
  expect([kept.exitCode, errorOf(kept).code, JSON.parse(kept.out)]).toMatchObject([5, 'precondition', { failed: 3 }]);
  const dry = await put('--dry-run');
  expect(JSON.parse(dry.out)).toMatchObject({ command: 'put', files: 3, contentBytes: 7 });
  await write('back/a', 'mine');
  const refused = await get();
  expect([refused.exitCode, filesOf(refused)['x/a']]).toMatchObject([1, { outcome: 'failed', code: 'exists' }]);
  expect(await contentsOf(path('back'))).toEqual({ a: 'mine', b: 'b', c: 'c' });
  expect((await get('--skip-existing')).exitCode).toBe(0);
  expect(await contentsOf(path('back'))).toMatchObject({ a: 'mine' });
  expect((await get('--overwrite')).exitCode).toBe(0);
  expect(await contentsOf(path('back'))).toMatchObject({ a: 'a' });
  // One file by itself is replaced, unless told.
  await write('one', 'mine');
  const one = ['get', '--json', url('x/a'), path('one'), ...key];
  const stays = await runInProcess([...one, '--no-overwrite']);
  expect([stays.exitCode, errorOf(stays).code]).toEqual([1, 'exists']);
  expect((await runInProcess(one)).exitCode).toBe(0);
  expect(await readFile(path('one'), 'utf8')).toBe('a');
});

it('keys that are no paths are refused by name, and nothing is written outside of the folder', async () => {
  const { directory, path, url, key, env } = await ground();
  const names = ['../escape', '..', 'a', 'a/b', 'b//c', 'd/', 'e/./f', '/etc/x', 'nul\0', 'ok', 'out/side'];
  for (const name of names) {
    await runInProcess(['put', '-q', '-', url(`t/${name}`), ...key], { env, input: Buffer.from(name) });
  }
  await mkdir(path('back'));
  await mkdir(path('outside'));
  await symlink(path('outside'), path('back/out'));
  const got = await runInProcess(['get', '-r', '--json', url('t/'), path('back'), ...key]);
  const files = filesOf(got);
  for (const name of names) {
    const expected = name === 'a' || name === 'ok' ? 'got' : 'failed';
    expect([name, files[`t/${name}`]?.outcome]).toEqual([name, expected]);
  }
  expect([got.exitCode, JSON.parse(got.out)]).toMatchObject([1, { files: 2, failed: 9 }]);
  expect(await contentsOf(path('back'))).toEqual({ a: 'a', ok: 'ok' });
  expect(await readdir(path('outside'))).toEqual([]);
  expect((await readdir(directory)).sort()).toEqual(['a.key', 'back', 'outside', 'state', 'store']);
});

it('one object that was damaged is exit code 3, whatever else fails', async () => {
  const { path, write, url, key, env } = await ground();
  await write('tree/a', 'a');
  await write('tree/b', 'b');
  await write('tree/c', 'c');
  await runInProcess(['put', '-r', path('tree'), url(''), ...key], { env });
  const { openDirectoryStore } = await import('../../src/objects/directory/open-directory-store.ts');
  const store = await openDirectoryStore(path('store'), { create: false });
  await store.put({ bucket: 'bucket', key: 'b' }, Buffer.from('no stream'), {}, {}, new AbortController().signal);
  await store.close();
  await write('back/a', 'there already');
  const got = await runInProcess(['get', '-r', '--json', url(''), path('back'), ...key]);
  expect([got.exitCode, errorOf(got).code]).toEqual([3, 'bad-magic']);
  expect(await contentsOf(path('back'))).toEqual({ a: 'there already', c: 'c' });
});

it('a tree that was stopped goes on in the middle of its large file', async () => {
  const { path, write, url, key, env } = await ground();
  await write('tree/a', 'small');
  const large = await open(path('tree/large'), 'w');
  await large.truncate(160 * 2 ** 20);
  await large.close();
  const args = ['put', '-r', '--json', path('tree'), url(''), ...key, '--workers', '0'];
  const first = startCli(args, { env });
  const data = path('store/data');
  await until(async () => (await readdir(data).catch(() => [])).length > 8);
  first.child.kill('SIGINT');
  const stopped = await first.ended;
  expect([stopped.exitCode, errorOf(stopped).message]).toEqual([
    130,
    expect.stringContaining('To go on: sealpart put'),
  ]);
  const again = await runInProcess(args, { env });
  expect([again.exitCode, again.stderr]).toEqual([0, expect.anything()]);
  expect(filesOf(again).large).toMatchObject({ outcome: 'put', resumed: true });
  const verified = await runInProcess(['verify', '--json', url('large'), ...key]);
  expect(JSON.parse(verified.out)).toMatchObject({ contentBytes: 160 * 2 ** 20 });
});

it('a folder that is none, or is not there, is said before anything is made', async () => {
  const { directory, path, write, url, key } = await ground();
  await write('file', 'x');
  for (const [name, code] of [
    ['file', 'io'],
    ['nowhere', 'not-found'],
  ] as const) {
    const put = await runInProcess(['put', '-r', '--json', path(name), url(''), ...key]);
    expect([name, put.exitCode, errorOf(put).code]).toEqual([name, 1, code]);
  }
  await write('back', 'a file');
  expect((await readdir(directory)).sort()).toEqual(['a.key', 'back', 'file']);
  await write('tree/a', 'a');
  await runInProcess(['put', '-r', path('tree'), url(''), ...key]);
  const got = await runInProcess(['get', '-r', '--json', url(''), path('back'), ...key]);
  expect([got.exitCode, errorOf(got).code]).toEqual([1, 'io']);
  const passphrase = await runInProcess(['put', '-r', path('tree'), url('p/')], { env: { SEALPART_PASSPHRASE: 'x' } });
  expect(passphrase.exitCode).toBe(0);
});

it('paths are claimed in the order of the keys, also where case does not count', () => {
  expect(namesOfKey('a/b')).toEqual(['a', 'b']);
  for (const key of ['', '/a', 'a/', 'a//b', '../a', 'a/..', './a', 'a/.', 'a\0b']) {
    expect(() => namesOfKey(key)).toThrow(SealpartError);
  }
  const claim = (paths: ClaimedPaths, key: string) => (): void => paths.claim(key.split('/'));
  const exact = new ClaimedPaths(false);
  for (const key of ['A', 'a', 'b/c', 'b/d', 'B/c']) expect(claim(exact, key)).not.toThrow();
  expect(claim(exact, 'a/x')).toThrow(/a is a file/);
  expect(claim(exact, 'b')).toThrow(/below it/);
  const folding = new ClaimedPaths(true);
  for (const key of ['A', 'b/c', 'B/d', 'e\u0301']) expect(claim(folding, key)).not.toThrow();
  expect(claim(folding, 'a')).toThrow(/from A only in case/);
  expect(claim(folding, 'B/C')).toThrow(/only in case/);
  expect(claim(folding, 'a/x')).toThrow(/A is a file/);
  expect(claim(folding, '\u00e9')).toThrow(/only in case/);
});
