import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { randomLooking } from '../support/content.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf, expectBytes, runInProcess } from './cli-in-process.ts';
import { runProcess, succeed } from './cli-process.ts';

/** A directory with a key, another one, an identity, and some content. */
async function ground(contentLength = 300_000) {
  const directory = await temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  const content = randomLooking(contentLength, 'cli');
  await Promise.all([
    writeFile(path('a.key'), `${'ab'.repeat(32)}\n`),
    writeFile(path('b.key'), `${'cd'.repeat(32)}\n`),
    writeFile(path('phrase'), 'correct horse\n'),
    writeFile(path('content'), content),
    runInProcess(['keygen', '--x25519', '-o', path('me.key')]),
  ]);
  const publicKey = /sealpart1\w+/.exec(await readFile(path('me.key'), 'utf8'))![0];
  return { directory, path, content, publicKey };
}

it('a file becomes a stream and comes back', async () => {
  const { directory, content } = await ground();
  const at = { cwd: directory };
  const encrypted = await succeed(['encrypt', '--key-file', 'a.key', 'content', '-o', 'stream'], at);
  expect(encrypted.out).toBe('');
  expect(encrypted.stderr).toMatch(
    /^encrypt \S*\/content to \S*\/stream, memory at most \d+ MiB\nencrypted 300000 bytes \(293 KiB\) in \d+\.\d\d s, 1 segment\nstream digest [0-9a-f]{64}\n$/,
  );
  const stream = await readFile(join(directory, 'stream'));
  expect(stream.subarray(0, 8).toString()).toBe('SEALPART');
  expect(stream.includes(content.subarray(0, 32))).toBe(false);
  const decrypted = await succeed(['decrypt', '--key-file', 'a.key', 'stream', '-o', 'back'], at);
  expect(decrypted.stderr).toMatch(
    /^decrypt \S*\/stream to \S*\/back, memory at most \d+ MiB\ndecrypted 300000 bytes .*\nstream digest [0-9a-f]{64}\n$/,
  );
  const digest = /digest (\w+)/.exec(encrypted.stderr)![1]!;
  expect(decrypted.stderr).toContain(digest);
  expectBytes(await readFile(join(directory, 'back')), content);
});

it('pipes, redirections and dashes are standard input and output', async () => {
  const { directory, content } = await ground();
  const at = { cwd: directory };
  const piped = await succeed(['encrypt', '--key-file', 'a.key'], { ...at, input: content });
  expect(piped.stderr).toMatch(/^encrypt standard input to standard output, /);
  const [pipe, dashes, redirected, through] = await Promise.all([
    succeed(['decrypt', '--key-file', 'a.key'], { ...at, input: piped.stdout }),
    succeed(['decrypt', '--key-file', 'a.key', '-', '-o', '-'], { ...at, input: piped.stdout }),
    succeed(['encrypt', '--key-file', 'a.key', '-q'], { ...at, shell: 'exec "$@" < content > redirected' }),
    runProcess(['encrypt', '--key-file', 'a.key', '-q'], {
      ...at,
      shell: 'cat content | "$@" | "$1" "$2" decrypt --key-file a.key -q',
    }),
  ]);
  expectBytes(pipe.stdout, content);
  expectBytes(dashes.stdout, content);
  expect([redirected.out, redirected.stderr]).toEqual(['', '']);
  expect([through.exitCode, through.stderr]).toEqual([0, '']);
  expectBytes(through.stdout, content);
  const back = await succeed(['decrypt', '--key-file', 'a.key', '-q'], { ...at, shell: 'exec "$@" < redirected' });
  expectBytes(back.stdout, content);
});

it('with --json the result is one object: on standard output, or beside the content on standard error', async () => {
  const { path, content } = await ground();
  const toFile = await runInProcess([
    'encrypt',
    '--json',
    '--key-file',
    path('a.key'),
    path('content'),
    '-o',
    path('s'),
  ]);
  const result = JSON.parse(toFile.out);
  expect(result).toEqual({
    command: 'encrypt',
    input: path('content'),
    output: path('s'),
    contentBytes: content.length,
    segments: 1,
    streamId: expect.stringMatching(/^[0-9a-f]{32}$/),
    streamDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    seconds: expect.any(Number),
  });
  expect(JSON.parse(toFile.stderr)).toEqual({
    start: { command: 'encrypt', input: path('content'), output: path('s'), memoryBytes: expect.any(Number) },
  });
  const toPipe = await runInProcess(['decrypt', '--json', '--key-file', path('a.key'), path('s')]);
  expectBytes(toPipe.stdout, content);
  const lines = toPipe.stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([
    { start: expect.objectContaining({ output: 'standard output' }) },
    expect.objectContaining({ command: 'decrypt', contentBytes: content.length, streamDigest: result.streamDigest }),
  ]);
});

