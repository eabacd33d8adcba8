import { execFile } from 'node:child_process';
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { randomLooking } from '../support/content.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf, expectBytes, runInProcess } from './cli-in-process.ts';
import { runProcess, startCli, until } from './cli-process.ts';

const run = promisify(execFile);

async function ground(contentLength = 5000) {
  const directory = await temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  const content = randomLooking(contentLength, 'cli bad input');
  await writeFile(path('a.key'), `${'ab'.repeat(32)}\n`);
  await writeFile(path('content'), content);
  return { directory, path, content, key: ['--key-file', path('a.key')] };
}

async function expectFailure(args: readonly string[], exitCode: number, code: string, message: RegExp): Promise<void> {
  const result = await runInProcess([...args, '--json']);
  expect([args, result.exitCode, errorOf(result).code]).toEqual([args, exitCode, code]);
  expect(errorOf(result).message).toMatch(message);
}

it('data that needs more memory than was given is exit code 1, since no command line could have known', async () => {
  const { path, key } = await ground();
  await writeFile(path('zeros'), new Uint8Array(2 ** 24));
  const small = ['--segment-size', '16M', '--zstd', '--json'];
  await runInProcess(['encrypt', path('zeros'), '-o', path('s'), ...small, ...key]);
  const result = await runInProcess(['decrypt', '--json', '--memory', '4M', path('s'), '-o', path('out'), ...key]);
  expect([result.exitCode, errorOf(result)]).toMatchObject([1, { code: 'bad-parameters', segment: 0 }]);
  expect(errorOf(result).message).toMatch(/^Segment 0 .* needs \d+ MiB .*--memory SIZE/);
});

it('keys that cannot be read or are none are exit code 2, and say which file and line', async () => {
  const { directory, path } = await ground();
  await writeFile(path('empty'), '# only a comment\n\n');
  await writeFile(path('two'), `${'ab'.repeat(32)}\n${'cd'.repeat(32)}\n`);
  await writeFile(path('short'), 'abcd\n');
  await writeFile(path('binary'), Buffer.from([0xff, 0xfe, 0x00]));
  await writeFile(path('no-phrase'), '\n');
  await runInProcess(['keygen', '--x25519', '-q', '-o', path('me.key')]);
  const identity = await readFile(path('me.key'), 'utf8');
  await writeFile(
    path('damaged'),
    identity.replace(/.\n$/, (end) => (end[0] === 'Q' ? 'P\n' : 'Q\n')),
  );
  const cases: readonly (readonly [flag: string, file: string, message: RegExp])[] = [
    ['--key-file', 'nowhere', /nowhere.*no such file/],
    ['--key-file', '.', /is a directory/],
    ['--key-file', 'a.key/b', /ENOTDIR/],
    ['--key-file', 'empty', /empty: it holds no key/],
    ['--key-file', 'two', /two, line 2: a second key/],
    ['--key-file', 'short', /short, line 1: .*64 hex digits/],
    ['--key-file', 'binary', /binary: it is not UTF-8/],
    ['--key-file', 'me.key', /me\.key, line 3: this is an X25519 identity/],
    ['--key-file', '/dev/zero', /no key file is that long/],
    ['--identity', 'a.key', /a symmetric key, not an identity/],
    ['--identity', 'damaged', /this identity is damaged/],
    ['--passphrase-file', 'no-phrase', /holds no passphrase/],
    ['--origin-key', 'nowhere', /no such file/],
  ];
  for (const [flag, file, message] of cases) {
    const given = ['--key-file', path('a.key'), flag, file.startsWith('/') ? file : path(file)];
    await expectFailure(['encrypt', path('content'), '-o', path('out'), ...given], 2, 'bad-key', message);
    await expectFailure(['decrypt', path('content'), '-o', path('out'), ...given], 2, 'bad-key', message);
  }
  for (const text of ['sealpart1nonsense', 'ab'.repeat(32), /SEALPART-SECRET\S+/.exec(identity)![0]]) {
    const args = ['encrypt', path('content'), '-o', path('out'), '--recipient', text];
    const result = await runInProcess([...args, '--json']);
    expect([result.exitCode, errorOf(result).code]).toEqual([2, 'bad-key']);
    // What was taken for a public key may be a secret.
    expect(result.stderr).not.toContain(text);
  }
  expect(await readdir(directory)).not.toContain('out');
});

