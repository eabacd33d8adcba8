import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { StoredParts } from '../../src/cli/stored-parts.ts';
import { randomLooking } from '../support/content.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { errorOf, runInProcess } from './cli-in-process.ts';
import { succeed } from './cli-process.ts';

async function ground(contentLength: number) {
  const directory = await temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  await writeFile(path('a.key'), `${'ab'.repeat(32)}\n`);
  await writeFile(path('content'), randomLooking(contentLength, 'cli inspect'));
  const url = (name: string): string => `dir:${path('store')}//${name}`;
  return { directory, path, url, key: ['--key-file', path('a.key')] };
}

it('inspect shows a stream without a key', async () => {
  const { path, key } = await ground(100_000);
  await writeFile(path('phrase'), 'phrase\n');
  const flags = [
    '--passphrase-file',
    path('phrase'),
    '--segment-size',
    '32K',
    '--context',
    'owner=me',
    '--context',
    'z=\x1b[2J',
    '--origin-key',
    path('a.key'),
  ];
  await runInProcess(['encrypt', '-q', ...key, ...flags, path('content'), '-o', path('s')]);
  const { out, stderr, exitCode } = await runInProcess(['inspect', path('s')]);
  expect([exitCode, stderr]).toEqual([0, `inspect ${path('s')}, memory at most 150 MiB\n`]);
  expect(out.replace(/[0-9a-f]{16,}/g, 'HEX')).toBe(`stream id    HEX
suite        aes-256-gcm, digest sha256-fragments, layout 0 (scheduled)
sizes        frames of 8KiB, segments of 32KiB
compression  none
header       1024 bytes, generation 0
recipient    key file HEX
recipient    passphrase (scrypt N = 2^17)
context      owner = me
context      z = \ufffd[2J
object       bound to no name
origin       key HEX

   segment   part   content bytes      wire bytes  flags
         0      1           31744           32092
         1      2           32768           33116
         2      3           32768           33116
         3      4            2720            2960  FINAL

total        4 segments, 100000 bytes (97.7 KiB) of content in 102308 bytes (99.9 KiB); nothing of this was authenticated
`);
});

it('inspect prints nothing that steers a terminal, and JSON keeps what it was', async () => {
  const { path, key } = await ground(100);
  const value = 'x\x9b2J\u202egpj.exe\u2069';
  await runInProcess(['encrypt', '-q', ...key, '--context', `name=${value}`, path('content'), '-o', path('s')]);
  for (const flags of [[], ['--json']]) {
    const { out } = await runInProcess(['inspect', path('s'), ...flags]);
    for (const line of out.split('\n')) expect(line).toMatch(/^[^\p{Cc}\p{Cf}]*$/u);
    if (flags.length > 0) expect(JSON.parse(out.split('\n')[0]!).stream.context).toEqual({ name: value });
  }
});

it('inspect of an object agrees with its parts: segment i is part i + 1, all full parts have one size', async () => {
  const { path, url, key } = await ground(2 ** 23 * 3 + 1);
  await runInProcess(['put', '-q', ...key, path('content'), url('bucket/k')]);
  const plain = await succeed(['inspect', url('bucket/k')]);
  expect(plain.out).toContain('object       bound to this name\n');
  expect(plain.out).toMatch(/\nparts {8}4 parts in the store, which agree with the segments\n$/);
  const { out } = await runInProcess(['inspect', '--json', url('bucket/k')]);
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines[0].stream).toMatchObject({ layout: 'scheduled', segmentBytes: 2 ** 23, binding: 'this-name' });
  const segments = lines.slice(1, -1).map(({ segment }) => segment);
  expect(segments.map(({ segmentIndex, partNumber }) => [segmentIndex, partNumber])).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 4],
  ]);
  const full = segments[1].partBytes;
  expect(segments.map(({ partBytes }) => partBytes)).toEqual([full, full, full, expect.any(Number)]);
  expect(segments[0].wireBytes + 1024).toBe(full);
  expect(segments[1].wireBytes).toBe(full);
  expect(lines.at(-1).total).toMatchObject({ segments: 4, contentBytes: 2 ** 23 * 3 + 1, parts: 4, partsAgree: true });
});

