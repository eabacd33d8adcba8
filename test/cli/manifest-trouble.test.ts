import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { errorOf, runInProcess } from './cli-in-process.ts';
import { runProcess, startCli, until } from './cli-process.ts';
import { type Ground, interruptedPut, uploadGround, uploadsOf } from './unfinished.ts';

/** Where the manifest of a ground is. */
function manifestOf({ path }: Ground): string {
  return path('state/sealpart/manifest.db');
}

function putArgs({ path, url, key }: Ground): string[] {
  return ['put', '--json', path('content'), url, ...key];
}

/** Every command that looks into the manifest. */
function readers(ground: Ground, id: string): string[][] {
  return [
    ['uploads', 'ls', '--json'],
    ['uploads', 'resume', '--json', id, ...ground.key],
    ['uploads', 'abort', '--json', id],
    ['uploads', 'sweep', '--json'],
    putArgs(ground),
    [...putArgs(ground), '--dry-run'],
  ];
}

const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

it.skipIf(!canMount)('a manifest on a disk that is read-only is exit code 1, and put can do without', async () => {
  const ground = await uploadGround();
  await interruptedPut(ground);
  const state = ground.path('state');
  const inside = `mount --bind ${state} ${state} && mount -o remount,ro,bind ${state} && exec "$@"`;
  const onReadOnly = (args: readonly string[]) =>
    runProcess(args, { env: ground.env, shell: `exec unshare -rm bash -c '${inside}' bash "$@"` });
  const { id } = (await uploadsOf(ground))[0]!.item;
  for (const args of readers(ground, id)) {
    const result = await onReadOnly(args);
    expect([args[1], result.exitCode, errorOf(result)]).toEqual([
      args[1],
      1,
      { code: 'manifest', message: expect.stringMatching(/read-only, .*copy the folder.*--manifest sqlite:PATH/) },
    ]);
  }
  const without = await onReadOnly([...putArgs(ground), '--manifest', 'none']);
  expect([without.exitCode, without.stderr]).toEqual([0, expect.stringContaining('"start"')]);
});

it('a folder in the place of a manifest is exit code 1, and is left as it is', async () => {
  const ground = await uploadGround();
  for (const args of readers(ground, 'abcd')) {
    const result = await runInProcess([...args, '--manifest', `sqlite:${ground.directory}`], { env: ground.env });
    expect([args[1], result.exitCode, errorOf(result)]).toEqual([
      args[1],
      1,
      { code: 'manifest', message: expect.stringMatching(/is not a file: give the manifest another name/) },
    ]);
    // What it was about is said first all the same, where it is known without the manifest.
    const isKnown = args[0] === 'put' || args[1] === 'ls' || args[1] === 'sweep';
    expect([args[1], result.stderr.startsWith('{"start":')]).toEqual([args[1], isKnown]);
  }
});

it('a manifest that is damaged is exit code 1, and says what to do', async () => {
  const ground = await uploadGround();
  await interruptedPut(ground);
  const { id } = (await uploadsOf(ground))[0]!.item;
  const file = await readFile(manifestOf(ground));
  await writeFile(manifestOf(ground), Buffer.concat([file.subarray(0, 100), Buffer.alloc(file.length - 100, 0xa5)]));
  for (const args of readers(ground, id)) {
    const result = await runInProcess(args, { env: ground.env });
    expect([args[1], result.exitCode, errorOf(result)]).toEqual([
      args[1],
      1,
      { code: 'manifest-corrupt', message: expect.stringMatching(/damaged.*(restore it|begin)/) },
    ]);
  }
});