it('files that may not be read are told of as such', async (context) => {
  const { path, key } = await ground();
  await chmod(path('content'), 0);
  // The superuser may read everything: then somebody else has to try.
  const as = process.getuid?.() === 0 ? { uid: 65_534 } : {};
  if ((await runProcess(['--version'], as)).exitCode !== 0) return context.skip('nobody else can run this checkout');
  const [content, keyFile] = await Promise.all([
    runProcess(
      ['encrypt', '--json', path('content'), '-o', path('out'), ...(as.uid ? ['--recipient', await publicKey()] : key)],
      as,
    ),
    runProcess(['decrypt', '--json', path('content'), '--key-file', path('content')], as),
  ]);
  expect([content.exitCode, errorOf(content)]).toEqual([
    1,
    { code: 'io', message: expect.stringMatching(/content.*permission denied/) },
  ]);
  expect([keyFile.exitCode, errorOf(keyFile)]).toEqual([
    2,
    { code: 'bad-key', message: expect.stringMatching(/content.*permission denied/) },
  ]);
});

async function publicKey(): Promise<string> {
  return /sealpart1\w+/.exec((await runInProcess(['keygen', '--x25519'])).out)![0];
}

it('a directory, a link or nothing in the place of a file', async () => {
  const { directory, path, key } = await ground();
  await mkdir(path('folder'));
  await symlink(path('content'), path('link'));
  await symlink(path('nothing'), path('dangling'));
  await runInProcess(['encrypt', '-q', path('content'), '-o', path('s'), ...key]);
  const before = (await readdir(directory)).sort();
  for (const command of ['encrypt', 'decrypt']) {
    const input = path(command === 'encrypt' ? 'content' : 's');
    await expectFailure([command, path('folder'), '-o', path('out'), ...key], 1, 'io', /is a directory/);
    await expectFailure([command, path('nowhere'), '-o', path('out'), ...key], 1, 'not-found', /no such file/);
    await expectFailure([command, input, '-o', path('folder'), ...key], 1, 'io', /is a directory/);
    await expectFailure([command, input, '-o', path('link'), ...key], 1, 'io', /symbolic link/);
    await expectFailure([command, input, '-o', path('dangling'), ...key], 1, 'io', /symbolic link/);
    await expectFailure([command, input, '-o', path('no/where'), ...key], 1, 'not-found', /Make it first/);
    await expectFailure([command, input, '-o', path('content/out'), ...key], 1, 'io', /not a directory/);
    await expectFailure([command, input, '-o', '', ...key], 2, 'bad-parameters', /name of the output is empty/);
  }
  const url = `dir:${path('content')}//bucket/k`;
  await expectFailure(['put', path('content'), url, ...key], 5, 'store', /content/);
  await expectFailure(['get', url, path('out'), ...key], 5, 'store', /content/);
  expect((await readdir(directory)).sort()).toEqual(before);
});

