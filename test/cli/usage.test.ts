import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadedAtStart } from '../support/loaded-at-start.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf, runInProcess } from './cli-in-process.ts';
import { mainFile, runProcess } from './cli-process.ts';

const commands = [
  'keygen',
  'encrypt',
  'decrypt',
  'put',
  'get',
  'ls',
  'rm',
  'export',
  'inspect',
  'verify',
  'uploads',
  'reindex',
  'gateway',
];

it('the help names every command, how to begin, and the exit codes', async () => {
  const { exitCode, out, stderr, outputFinished } = await runInProcess(['--help']);
  expect([exitCode, stderr, outputFinished]).toEqual([0, '', true]);
  for (const command of commands) expect(out).toMatch(new RegExp(`^  ${command} .*[a-z]`, 'm'));
  expect(out).toContain('sealpart keygen -o my.key');
  expect(out).toContain('dir:PATH//bucket/key');
  expect(out).toMatch(/0 done, 1 another failure \(.*manifest.*\), 2 wrong usage, 3 the data was refused/);
});

it.each(commands)('the help of %s has examples and no line that a terminal would break', async (command) => {
  const { exitCode, out } = await runInProcess([command, '--help']);
  expect(exitCode).toBe(0);
  expect(out).toContain(`Usage: sealpart ${command}`);
  expect(out).toMatch(new RegExp(`Examples?:\\n  sealpart ${command} |Examples?:\\n  sealpart keygen`));
  expect(out).toContain('--json');
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  expect((await runInProcess(['help', command])).out).toBe(out);
});

it.each(['ls', 'resume', 'abort', 'sweep'])('the help of uploads %s has an example', async (command) => {
  const { exitCode, out } = await runInProcess(['uploads', command, '--help']);
  expect(exitCode).toBe(0);
  expect(out).toContain(`Usage: sealpart uploads ${command}`);
  expect(out).toMatch(new RegExp(`Example:\n  sealpart uploads ${command} `));
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
});

it('a command that needs neither S3 nor a manifest does not load them', async () => {
  const loaded = [...(await loadedAtStart(mainFile))];
  expect(loaded).toContain('commander');
  expect(loaded.filter((name) => /aws-sdk|smithy|objects\/s3|manifest\/sqlite/.test(name))).toEqual([]);
});

it('the version is that of the package', async () => {
  const { exitCode, out } = await runInProcess(['--version']);
  expect([exitCode, out]).toEqual([0, '0.1.0\n']);
});

