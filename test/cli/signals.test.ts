import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { randomLooking } from '../support/content.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf, runInProcess } from './cli-in-process.ts';
import { type RunningCli, runProcess, startCli, until } from './cli-process.ts';

async function ground() {
  const directory = await temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  await writeFile(path('a.key'), `${'ab'.repeat(32)}\n`);
  await writeFile(path('content'), randomLooking(3_000_000, 'cli signals'));
  const key = ['--key-file', path('a.key')];
  await runInProcess(['encrypt', '-q', path('content'), '-o', path('s'), '--segment-size', '64K', ...key]);
  return { directory, path, key };
}

/** Gives a running command the beginning of its input, and waits until it is at work on it. */
async function feed(running: RunningCli, bytes: Uint8Array): Promise<void> {
  running.child.stdin!.write(bytes);
  await until(() => running.stderr().includes('memory'));
}

/** How many files of parts a store has. */
async function partFiles(store: string): Promise<number> {
  const entries = await readdir(join(store, 'data'), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).length;
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s in the middle leaves nothing and ends with %d', async (name, exitCode) => {
  const { directory, path, key } = await ground();
  const content = randomLooking(2_000_000, 'cli signals');
  const stream = (await runInProcess(['encrypt', '-q', ...key], { input: content })).stdout.subarray(0, 1_000_000);
  const spool = await temporaryDirectory();
  const indexed = Buffer.concat([Buffer.from('SEG2'), Buffer.alloc(100_000)]);
  const before = (await readdir(directory)).sort();
  const small = ['--segment-size', '64K'];
  const encrypt = startCli(['encrypt', '--json', '-o', path('out-a'), ...small, ...key], { input: 'open' });
  const decrypt = startCli(['decrypt', '--json', '-o', path('out-b'), ...key], { input: 'open' });
  const put = startCli(['put', '--json', '-', `dir:${path('store')}//bucket/k`, ...key], { input: 'open' });
  const spooling = startCli(['decrypt', '--json', ...key], { input: 'open', env: { TMPDIR: spool } });
  spooling.child.stdin!.write(indexed);
  await Promise.all([feed(encrypt, content), feed(decrypt, stream), feed(put, content)]);
  // They are at work: the temporary file of each output is there.
  await until(async () => (await readdir(directory)).filter((entry) => entry.includes('.tmp')).length === 2);
  // A process that was started later may not listen for signals yet.
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (const { child } of [encrypt, decrypt, put, spooling]) child.kill(name);
  for (const running of [encrypt, decrypt, put, spooling]) {
    const result = await running.ended;
    expect([result.exitCode, result.killedBy, errorOf(result).code]).toEqual([exitCode, null, 'aborted']);
    expect(errorOf(result).message).toContain(name);
  }
  expect((await readdir(directory)).sort()).toEqual([...before, 'store'].sort());
  expect(await readdir(spool)).toEqual([]);
  const ls = await runInProcess(['ls', `dir:${path('store')}//bucket`]);
  expect([ls.exitCode, ls.out]).toEqual([0, '']);
});

it('a signal in the middle of an upload of which nothing is written down aborts it', async () => {
  const { path, key } = await ground();
  const sparse = await open(path('large'), 'w');
  await sparse.truncate(2 * 2 ** 30);
  await sparse.close();
  const put = startCli(['put', path('large'), `dir:${path('store')}//bucket/k`, ...key, '--manifest', 'none']);
  await until(async () => (await partFiles(path('store'))) > 3);
  put.child.kill('SIGTERM');
  const result = await put.ended;
  expect([result.exitCode, result.stderr]).toEqual([143, expect.stringMatching(/\nsealpart: aborted: .*SIGTERM.*\n$/)]);
  expect(await partFiles(path('store'))).toBe(0);
});

it.each(['SIGHUP', 'SIGINT', 'SIGTERM'] as const)(
  'SIGHUP after %s lets a command remove what it has begun',
  async (first) => {
    const { directory, path, key } = await ground();
    const before = (await readdir(directory)).sort();
    const decrypt = startCli(['decrypt', '-o', path('out'), ...key], { input: 'open' });
    await feed(decrypt, (await readFile(path('s'))).subarray(0, 1_000_000));
    await until(async () => (await readdir(directory)).length > before.length);
    // A terminal that is lost sends it again when its shell ends.
    decrypt.child.kill(first);
    decrypt.child.kill('SIGHUP');
    decrypt.child.kill('SIGHUP');
    const { exitCode, killedBy } = await decrypt.ended;
    expect([exitCode, killedBy]).toEqual([expect.any(Number), null]);
    expect((await readdir(directory)).sort()).toEqual(before);
  },
);

