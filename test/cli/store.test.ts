import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listedName } from '../../src/cli/one-line.ts';
import { randomLooking } from '../support/content.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf, expectBytes, runInProcess } from './cli-in-process.ts';
import { succeed } from './cli-process.ts';

async function ground(contentLength = 5000) {
  const directory = await temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  const content = randomLooking(contentLength, 'cli store');
  await writeFile(path('a.key'), `${'ab'.repeat(32)}\n`);
  await writeFile(path('content'), content);
  const url = (name: string): string => `dir:${path('store')}//${name}`;
  const key = ['--key-file', path('a.key')];
  return { directory, path, content, url, key };
}

it('a file goes into a store and comes back, in parts', async () => {
  const { directory, content, url, key } = await ground(2 ** 23 * 2 + 12_345);
  const at = { cwd: directory };
  const object = url('bucket/dir/name');
  const put = await succeed(['put', '--key-file', 'a.key', 'content', 'dir:store//bucket/dir/name'], at);
  expect(put.out).toBe('');
  expect(put.stderr).toMatch(
    /^put \S*\/content to dir:\S*\/store\/\/bucket\/dir\/name, memory at most \d+ MiB\nencrypted 16789561 bytes \(16 MiB\) in .*, 3 segments\nstream digest [0-9a-f]{64}\n$/,
  );
  const [ls, long, json, got, piped, range, verified, exported] = await Promise.all([
    succeed(['ls', 'dir:store//bucket'], at),
    runInProcess(['ls', '--long', url('bucket/dir/')]),
    runInProcess(['ls', '--json', url('bucket/d')]),
    succeed(['get', '--key-file', 'a.key', 'dir:store//bucket/dir/name', 'back'], at),
    runInProcess(['get', '-q', ...key, object]),
    runInProcess(['get', ...key, object, '--range', '8388600-8388700']),
    runInProcess(['verify', '--json', ...key, object]),
    runInProcess(['export', object, join(directory, 'exported')]),
  ]);
  expect(ls.out).toBe('dir/name\n');
  const [head, row, end] = long.out.split('\n');
  expect(head).toMatch(/^ ENCRYPTED BYTES +MODIFIED +KEY$/);
  expect(row).toMatch(/^ +16800449 {2}\d{4}-\d\d-\d\dT[\d:.]+Z {2}dir\/name$/);
  expect(end).toBe('');
  expect(JSON.parse(json.out)).toEqual({
    key: 'dir/name',
    encryptedBytes: 16_800_449,
    lastModified: expect.stringMatching(/Z$/),
    etag: expect.any(String),
  });
  expectBytes(await readFile(join(directory, 'back')), content);
  expect(got.stderr).toMatch(
    /^get dir:\S*\/store\/\/bucket\/dir\/name to \S*\/back, memory at most \d+ MiB\ndecrypted 16789561 /,
  );
  expectBytes(piped.stdout, content);
  expect(piped.stderr).toBe('');
  expectBytes(range.stdout, content.subarray(8_388_600, 8_388_701));
  expect(range.stderr).toContain('bytes 8388600 to 8388700');
  expect(JSON.parse(verified.out)).toMatchObject({ verified: 'content', contentBytes: content.length });
  expect(put.stderr).toContain(JSON.parse(verified.out).streamDigest);
  expect(exported.stderr).toContain('encrypted as they are');
  const back = await succeed(
    ['decrypt', '-q', '--key-file', 'a.key', '--object-name', 'bucket/dir/name', 'exported'],
    at,
  );
  expectBytes(back.stdout, content);
  const removed = await succeed(['rm', 'dir:store//bucket/dir/name'], at);
  expect(removed.stderr).toMatch(/\nremoved dir:\S*\/store\/\/bucket\/dir\/name\n$/);
  const empty = await succeed(['ls', '-q', 'dir:store//bucket'], at);
  expect([empty.out, empty.stderr]).toEqual(['', '']);
});