it('a stream that is none, or not for these keys', async () => {
  const { directory, path, content, key } = await ground();
  await runInProcess(['encrypt', '-q', path('content'), '-o', path('s'), ...key]);
  await writeFile(path('other.key'), `${'cd'.repeat(32)}\n`);
  const stream = await readFile(path('s'));
  await writeFile(path('cut'), stream.subarray(0, -1));
  await writeFile(path('longer'), Buffer.concat([stream, Buffer.alloc(1)]));
  await writeFile(path('nothing'), '');
  const other = ['--key-file', path('other.key')];
  await expectFailure(['decrypt', path('s'), '-o', path('out'), ...other], 4, 'no-recipient', /key file [0-9a-f]{16}/);
  await expectFailure(['decrypt', path('content'), '-o', path('out'), ...key], 3, 'bad-magic', /not a Sealpart stream/);
  await expectFailure(['decrypt', path('cut'), '-o', path('out'), ...key], 3, 'truncated', /segment 0/);
  await expectFailure(['decrypt', path('longer'), '-o', path('out'), ...key], 3, 'trailing-data', /after the end/);
  await expectFailure(['decrypt', path('nothing'), '-o', path('out'), ...key], 3, 'truncated', /./);
  await expectFailure(['inspect', path('nothing')], 3, 'truncated', /./);
  expect(await readdir(directory)).not.toContain('out');
  // What stood there stays.
  await expectFailure(['decrypt', path('cut'), '-o', path('content'), ...key], 3, 'truncated', /./);
  expectBytes(await readFile(path('content')), content);
});

it('a file that grows or shrinks while it is read is exit code 6, one that loses its name is read to the end', async () => {
  const length = 24 * 2 ** 20;
  const { path, key } = await ground();
  const changes = [
    { change: (file: string) => appendFile(file, 'more'), exitCode: 6 },
    { change: (file: string) => truncate(file, length - 10), exitCode: 6 },
    { change: (file: string) => rm(file), exitCode: 0 },
  ];
  const check = async ({ change, exitCode }: (typeof changes)[number], i: number): Promise<void> => {
    const file = path(`changing-${i}`);
    await writeFile(file, new Uint8Array(length));
    const running = startCli(['encrypt', '--json', file, '--segment-size', '64K', '--memory', '8M', ...key]);
    // Nobody empties the pipe, so that the run stands in the middle of the file.
    running.child.stdout!.pause();
    await until(() => running.stderr().includes('start'));
    await change(file);
    running.child.stdout!.resume();
    const result = await running.ended;
    expect(result.exitCode).toBe(exitCode);
    if (exitCode === 6) expect(errorOf(result)).toMatchObject({ code: 'source-changed' });
  };
  await Promise.all(changes.map(check));
});

it('a file that is written to while it is put leaves no object behind', async () => {
  const { path, key } = await ground();
  const url = `dir:${path('store')}//bucket/k`;
  const sparse = await open(path('content'), 'w');
  await sparse.truncate(128 * 2 ** 20);
  const running = startCli(['put', '--json', path('content'), url, ...key]);
  await until(() => running.stderr().includes('start'));
  await sparse.write('changed', 127 * 2 ** 20);
  await sparse.close();
  const result = await running.ended;
  expect([result.exitCode, errorOf(result).code]).toEqual([6, 'source-changed']);
  expect((await runInProcess(['ls', '-q', `dir:${path('store')}//bucket`])).out).toBe('');
  const left = await readdir(path('store/data'), { recursive: true, withFileTypes: true });
  expect(left.filter((entry) => entry.isFile())).toEqual([]);
});

it('a reader that goes away is exit code 1 and one line', async () => {
  const { path, key } = await ground(3_000_000);
  const url = `dir:${path('store')}//bucket/k`;
  await runInProcess(['put', '-q', path('content'), url, ...key]);
  await runInProcess(['export', '-q', url, path('s')]);
  const commands = [
    ['encrypt', '-q', path('content'), ...key],
    ['decrypt', '-q', path('s'), ...key],
    ['get', '-q', url, ...key],
    ['export', '-q', url, '-'],
    ['ls', '-q', `dir:${path('store')}//bucket`],
    ['inspect', '-q', path('s')],
    ['keygen', '-q'],
    ['verify', '--json', '-q', path('s'), ...key],
    ['--help'],
  ];
  // The reader is gone before the process has started.
  const shell = 'set -o pipefail; "$@" | true';
  const results = await Promise.all(commands.map((args) => runProcess(args, { shell })));
  for (const [i, { exitCode, stderr }] of results.entries()) {
    expect([commands[i], exitCode]).toEqual([commands[i], 1]);
    expect(stderr).toMatch(
      /^(sealpart: io: The reader of standard output went away.*|\{"error":\{"code":"io".*\}\})\n$/,
    );
  }
});