it('what a run left that was killed is named by the next one', async () => {
  const { directory, path, key } = await ground();
  const stream = await readFile(path('s'));
  const killed = startCli(['decrypt', '-o', path('out'), ...key], { input: 'open' });
  await feed(killed, stream.subarray(0, 1_000_000));
  const leftovers = async (): Promise<string[]> => (await readdir(directory)).filter((name) => name.endsWith('.tmp'));
  await until(async () => (await leftovers()).length > 0);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const [left] = await leftovers();
  expect(left).toMatch(/^\.out\.sealpart-[0-9a-f]{8}\.tmp$/);
  const again = ['decrypt', path('s'), '-o', path('out'), ...key];
  const plain = await runInProcess(again);
  expect([plain.exitCode, plain.stderr]).toEqual([
    0,
    expect.stringMatching(
      /^decrypt .*\n1 temporary file of runs that were killed, or are still at work: .*\/\.out\.sealpart-\w{8}\.tmp\ndecrypted/,
    ),
  ]);
  const json = await runInProcess([...again, '--json']);
  expect(JSON.parse(json.stderr.split('\n')[1]!)).toEqual({ leftovers: [path(left!)] });
  expect((await runInProcess([...again, '-q'])).stderr).toBe('');
  // Nobody can know that its writer is gone.
  expect(await leftovers()).toEqual([left]);
  for (const other of [
    ['encrypt', path('content'), '-o', path('out'), ...key],
    ['keygen', '-o', path('new.key')],
  ]) {
    const { exitCode, stderr } = await runInProcess(other);
    expect([exitCode, stderr.includes(left!)]).toEqual([0, other[0] === 'encrypt']);
  }
});

it('what was left in the folders of a tree is named once', async () => {
  const { path, key } = await ground();
  await mkdir(path('tree/deep'), { recursive: true });
  for (const name of ['a', 'deep/b', 'deep/c']) await writeFile(path(`tree/${name}`), name);
  const url = `dir:${path('store')}//bucket/`;
  expect((await runInProcess(['put', '-r', path('tree'), url, ...key])).exitCode).toBe(0);
  await mkdir(path('back/deep'), { recursive: true });
  const left = ['.a.sealpart-01234567.tmp', ...['1', '2', '3', '4'].map((n) => `deep/.b.sealpart-0123456${n}.tmp`)];
  for (const name of left) await writeFile(path(`back/${name}`), 'content');
  const get = await runInProcess(['get', '-r', '--json', url, path('back'), ...key]);
  const told = get.stderr
    .trimEnd()
    .split('\n')
    .flatMap((line) => (JSON.parse(line) as { leftovers?: string[] }).leftovers ?? []);
  expect([get.exitCode, told]).toEqual([0, left.map((name) => path(`back/${name}`))]);
  const plain = await runInProcess(['get', '-r', '--overwrite', url, path('back'), ...key]);
  expect(plain.stderr).toMatch(/\n4 temporary files of runs .*: \S+, \S+, \S+ and 1 more beside them\n/);
});

it('a second signal ends the process at once', async () => {
  const { path, key } = await ground();
  const put = startCli(['put', '-', `dir:${path('store')}//bucket/k`, ...key], { input: 'open' });
  await feed(put, randomLooking(20 * 2 ** 20, 'cli signals'));
  await until(async () => (await partFiles(path('store'))) > 0);
  // The upload cannot be aborted as long as somebody else writes to the catalogue.
  const catalogue = new DatabaseSync(path('store/catalogue.sqlite'), { timeout: 10_000 });
  catalogue.exec('BEGIN IMMEDIATE');
  put.child.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(put.child.exitCode).toBeNull();
  put.child.kill('SIGTERM');
  const result = await put.ended;
  catalogue.close();
  expect([result.exitCode, result.killedBy]).toEqual([null, 'SIGTERM']);
});

it('messages that nobody reads do not stop a command', async () => {
  const { directory, path, key } = await ground();
  const closed = await runProcess(['encrypt', path('content'), '-o', path('out'), ...key], {
    shell:
      '{ "$@"; echo $? > code; } 2>&1 >/dev/null | true; while ! test -s code; do sleep 0.05; done; exit "$(cat code)"',
    cwd: directory,
  });
  expect(closed.exitCode).toBe(0);
  expect(await readdir(directory)).toContain('out');
});