const key = 'KEY';
const wrong: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [[], /no such command, or none/],
  [['help', 'nope'], /no such command/],
  [['nope'], /Unknown command 'nope'.*sealpart --help/],
  [['encrpt'], /Did you mean encrypt/],
  [['encrypt', '--nope'], /Unknown option '--nope'.*sealpart encrypt --help/],
  [['encrypt', 'a', 'b'], /[Tt]oo many arguments/],
  [['put', 'a'], /[Mm]issing required argument 'url'/],
  [['get'], /[Mm]issing required argument 'url'/],
  [['encrypt', '--key-file'], /--key-file <file>' argument missing/],
  [['encrypt', 'IN', '-o', 'OUT'], /sealpart keygen -o FILE/],
  [['decrypt', 'IN', '-o', 'OUT'], /no key to decrypt with.*sealpart keygen -o FILE/],
  [['put', 'IN', 'dir:s//bucket/key'], /sealpart keygen -o FILE/],
  [['get', 'dir:s//bucket/key'], /no key to decrypt with/],
  [['verify', 'IN'], /no key to decrypt with/],
  [['decrypt', 'IN', '--recipient', 'sealpart1x'], /Unknown option '--recipient'/],
  [['verify', 'IN', '--no-key', '--key-file', key], /--no-key/],
  [['verify', 'IN', '--any-name', '--object-name', 'b/k', '--key-file', key], /cannot be used with/],
  [['encrypt', 'IN', '--key-file', key, '-o', 'OUT', '--preset', 'tiny'], /high-parallelism, balanced, network/],
  [
    ['encrypt', 'IN', '--key-file', key, '-o', 'OUT', '--preset', 'network', '--frame-size', '4K'],
    /cannot be used with/,
  ],
  [['encrypt', 'IN', '--key-file', key, '-o', 'OUT', '--suite', 'rot13'], /aes-256-gcm, chacha20-poly1305/],
  [['encrypt', 'IN', '--key-file', key, '-o', 'OUT', '--digest', 'md5'], /sha256-fragments/],
  [['encrypt', 'IN', '--key-file', key, '-o', 'OUT', '--workers', 'all'], /'--workers <n>'.*whole number/],
  [['encrypt', 'IN', '--key-file', key, '-o', 'OUT', '--memory', 'lots'], /'--memory <size>'.*not a size/],
  [['encrypt', 'IN', '--key-file', key, '-o', 'OUT', '--context', 'a'], /'--context <name=value>'.*NAME=VALUE/],
  [['encrypt', 'IN', '--key-file', key, '-o', 'OUT', '--context', 'a=1', '--context', 'a=2'], /given twice/],
  [['encrypt', 'IN', '--key-file', key, '-o', 'OUT', '--object-name', 'bucket'], /BUCKET\/KEY/],
  [['decrypt', 'IN', '--key-file', key, '--range', '9-1'], /'--range <a-b>'.*ends before it begins/],
  [['decrypt', 'IN', '--key-file', key, '--expect-digest', 'abc'], /64 hex digits/],
  [['put', 'IN', 's3:bucket/key', '--key-file', key], /double slash/],
  [['ls', 's3:///x'], /names no bucket/],
  [['ls', 'dir:s//bucket', '--endpoint-url', 'http://x'], /--endpoint-url is for s3/],
  [['rm', 'dir:s//bucket/k', '--no-path-style'], /--no-path-style is for s3/],
  [['put', 'IN', 'dir:s//bucket/k', '--key-file', key, '--equal-parts'], /--equal-parts is for s3/],
  [['put', 'IN', 'dir:s//bucket/k', '--key-file', key, '--manifest', 'x.db'], /sqlite:PATH, or none/],
  [['put', 'IN', 'dir:s//bucket/k', '--key-file', key, '--manifest', 'none', '--take-over'], /needs a manifest/],
  [['put', 'IN', 'dir:s//bucket/k', '--key-file', key, '--metadata', 'x'], /NAME=VALUE/],
  [['put', 'IN', 'dir:s//bucket/k', '--key-file', key, '--tag', 'a=1', '--tag', 'a=2'], /given twice/],
  [['put', 'IN', 'dir:s//bucket/k', '--key-file', key, '--skip-existing'], /needs -r/],
  [['put', '-r', 'IN', 'dir:s//bucket/k', '--key-file', key], /end it with a slash/],
  [['put', '-r', '-', 'dir:s//bucket/k/', '--key-file', key], /name of a folder/],
  [['get', '-r', 'dir:s//bucket/', '--key-file', key], /name of a folder/],
  [['get', '-r', 'dir:s//bucket/', 'OUT', '--range', '0-1', '--key-file', key], /one object/],
  [['get', 'dir:s//bucket/k', 'OUT', '--skip-existing', '--key-file', key], /needs -r/],
  [['uploads', 'resume'], /[Mm]issing required argument 'id'/],
  [['uploads', 'nope'], /[Tt]oo many arguments/],
  [['uploads', 'ls', '--manifest', 'none'], /Without a manifest/],
  [['uploads', 'sweep', '--older-than', '7'], /'--older-than <time>'.*7d/],
  [['get', 'file.txt', '--key-file', key], /not the URL of an object/],
  [['rm', 'dir:store/bucket/key'], /folder ends/],
  [['export', 'dir:store//bucket', 'OUT'], /names no object/],
];

