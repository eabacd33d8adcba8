import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf, expectBytes, runInProcess } from './cli-in-process.ts';
import { mainFile, runProcess, startCli, until } from './cli-process.ts';
import { pauseBetweenWrites } from './pause.ts';
import {
  databasesOf,
  interruptedPut,
  parts,
  untilUnderWay,
  uploadGround,
  uploadsOf,
  writeLarge,
} from './unfinished.ts';

interface PutFacts {
  readonly parts: { readonly kept: number; readonly sent: number };
  readonly resumed: boolean;
}

function factsOf({ out }: { readonly out: string }): PutFacts {
  return JSON.parse(out) as PutFacts;
}

it('a put that was killed goes on from another folder, and sends only what is missing', async () => {
  const ground = await uploadGround();
  const { path, url, key, env } = ground;
  const args = ['put', '--json', path('content'), url, ...key, '--workers', '0'];
  const killed = startCli(args, { env });
  await untilUnderWay(ground);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const before = (await uploadsOf(ground))[0]!.parts;
  const done = await runProcess(args, { env, cwd: await temporaryDirectory() });
  expect([done.exitCode, factsOf(done)]).toMatchObject([0, { resumed: true }]);
  const { kept, sent } = factsOf(done).parts;
  expect(kept).toBeGreaterThanOrEqual(before);
  expect(kept + sent).toBe(parts);
  expect(done.stderr).toMatch(new RegExp(`"kind":"resumed",.*"keptParts":${kept},`));
  await runInProcess(['get', url, path('back'), ...key]);
  expectBytes(await readFile(path('back')), await ground.content());
  expect(await uploadsOf(ground)).toEqual([]);
});

it('SIGINT leaves an upload, and says how to go on in words that a shell takes', async () => {
  const ground = await uploadGround();
  const { directory, path, url, key, env } = ground;
  await writeFile(path("it's my key"), await readFile(path('a.key')));
  const put = startCli(['put', 'content', url, '--key-file', "it's my key", '--workers', '0', '--no-resume'], {
    env,
    cwd: directory,
  });
  await untilUnderWay(ground);
  put.child.kill('SIGINT');
  const stopped = await put.ended;
  expect(stopped.exitCode).toBe(130);
  const hint =
    /\nsealpart: aborted: Stopped by SIGINT\. What was sent is kept as upload [0-9a-f]{32}\. To go on: (sealpart put .*)\n$/;
  expect(stopped.stderr).toMatch(hint);
  const command = hint.exec(stopped.stderr)![1]!;
  expect(command).toContain(`'it'\\''s my key'`);
  expect(command).not.toContain('--no-resume');
  const shell = `sealpart() { ${process.execPath} ${mainFile} "$@"; }; ${command}`;
  const done = await runProcess([], { env, cwd: directory, shell });
  expect([done.exitCode, done.stderr]).toEqual([
    0,
    expect.stringMatching(
      /^put .*memory at most \d+ MiB\ngoing on with upload [0-9a-f]{32}: \d+ parts, .* of content, stored already\n/,
    ),
  ]);
  expect(done.stderr).toMatch(/\nencrypted \d+ bytes .*, and .*MiB before, 16 segments\n/);
  expect(done.stderr).toMatch(/\n\d+ parts of an earlier run kept, \d+ sent now\n$/);
  expect((await runInProcess(['verify', url, ...key])).exitCode).toBe(0);
});

it('a source that was changed since is exit code 6, and --no-resume begins anew', async () => {
  const ground = await uploadGround();
  const { path, url, key, env } = ground;
  const long = new Date('2001-02-03T04:05:06Z');
  await utimes(path('content'), long, long);
  await interruptedPut(ground);
  await writeLarge(path('content'), 'something else');
  const again = ['put', '--json', path('content'), url, ...key];
  const changed = await runInProcess(again, { env });
  expect([changed.exitCode, errorOf(changed)]).toEqual([
    6,
    { code: 'source-changed', message: expect.stringContaining('--no-resume') },
  ]);
  // The same size and time as before: only reading it again can tell.
  await utimes(path('content'), long, long);
  const verified = await runInProcess([...again, '--verify-source'], { env });
  expect([verified.exitCode, errorOf(verified).code]).toEqual([6, 'source-changed']);
  const anew = await runInProcess([...again, '--no-resume'], { env });
  expect([anew.exitCode, factsOf(anew)]).toMatchObject([0, { resumed: false, parts: { kept: 0, sent: parts } }]);
  expect(anew.stderr).toContain('"kind":"abandoned"');
  await runInProcess(['get', url, path('back'), ...key]);
  expectBytes(await readFile(path('back')), await ground.content());
});