it('--quiet says nothing, and with --json only what was asked for', async () => {
  const { path } = await ground();
  const common = ['--key-file', path('a.key'), path('content'), '-o', path('s')];
  const quiet = await runInProcess(['encrypt', '--quiet', ...common]);
  expect([quiet.exitCode, quiet.out, quiet.stderr]).toEqual([0, '', '']);
  const json = await runInProcess(['encrypt', '--quiet', '--json', ...common]);
  expect([JSON.parse(json.out).command, json.stderr]).toEqual(['encrypt', '']);
});

it('every kind of key that a stream was encrypted for opens it alone', async () => {
  const { path, content, publicKey } = await ground(5000);
  const env = { SEALPART_PASSPHRASE: 'from the environment' };
  const all = ['--key-file', path('a.key'), '--key-file', path('b.key'), '--recipient', publicKey];
  const encrypt = ['encrypt', '-q', path('content')];
  const byEnvironment = await runInProcess([...encrypt, '-o', path('env')], { env });
  const byFile = await runInProcess([...encrypt, ...all, '--passphrase-file', path('phrase'), '-o', path('file')]);
  expect([byEnvironment.exitCode, byFile.exitCode]).toEqual([0, 0]);
  const readers: readonly (readonly [stream: string, flags: readonly string[], env?: Record<string, string>])[] = [
    ['env', [], env],
    ['file', ['--key-file', path('a.key')]],
    ['file', ['--key-file', path('b.key')]],
    ['file', ['--identity', path('me.key')]],
    ['file', ['--passphrase-file', path('phrase')]],
    ['file', [], { SEALPART_PASSPHRASE: 'correct horse' }],
  ];
  for (const [stream, flags, readerEnv] of readers) {
    const read = await runInProcess(['decrypt', '-q', path(stream), ...flags], readerEnv ? { env: readerEnv } : {});
    expect([stream, flags, read.exitCode, read.stderr]).toEqual([stream, flags, 0, '']);
    expectBytes(read.stdout, content);
  }
  const other = await runInProcess(['decrypt', '-q', path('file'), '--json'], { env });
  expect([other.exitCode, errorOf(other).code]).toEqual([4, 'header-auth']);
  const empty = await runInProcess(['decrypt', path('file')], { env: { SEALPART_PASSPHRASE: '' } });
  expect([empty.exitCode, empty.stderr]).toEqual([2, expect.stringMatching(/SEALPART_PASSPHRASE is set and empty/)]);
});

it('a passphrase that is left in the environment counts only where no flag gives a key', async () => {
  const { path, content, publicKey } = await ground(5000);
  const env = { SEALPART_PASSPHRASE: 'left over' };
  const stray = [{ env }, { env: { SEALPART_PASSPHRASE: '' } }];
  const phrase = ['--passphrase-file', path('phrase')];
  for (const [name, writer, reader, kinds] of [
    ['key', ['--key-file', path('a.key')], ['--key-file', path('a.key')], ['key-file']],
    ['recipient', ['--recipient', publicKey], ['--identity', path('me.key')], ['x25519']],
    ['identity', ['--identity', path('me.key')], ['--identity', path('me.key')], ['x25519']],
    ['from-phrase', phrase, phrase, ['passphrase']],
  ] as const) {
    for (const options of stray) {
      const made = await runInProcess(['encrypt', '-q', path('content'), ...writer, '-o', path(name)], options);
      expect([name, made.exitCode, made.stderr]).toEqual([name, 0, '']);
      const [header] = (await runInProcess(['inspect', '-q', '--json', path(name)])).out.split('\n');
      const { recipients } = JSON.parse(header!).stream as { recipients: { kind: string }[] };
      expect([name, recipients.map(({ kind }) => kind)]).toEqual([name, kinds]);
      // Beside a passphrase, identities would not be used.
      const read = await runInProcess(['decrypt', '-q', path(name), ...reader], options);
      expect([name, read.exitCode, read.stderr]).toEqual([name, 0, '']);
      expectBytes(read.stdout, content);
    }
  }
  const help = await runInProcess(['encrypt', '--help']);
  expect(help.out).toMatch(/SEALPART_PASSPHRASE is one too, if no flag gives a\s+key/);
});