it('a wrong command line is exit code 2, one line that says what is wrong, and nothing done', async () => {
  const directory = await temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  await writeFile(path('KEY'), `${'ab'.repeat(32)}\n`);
  await writeFile(path('IN'), 'content');
  const placed = (args: readonly string[]): string[] =>
    args.map((arg) => (['KEY', 'IN', 'OUT'].includes(arg) ? path(arg) : arg.replace('dir:s//', `dir:${path('s')}//`)));
  for (const [args, message] of wrong) {
    const plain = await runInProcess(placed(args));
    expect([args, plain.exitCode, plain.stdout.length]).toEqual([args, 2, 0]);
    expect(plain.stderr).toMatch(/^sealpart: usage: .*\n$/);
    expect(plain.stderr).toMatch(message);
    const json = await runInProcess(
      args.at(-1) === '--key-file' ? ['encrypt', '--json', '--key-file'] : [...placed(args), '--json'],
    );
    expect([args, json.exitCode, json.stderr.split('\n').length]).toEqual([args, 2, 2]);
    expect(errorOf(json).code).toBe('usage');
  }
  expect((await readdir(directory)).sort()).toEqual(['IN', 'KEY']);
});

const impossible: readonly (readonly [flags: readonly string[], message: RegExp])[] = [
  [['--segment-size', '5MiB'], /Take 4MiB or 8MiB/],
  [['--segment-size', '2GiB'], /Take 1GiB/],
  [['--frame-size', '5K'], /Take 4KiB or 8KiB/],
  [['--segment-size', '16K', '--frame-size', '64K'], /does not fit into a segment/],
  [['--memory', '1M'], /at least 4 MiB/],
  [['--memory', '4M'], /Take smaller segments or more memory/],
  [['--workers', '999'], /0 to 256 workers/],
  [['--grow-every', '99999'], /1 to 65535/],
  [['--context', `a=${'x'.repeat(40_000)}`], /shorten/],
];

it('what the format does not allow is exit code 2, with what would do', async () => {
  const directory = await temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  await writeFile(path('KEY'), `${'ab'.repeat(32)}\n`);
  await writeFile(path('IN'), new Uint8Array(2 ** 23));
  for (const [flags, message] of impossible) {
    const args = ['encrypt', path('IN'), '--key-file', path('KEY'), '-o', path('OUT'), ...flags];
    const { exitCode, stderr } = await runInProcess(args);
    expect([flags, exitCode]).toEqual([flags, 2]);
    expect(stderr).toMatch(/^sealpart: bad-parameters: .*\n$/);
    expect(stderr).toMatch(message);
  }
  const tooSmall = [
    'put',
    path('IN'),
    `dir:${path('s')}//bucket/key`,
    '--key-file',
    path('KEY'),
    '--segment-size',
    '4M',
  ];
  const put = await runInProcess(tooSmall);
  expect([put.exitCode, put.stderr]).toEqual([2, expect.stringMatching(/bad-parameters: .*8MiB/)]);
  expect((await readdir(directory)).sort()).toEqual(['IN', 'KEY', 's']);
});

it('encrypted bytes go to a terminal only if it is meant', async () => {
  const directory = await temporaryDirectory();
  const keyFile = join(directory, 'KEY');
  await writeFile(keyFile, `${'ab'.repeat(32)}\n`);
  const args = ['encrypt', '--key-file', keyFile];
  const refused = await runInProcess(args, { outputIsTerminal: true, input: Buffer.from('x') });
  expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringMatching(/terminal.*-o FILE, or -o -/)]);
  const meant = await runInProcess([...args, '-o', '-'], { outputIsTerminal: true, input: Buffer.from('x') });
  expect(meant.exitCode).toBe(0);
  const piped = await runInProcess(args, { input: Buffer.from('x') });
  expect(piped.exitCode).toBe(0);
});

it('what comes behind -- is no flag', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, '--json'), 'no stream');
  const { exitCode, stderr } = await runProcess(['inspect', '--', '--json'], { cwd: directory });
  expect([exitCode, stderr]).toEqual([3, expect.stringMatching(/\nsealpart: bad-magic: .*\n$/)]);
});

it('a process ends with these codes too', async () => {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, 'd'));
  const [usage, help, json] = await Promise.all([
    runProcess(['decrypt', '--nope']),
    runProcess(['--help']),
    runProcess(['rm', '--json', 'x']),
  ]);
  expect([usage.exitCode, usage.out]).toEqual([2, '']);
  expect(usage.stderr).toMatch(/^sealpart: usage: .*\n$/);
  expect([help.exitCode, help.stderr]).toEqual([0, '']);
  expect(json.exitCode).toBe(2);
  expect(errorOf(json).code).toBe('usage');
});