it('of two at one upload the second is exit code 7, and one that was taken over stops with it', async () => {
  const ground = await uploadGround();
  const { path, url, key, env } = ground;
  const first = startCli(['put', '--json', path('content'), url, ...key, '--workers', '0'], { env });
  await untilUnderWay(ground);
  await pauseBetweenWrites(first.child, databasesOf(ground));
  const again = ['put', '--json', path('content'), url, ...key];
  const second = await runInProcess(again, { env });
  expect([second.exitCode, errorOf(second)]).toEqual([
    7,
    { code: 'owned', message: expect.stringContaining('--take-over') },
  ]);
  const listed = await runInProcess(['uploads', '--json'], { env });
  expect(JSON.parse(listed.out)).toMatchObject({ state: 'open', ownerState: 'alive', partsTotal: parts });
  const taken = await runInProcess([...again, '--take-over'], { env });
  expect([taken.exitCode, factsOf(taken).resumed]).toEqual([0, true]);
  first.child.kill('SIGCONT');
  expect((await first.ended).exitCode).toBe(7);
  await runInProcess(['get', url, path('back'), ...key]);
  expectBytes(await readFile(path('back')), await ground.content());
});

it('standard input says that it cannot be read again, and begins anew', async () => {
  const ground = await uploadGround();
  const { url, key, env, content } = ground;
  const args = ['put', '-', url, ...key];
  const put = startCli(args, { env, input: 'open' });
  put.child.stdin!.write(await content());
  await until(async () => (await uploadsOf(ground)).some(({ item }) => item.state === 'open'));
  put.child.kill('SIGKILL');
  expect((await put.ended).stderr).toMatch(/^put standard input to .*\nstandard input cannot be read again: .*anew\n/);
  const again = await runInProcess(args, { env, input: await content() });
  expect([again.exitCode, again.stderr]).toEqual([
    0,
    expect.stringMatching(/aborted the unfinished upload [0-9a-f]{32}: .*cannot be read again/),
  ]);
  expect(await uploadsOf(ground)).toEqual([]);
});

it('a public key alone goes on by a key of this host, and not on another', async () => {
  const ground = await uploadGround();
  const { path, url, env } = ground;
  await runInProcess(['keygen', '--x25519', '-q', '-o', path('me.key')]);
  const recipient = /sealpart1\w+/.exec(await readFile(path('me.key'), 'utf8'))![0];
  const stop = { ...ground, key: ['--recipient', recipient] };
  await interruptedPut(stop);
  const args = ['put', '--json', path('content'), url, '--recipient', recipient];
  // Beside the upload's key there is the host's own, which stays.
  expect((await readdir(path('state/sealpart/host-keys'))).length).toBe(2);
  const elsewhere = { XDG_STATE_HOME: path('other-state') };
  const manifest = ['--manifest', `sqlite:${path('state/sealpart/manifest.db')}`];
  const other = await runInProcess([...args, ...manifest], { env: elsewhere });
  expect([other.exitCode, errorOf(other).code]).toEqual([4, 'no-recipient']);
  const done = await runInProcess(args, { env });
  expect([done.exitCode, factsOf(done).resumed]).toEqual([0, true]);
  expect(await readdir(path('state/sealpart/host-keys'))).toEqual(['0'.repeat(32)]);
  expect((await runInProcess(['verify', url, '--identity', path('me.key')])).exitCode).toBe(0);
});

it('--manifest none leaves nothing behind', async () => {
  const ground = await uploadGround();
  const { directory, path, url, key, env } = ground;
  const args = ['put', '--json', path('content'), url, ...key, '--workers', '0', '--manifest', 'none'];
  const put = startCli(args, { env });
  const partFiles = async (): Promise<number> =>
    (await readdir(path('store/data'), { recursive: true }).catch(() => [])).length;
  await until(async () => (await partFiles()) > 3);
  put.child.kill('SIGINT');
  const stopped = await put.ended;
  expect([stopped.exitCode, errorOf(stopped).message]).toEqual([130, expect.not.stringContaining('To go on')]);
  expect(await partFiles()).toBe(0);
  expect(await readdir(directory)).not.toContain('state');
});