it('a full device is exit code 1', async () => {
  const { path, key } = await ground();
  await expectFailure(['encrypt', path('content'), '-o', '/dev/full', ...key], 1, 'io', /no space/);
  const redirected = await runProcess(['encrypt', '-q', path('content'), ...key], { shell: 'exec "$@" > /dev/full' });
  expect([redirected.exitCode, redirected.stderr]).toEqual([1, expect.stringMatching(/^sealpart: io: .*ENOSPC.*\n$/)]);
  const help = await runProcess(['--help'], { shell: 'exec "$@" > /dev/full' });
  expect([help.exitCode, help.stderr]).toEqual([1, expect.stringMatching(/^sealpart: io: .*ENOSPC.*\n$/)]);
});

/** A file system of 6 MiB, where the machine lets us have one. */
async function smallDisk(): Promise<string | undefined> {
  const disk = await mkdtemp(join(tmpdir(), 'sealpart-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]);
  } catch {
    await rm(disk, { recursive: true });
    return undefined;
  }
  onTestFinished(async () => {
    await run('umount', ['-l', disk]);
    await rm(disk, { recursive: true });
  });
  return disk;
}

it('a full disk leaves nothing half-written', async (context) => {
  const disk = await smallDisk();
  if (disk === undefined) return context.skip('no file system can be mounted here');
  const { path, key } = await ground(8 * 2 ** 20);
  const url = `dir:${disk}/store//bucket/k`;
  await runInProcess(['encrypt', '-q', path('content'), '-o', path('s'), ...key]);
  await expectFailure(['encrypt', path('content'), '-o', join(disk, 'out'), ...key], 1, 'io', /no space/);
  await expectFailure(['decrypt', path('s'), '-o', join(disk, 'out'), ...key], 1, 'io', /no space/);
  expect(await readdir(disk)).toEqual([]);
  await expectFailure(['put', path('content'), url, ...key], 5, 'store', /disk is full/);
  expect((await runInProcess(['ls', '-q', `dir:${disk}/store//bucket`])).out).toBe('');
  // Room was made again: what is small enough still goes in.
  const small = await runInProcess(['put', '-q', '-', url, ...key], { input: randomLooking(2 ** 20, 'small') });
  expect([small.exitCode, small.stderr]).toEqual([0, '']);
});

it('a damaged object is refused and leaves no file', async () => {
  const { directory, path, key } = await ground(200_000);
  const url = `dir:${path('store')}//bucket/k`;
  await runInProcess(['put', '-q', path('content'), url, ...key]);
  const data = path('store/data');
  const files = (await readdir(data, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const part = join(files[0]!.parentPath, files[0]!.name);
  const bytes = await readFile(part);
  bytes[100_000]! ^= 0x10;
  await chmod(part, 0o600);
  await writeFile(part, bytes);
  await expectFailure(['get', url, path('out'), ...key], 3, 'crc-mismatch', /segment 0/i);
  await expectFailure(['get', url, path('out'), '--range', '90000-110000', ...key], 3, 'frame-auth', /frame/i);
  await expectFailure(['verify', url, ...key], 3, 'crc-mismatch', /segment 0/i);
  await expectFailure(['verify', url, '--no-key'], 3, 'crc-mismatch', /segment 0/i);
  await rm(part);
  await expectFailure(['get', url, path('out'), ...key], 5, 'store', /gone|damaged/);
  expect(await readdir(directory)).not.toContain('out');
});