it('an identity encrypts for its own public key, and is used beside a key file only if told', async () => {
  const { path, content } = await ground(5000);
  await runInProcess(['encrypt', path('content'), '--identity', path('me.key'), '-o', path('s')]);
  const decrypt = ['decrypt', '--json', path('s'), '--identity', path('me.key')];
  expectBytes((await runInProcess(decrypt)).stdout, content);
  const beside = await runInProcess([...decrypt, '--key-file', path('a.key')]);
  expect([beside.exitCode, errorOf(beside).code]).toEqual([4, 'no-recipient']);
  expect(errorOf(beside).message).toContain('--allow-public-key');
  const told = await runInProcess([...decrypt, '--key-file', path('a.key'), '--allow-public-key']);
  expectBytes(told.stdout, content);
});

it('an origin key proves where a stream comes from', async () => {
  const { path } = await ground(5000);
  const decrypt = ['decrypt', '--json', '--key-file', path('a.key'), '-o', path('out')];
  await runInProcess([
    'encrypt',
    path('content'),
    '--key-file',
    path('a.key'),
    '--origin-key',
    path('b.key'),
    '-o',
    path('s'),
  ]);
  await runInProcess(['encrypt', path('content'), '--key-file', path('a.key'), '-o', path('plain')]);
  expect((await runInProcess([...decrypt, path('s'), '--origin-key', path('b.key')])).exitCode).toBe(0);
  for (const refused of [
    await runInProcess([...decrypt, path('s'), '--origin-key', path('a.key')]),
    await runInProcess([...decrypt, path('plain'), '--origin-key', path('b.key')]),
  ]) {
    expect([refused.exitCode, errorOf(refused).code]).toEqual([4, 'header-auth']);
  }
});

it('a pinned digest accepts one stream only, and pins digests of tags only if told', async () => {
  const { path, content } = await ground(5000);
  const encrypt = ['encrypt', '--json', '--key-file', path('a.key'), path('content'), '-o'];
  const own = JSON.parse((await runInProcess([...encrypt, path('s')])).out).streamDigest as string;
  const other = JSON.parse((await runInProcess([...encrypt, path('t')])).out).streamDigest as string;
  const tags = JSON.parse((await runInProcess([...encrypt, path('u'), '--digest', 'sha256-tags'])).out).streamDigest;
  const decrypt = ['decrypt', '--json', '--key-file', path('a.key'), '--expect-digest'];
  expectBytes((await runInProcess([...decrypt, own.toUpperCase(), path('s')])).stdout, content);
  expectBytes((await runInProcess([...decrypt, tags, path('u'), '--accept-tag-digest'])).stdout, content);
  for (const refused of [
    await runInProcess([...decrypt, other, path('s'), '-o', path('out')]),
    await runInProcess([...decrypt, tags, path('u'), '-o', path('out')]),
  ]) {
    expect([refused.exitCode, errorOf(refused).code]).toEqual([3, 'stream-digest-mismatch']);
  }
});

it('a stream bound to a name is decrypted when that name is asked for, or none', async () => {
  const { path, content } = await ground(5000);
  const encrypt = ['encrypt', '-q', '--key-file', path('a.key'), path('content'), '-o'];
  await runInProcess([...encrypt, path('bound'), '--object-name', 'bucket/a/../b']);
  await runInProcess([...encrypt, path('unbound')]);
  const decrypt = ['decrypt', '--json', '--key-file', path('a.key')];
  expectBytes((await runInProcess([...decrypt, path('bound'), '--object-name', 'bucket/a/../b'])).stdout, content);
  expect((await runInProcess([...decrypt, path('bound')])).exitCode).toBe(0);
  for (const [stream, name] of [
    ['bound', 'bucket/b'],
    ['unbound', 'bucket/b'],
  ] as const) {
    const refused = await runInProcess([...decrypt, path(stream), '--object-name', name]);
    expect([refused.exitCode, errorOf(refused).code]).toEqual([3, 'wrong-object']);
    expect(refused.stdout).toHaveLength(0);
  }
});