it('an entry that is damaged does not hide the others', async () => {
  const ground = await uploadGround();
  const { url, key, env } = ground;
  await interruptedPut(ground);
  const other = startCli([...putArgs({ ...ground, url: `${url}2` }), '--workers', '0'], { env });
  await until(async () => (await uploadsOf(ground)).filter(({ parts }) => parts >= 2).length === 2);
  other.child.kill('SIGKILL');
  await other.ended;
  const [first, second] = (await uploadsOf(ground)).map(({ item }) => item.id) as [string, string];
  const database = new DatabaseSync(manifestOf(ground));
  database.prepare("UPDATE uploads SET bucket = 'other' WHERE id = ?").run(first);
  database.close();
  for (const flags of [[], ['--json']]) {
    const listed = await runInProcess(['uploads', 'ls', ...flags], { env });
    expect([listed.exitCode, listed.out]).toEqual([1, expect.stringContaining(second.slice(0, 8))]);
    expect(listed.out).not.toContain(first.slice(0, 8));
    expect(listed.stderr).toContain('manifest-corrupt');
  }
  const lost = await runInProcess(['uploads', 'resume', '--json', first, ...key], { env });
  expect([lost.exitCode, errorOf(lost).code]).toEqual([1, 'manifest-corrupt']);
  const resumed = await runInProcess(['uploads', 'resume', '--json', second, ...key], { env });
  expect([resumed.exitCode, JSON.parse(resumed.out)]).toMatchObject([0, { resumed: true }]);
});

it('parts that are damaged leave their upload in the list', async () => {
  const ground = await uploadGround();
  await interruptedPut(ground);
  const database = new DatabaseSync(manifestOf(ground));
  database.exec('UPDATE parts SET sum = sum + 1');
  database.close();
  const listed = await runInProcess(['uploads', 'ls'], { env: ground.env });
  expect([listed.exitCode, listed.out]).toEqual([1, expect.stringMatching(/ \?\/\? +\? .*\/\/bucket\/k\n/)]);
  expect(listed.stderr).toContain('manifest-corrupt');
});

it('an upload of another key is not resumed: exit code 4, and it stays', async () => {
  const ground = await uploadGround();
  const { path, env } = ground;
  await interruptedPut(ground);
  const before = await uploadsOf(ground);
  await writeFile(path('b.key'), `${'cd'.repeat(32)}\n`);
  const { id } = before[0]!.item;
  const resumed = await runInProcess(['uploads', 'resume', '--json', id, '--key-file', path('b.key')], { env });
  expect([resumed.exitCode, errorOf(resumed)]).toEqual([
    4,
    {
      code: 'no-recipient',
      message: expect.stringMatching(new RegExp(`upload ${id} .*cannot be resumed: .*begin anew`)),
    },
  ]);
  expect((await uploadsOf(ground)).map(({ item, parts }) => [item.id, item.state, parts])).toEqual(
    before.map(({ item, parts }) => [item.id, item.state, parts]),
  );
  // Who puts with another key wants another object: what the first key began is not mixed into it.
  const put = await runInProcess([...putArgs({ ...ground, key: ['--key-file', path('b.key')] })], { env });
  expect([put.exitCode, JSON.parse(put.out)]).toMatchObject([0, { resumed: false, parts: { kept: 0 } }]);
  expect(put.stderr).toMatch(/"kind":"abandoned",.*other recipients/);
});

it('a manifest that another process holds locked is waited for, and then is exit code 1', {
  timeout: 120_000,
}, async () => {
  const ground = await uploadGround();
  const { env } = ground;
  await interruptedPut(ground);
  const other = new DatabaseSync(manifestOf(ground));
  other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  const stop = new AbortController();
  const stopped = runInProcess(['uploads', 'ls', '--json'], { env, signal: stop.signal });
  const running = [['uploads', 'ls', '--json'], putArgs(ground)].map((args) => startCli(args, { env }));
  const reason = new SealpartError('aborted', 'Stopped by SIGINT: nothing.', { cause: 'SIGINT' });
  setTimeout(() => stop.abort(reason), 500);
  expect((await stopped).exitCode).toBe(130);
  for (const { ended } of running) {
    const result = await ended;
    expect([result.exitCode, errorOf(result)]).toEqual([
      1,
      { code: 'manifest', message: expect.stringMatching(/another process holds it locked; try again when/) },
    ]);
    expect(JSON.parse(result.stderr.split('\n')[0]!)).toHaveProperty('start');
  }
  other.close();
  expect((await runInProcess(putArgs(ground), { env })).exitCode).toBe(0);
});