it('inspect says where parts and segments differ', async () => {
  const { path, url, key } = await ground(2 ** 23 + 2 ** 22);
  await runInProcess(['encrypt', '-q', ...key, path('content'), '-o', path('s')]);
  const stream = await readFile(path('s'));
  const { openDirectoryStore } = await import('../../src/objects/directory/open-directory-store.ts');
  const signal = new AbortController().signal;
  const store = await openDirectoryStore(path('store'), { create: true });
  await store.createBucket('bucket', signal);
  const name = { bucket: 'bucket', key: 'k' };
  const upload = { ...name, ...(await store.createMultipart(name, {}, signal)) };
  const cut = 6 * 2 ** 20;
  const parts = [];
  for (const [i, body] of [stream.subarray(0, cut), stream.subarray(cut)].entries()) {
    parts.push({ partNumber: i + 1, ...(await store.uploadPart(upload, i + 1, body, signal)) });
  }
  await store.completeMultipart(upload, parts, {}, signal);
  await store.put({ bucket: 'bucket', key: 'whole' }, stream, {}, {}, signal);
  await store.close();
  const plain = await runInProcess(['inspect', url('bucket/k')]);
  expect(plain.out).toContain('NOT as the segments: segment 0 goes on behind the end of part 1');
  const json = await runInProcess(['inspect', '--json', url('bucket/k')]);
  expect(JSON.parse(json.out.trimEnd().split('\n').at(-1)!).total).toMatchObject({ partsAgree: false, parts: 2 });
  const whole = await runInProcess(['inspect', url('bucket/whole')]);
  expect(whole.out).toContain('object       bound to no name');
  expect(whole.out).toContain('1 part in the store, NOT as the segments: part 1 goes on behind the end of segment 0');
});

it('parts hold whole segments; in layout 0 one each', () => {
  const agree = (sizes: readonly number[], ends: readonly number[], oneEach: boolean): string | undefined => {
    const parts = new StoredParts(sizes, oneEach);
    let start = 0;
    for (const [i, end] of ends.entries()) {
      parts.accept(i, start, end);
      start = end;
    }
    return parts.difference();
  };
  expect(agree([10, 10, 5], [10, 20, 25], true)).toBeUndefined();
  expect(agree([20, 5], [10, 20, 25], false)).toBeUndefined();
  // The part that was made last goes on with header and footer.
  expect(agree([20, 9], [10, 20, 25], false)).toBeUndefined();
  expect(agree([20, 5], [10, 20, 25], true)).toContain('part 1 goes on');
  expect(agree([15, 10], [10, 20, 25], false)).toContain('segment 1 goes on behind the end of part 1');
  expect(agree([10, 10, 5, 5], [10, 20, 25], true)).toContain('there are 4 parts');
  expect(agree([25], [10, 20, 25], true)).toContain('part 1 goes on');
});

it('inspect shows the first and the last segments of many, all of them if asked', async () => {
  const { path, key } = await ground(16_384 * 30);
  await runInProcess(['encrypt', '-q', ...key, '--segment-size', '16K', path('content'), '-o', path('s')]);
  const rows = (out: string): string[] => out.split('\n').filter((line) => /^ +\d+ /.test(line));
  const short = await runInProcess(['inspect', path('s')]);
  expect(rows(short.out)).toHaveLength(16);
  expect(short.out).toMatch(/\n +7 .*\n +… 15 more: --all shows them\n +23 .*\n/);
  expect(rows((await runInProcess(['inspect', '--all', path('s')])).out)).toHaveLength(31);
  const json = await runInProcess(['inspect', '--json', path('s')]);
  expect(json.out.trimEnd().split('\n')).toHaveLength(33);
});

it('verify tells content that is authentic from structure that is sound', async () => {
  const { path, url, key } = await ground(200_000);
  await runInProcess(['put', '-q', ...key, path('content'), url('bucket/k')]);
  await runInProcess(['export', '-q', url('bucket/k'), path('s')]);
  for (const input of [path('s'), url('bucket/k')]) {
    const keyed = await runInProcess(['verify', ...key, input]);
    expect([keyed.exitCode, keyed.out]).toEqual([0, '']);
    expect(keyed.stderr).toMatch(/\nverified 200000 bytes .*\nstream digest [0-9a-f]{64}\n$/);
    const keyless = await runInProcess(['verify', '--no-key', input]);
    expect([keyless.exitCode, keyless.out]).toEqual([0, '']);
    expect(keyless.stderr).toMatch(/\nstructure and CRCs are sound: 1 segment, 200000 bytes .*Only a key can tell/);
    const json = await runInProcess(['verify', '--no-key', '--json', input]);
    expect(JSON.parse(json.out)).toMatchObject({ command: 'verify', verified: 'structure', contentBytes: 200_000 });
  }
  const piped = await succeed(['verify', '-', '--key-file', path('a.key')], { input: await readFile(path('s')) });
  expect(piped.stderr).toMatch(/^verify standard input, .*\nverified 200000 bytes/);
});

it('verify finds a flipped bit, with a key and without one', async () => {
  const { path, key } = await ground(200_000);
  await runInProcess(['encrypt', '-q', ...key, '--segment-size', '64K', path('content'), '-o', path('s')]);
  const stream = await readFile(path('s'));
  stream[150_000]! ^= 1;
  await writeFile(path('s'), stream);
  for (const flags of [key, ['--no-key']]) {
    const result = await runInProcess(['verify', '--json', ...flags, path('s')]);
    expect([result.exitCode, result.out]).toEqual([3, '']);
    expect(errorOf(result)).toMatchObject({ code: 'crc-mismatch', segment: 2 });
  }
});
