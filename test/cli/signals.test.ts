import { open, readdir, writeFile } from 'node:fs/promises';
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