it('with --json put and rm tell of the object', async () => {
  const { path, url, key, content } = await ground();
  const put = await runInProcess(['put', '--json', ...key, path('content'), url('bucket/k')]);
  expect(JSON.parse(put.out)).toEqual({
    command: 'put',
    input: path('content'),
    store: `dir:${path('store')}`,
    output: url('bucket/k'),
    contentBytes: content.length,
    segments: 1,
    streamId: expect.stringMatching(/^[0-9a-f]{32}$/),
    streamDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    etag: expect.any(String),
    parts: { kept: 0, sent: 1 },
    resumed: false,
    seconds: expect.any(Number),
  });
  const rm = await runInProcess(['rm', '--json', url('bucket/k')]);
  expect(JSON.parse(rm.out)).toMatchObject({
    command: 'rm',
    object: url('bucket/k'),
    encryptedBytes: expect.any(Number),
  });
});

it('standard input becomes an object, and an object standard output', async () => {
  const { url, key, content } = await ground();
  expect((await runInProcess(['put', ...key, '-', url('bucket/k')], { input: content })).exitCode).toBe(0);
  for (const args of [[], ['-']]) {
    const got = await runInProcess(['get', '--json', ...key, url('bucket/k'), ...args]);
    expectBytes(got.stdout, content);
    expect(JSON.parse(got.stderr.trimEnd().split('\n').at(-1)!)).toMatchObject({ command: 'get', contentBytes: 5000 });
  }
  const exported = await runInProcess(['export', '--json', url('bucket/k'), '-']);
  expect(exported.stdout.subarray(0, 8).toString()).toBe('SEALPART');
  expect(JSON.parse(exported.stderr.trimEnd().split('\n').at(-1)!)).toMatchObject({
    command: 'export',
    encryptedBytes: exported.stdout.length,
  });
});

it('an object takes the place of one of the same name', async () => {
  const { path, url, key } = await ground();
  await runInProcess(['put', ...key, path('content'), url('bucket/k')]);
  await runInProcess(['put', ...key, '-', url('bucket/k')], { input: Buffer.from('newer') });
  expect((await runInProcess(['get', ...key, url('bucket/k')])).out).toBe('newer');
});

/** The longest key there can be, and others that file systems, URLs or terminals would make something else of. */
const oddKeys = [
  'k'.repeat(1024),
  'ü'.repeat(512),
  '..',
  '../../etc/passwd',
  'a',
  'a/b',
  'a//b',
  '/leading',
  'trailing/',
  '%2e%2e%2F?x=1#y',
  ' spaces ',
  'new\nline',
  '\u202eright to left',
  'e\u0301 is not \u00e9',
  '\u00e9',
  '\ufeffbom',
  '😀/🗝',
  '-q',
  'dir:x//y',
];

it('any key of 1 to 1,024 bytes is as good as any other', async () => {
  const { url, key, directory } = await ground();
  for (const [i, name] of oddKeys.entries()) {
    const put = await runInProcess(['put', '-q', ...key, '-', url(`bucket/${name}`)], { input: Buffer.from(`${i}`) });
    expect([name, put.exitCode, put.stderr]).toEqual([name, 0, '']);
  }
  const listed = await runInProcess(['ls', '--json', url('bucket')]);
  const keys = listed.out
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { key: string }).key);
  const byBytes = [...oddKeys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(keys).toEqual(byBytes);
  expect((await runInProcess(['ls', url('bucket/')])).out).toBe(
    byBytes.map((name) => `${listedName(name)}\n`).join(''),
  );
  for (const [i, name] of oddKeys.entries()) {
    expect((await runInProcess(['get', '-q', ...key, url(`bucket/${name}`)])).out).toBe(`${i}`);
  }
  // The name must survive the shell and the system as well.
  const odd = ['../../etc/passwd', 'new\nline', '\u202eright to left', '😀/🗝'];
  const got = await Promise.all(odd.map((name) => succeed(['get', ...key, url(`bucket/${name}`)])));
  expect(got.map(({ out }) => out)).toEqual(odd.map((name) => String(oddKeys.indexOf(name))));
  for (const { stderr } of got) expect(stderr.split('\n')).toHaveLength(4);
  expect((await readdir(directory)).sort()).toEqual(['a.key', 'content', 'store']);
});