it.each([
  [['--suite', 'chacha20-poly1305']],
  [['--digest', 'sha256']],
  [['--digest', 'sha256-tags']],
  [['--zstd']],
  [['--segment-size', '16KiB']],
  [['--segment-size', '64K', '--frame-size', '4K']],
  [['--preset', 'high-parallelism', '--segment-size', '128K']],
  [['--segment-size', '16K', '--grow-every', '2']],
  [['--context', 'owner=ü=1', '--context', 'b=']],
  [['--workers', '0', '--memory', '64MiB']],
])('encrypt %j', async (flags) => {
  const { path } = await ground();
  const content = new Uint8Array(300_000).fill(7);
  await writeFile(path('content'), content);
  const common = ['--json', '--key-file', path('a.key')];
  const encrypted = await runInProcess(['encrypt', ...common, ...flags, path('content'), '-o', path('s')]);
  expect([encrypted.exitCode, encrypted.stderr.split('\n')]).toEqual([0, [expect.any(String), '']]);
  const decrypted = await runInProcess(['decrypt', ...common, path('s'), '-o', path('back')]);
  expect(decrypted.exitCode).toBe(0);
  expectBytes(await readFile(path('back')), content);
  const { size } = await stat(path('s'));
  if (flags[0] === '--zstd') expect(size).toBeLessThan(10_000);
  else expect(size).toBeGreaterThan(content.length);
  if (flags[0] === '--context') expect(JSON.parse(decrypted.out).context).toEqual({ b: '', owner: 'ü=1' });
});

it('ranges count from 0 and include both ends', async () => {
  const { path, content } = await ground();
  await runInProcess([
    'encrypt',
    '-q',
    '--key-file',
    path('a.key'),
    '--segment-size',
    '64K',
    path('content'),
    '-o',
    path('s'),
  ]);
  const last = content.length - 1;
  const stream = await readFile(path('s'));
  for (const [range, first, end] of [
    ['0-0', 0, 1],
    ['65000-70000', 65_000, 70_001],
    [`${last}-`, last, last + 1],
    ['-100', last - 99, last + 1],
    [`-${10 * last}`, 0, last + 1],
    [`5-${10 * last}`, 5, last + 1],
  ] as const) {
    const args = ['decrypt', '--json', '--key-file', path('a.key'), '--range', range];
    for (const read of [
      await runInProcess([...args, path('s')]),
      await runInProcess([...args, '-'], { input: stream }),
    ]) {
      expect([range, read.exitCode]).toEqual([range, 0]);
      expectBytes(read.stdout, content.subarray(first, end));
      const facts = JSON.parse(read.stderr.trimEnd().split('\n').at(-1)!);
      expect(facts).toMatchObject({ contentBytes: end - first, range: { first, last: end - 1 } });
    }
  }
  const beyond = await runInProcess([
    'decrypt',
    '--json',
    '--key-file',
    path('a.key'),
    path('s'),
    '--range',
    `${last + 1}-`,
  ]);
  expect([beyond.exitCode, errorOf(beyond).code]).toEqual([2, 'bad-range']);
});

it('content of no bytes comes back as no bytes', async () => {
  const { path } = await ground(0);
  const encrypted = await runInProcess(['encrypt', '--key-file', path('a.key'), path('content'), '-o', path('s')]);
  expect(encrypted.stderr).toContain('encrypted 0 bytes in');
  const back = await runInProcess(['decrypt', '--key-file', path('a.key'), path('s')]);
  expect([back.exitCode, back.stdout.length, back.outputFinished]).toEqual([0, 0, true]);
});

it('an indexed stream from a pipe goes through a temporary file that is gone afterwards', async () => {
  const { directory, path } = await ground();
  const vectors = new URL('../vectors/accept/', import.meta.url);
  const names = (await readdir(vectors)).filter((name) => name.endsWith('.json'));
  const found = (
    await Promise.all(names.map(async (name) => JSON.parse(await readFile(new URL(name, vectors), 'utf8'))))
  ).find((vector) => vector.params.layout === 1 && vector.keys.key_file !== undefined && !vector.asked);
  await writeFile(path('v.key'), `${found.keys.key_file}\n`);
  const input = await readFile(new URL(`${found.name}.stream`, vectors));
  const spool = await temporaryDirectory();
  const at = { cwd: directory, env: { TMPDIR: spool }, input };
  const [whole, refused, full] = await Promise.all([
    succeed(['decrypt', '--key-file', 'v.key'], at),
    runProcess(['decrypt', '--key-file', 'a.key', '--json'], at),
    runProcess(['decrypt', '--key-file', 'v.key', '--json'], { ...at, env: { TMPDIR: join(spool, 'gone') } }),
  ]);
  expect(whole.stdout).toHaveLength(found.content.length);
  expect([refused.exitCode, errorOf(refused).code]).toEqual([4, 'no-recipient']);
  expect([full.exitCode, errorOf(full).code]).toEqual([1, 'io']);
  expect(await readdir(spool)).toEqual([]);
});