it.each([
  ['bucket/', 'usage'],
  [`bucket/${'k'.repeat(1025)}`, 'bad-name'],
  ['Bucket/k', 'bad-name'],
  ['bu/k', 'bad-name'],
  ['192.168.1.1/k', 'bad-name'],
])('%s cannot name an object, and nothing is made for it', async (name, code) => {
  const { directory, url, key, path } = await ground();
  const put = await runInProcess(['put', '--json', ...key, path('content'), url(name)]);
  expect([put.exitCode, errorOf(put).code]).toEqual([2, code]);
  expect((await readdir(directory)).sort()).toEqual(['a.key', 'content']);
});

it('more objects than a page of a listing has are all listed', async () => {
  const { path, url } = await ground();
  const { openDirectoryStore } = await import('../../src/objects/directory/open-directory-store.ts');
  const signal = new AbortController().signal;
  const store = await openDirectoryStore(path('store'), { create: true });
  await store.createBucket('bucket', signal);
  const names = Array.from({ length: 1203 }, (_, i) => `k${String(i).padStart(4, '0')}`);
  for (const key of names) await store.put({ bucket: 'bucket', key }, new Uint8Array(1), {}, {}, signal);
  await store.close();
  expect((await runInProcess(['ls', url('bucket')])).out).toBe(names.map((name) => `${name}\n`).join(''));
});

it('what is not in a store is exit code 5, and what is not a file 1', async () => {
  const { directory, path, url, key } = await ground();
  await runInProcess(['put', ...key, path('content'), url('bucket/k')]);
  const noStore = `dir:${path('nowhere')}//bucket/k`;
  const cases: readonly (readonly [args: readonly string[], exitCode: number])[] = [
    [['get', ...key, url('bucket/nope'), path('out')], 5],
    [['get', ...key, url('nobucket/k'), path('out')], 5],
    [['get', ...key, noStore, path('out')], 5],
    [['export', url('bucket/nope'), path('out')], 5],
    [['inspect', url('bucket/nope')], 5],
    [['verify', ...key, url('bucket/nope')], 5],
    [['verify', '--no-key', noStore], 5],
    [['rm', url('bucket/nope')], 5],
    [['ls', url('nobucket')], 5],
    [['ls', noStore], 5],
    [['put', ...key, path('nope'), noStore], 1],
    [['get', ...key, url('bucket/k'), path('nowhere/out')], 1],
  ];
  for (const [args, exitCode] of cases) {
    const result = await runInProcess([...args, '--json']);
    expect([args, result.exitCode, errorOf(result).code]).toEqual([args, exitCode, 'not-found']);
    expect(result.stdout).toHaveLength(0);
  }
  expect((await readdir(directory)).sort()).toEqual(['a.key', 'content', 'store']);
});

it('an object that was moved to another name is refused unless any name will do', async () => {
  const { path, url, key, content } = await ground();
  await runInProcess(['put', ...key, path('content'), url('bucket/k')]);
  await runInProcess(['export', url('bucket/k'), path('stream')]);
  await runInProcess(['encrypt', ...key, path('content'), '-o', path('unbound')]);
  const { openDirectoryStore } = await import('../../src/objects/directory/open-directory-store.ts');
  const signal = new AbortController().signal;
  const store = await openDirectoryStore(path('store'), { create: false });
  for (const [name, file] of [
    ['moved', 'stream'],
    ['unbound', 'unbound'],
  ] as const) {
    await store.put({ bucket: 'bucket', key: name }, await readFile(path(file)), {}, {}, signal);
  }
  await store.close();
  for (const name of ['moved', 'unbound']) {
    for (const command of ['get', 'verify']) {
      const refused = await runInProcess([command, '--json', ...key, url(`bucket/${name}`)]);
      expect([name, command, refused.exitCode, errorOf(refused).code]).toEqual([name, command, 3, 'wrong-object']);
      expect(errorOf(refused).message).toContain('--any-name');
      expect(refused.stdout).toHaveLength(0);
      expect((await runInProcess([command, '--json', ...key, url(`bucket/${name}`), '--any-name'])).exitCode).toBe(0);
    }
  }
  const got = await runInProcess(['get', ...key, url('bucket/moved'), '--any-name']);
  expectBytes(got.stdout, content);
  const asked = await runInProcess(['verify', ...key, url('bucket/moved'), '--object-name', 'bucket/k']);
  expect(asked.exitCode).toBe(0);
});
