import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listLeftovers } from '../../src/sinks/temporary-name.ts';
import { errorOf, runInProcess } from '../cli/cli-in-process.ts';
import { runProcess } from '../cli/cli-process.ts';
import { failingFileOperations } from '../support/failing-file-operations.ts';
import { noteFault } from '../support/fault-log.ts';
import { failureOf } from '../support/refusal.ts';
import { inlinePool } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { decryptTo, fiveSegments, oldContent, outputPath, standingAt } from './output-file.ts';

// K03: what stands where the output should go is something that must not be written through or over.

const pool = inlinePool();
afterAll(() => pool.close());

/** A directory with a stream and its key, and one for outputs. */
async function ground() {
  const directory = await temporaryDirectory();
  const path = (name: string) => join(directory, name);
  await writeFile(path('a.key'), `${'ab'.repeat(32)}\n`);
  await writeFile(path('content'), oldContent);
  const key = ['--key-file', path('a.key')];
  expect((await runInProcess(['encrypt', '-q', path('content'), '-o', path('stream'), ...key])).exitCode).toBe(0);
  await mkdir(path('outputs'));
  const decrypt = (output: string) => ['decrypt', '--json', path('stream'), '-o', output, ...key];
  return { path, outputs: path('outputs'), decrypt };
}

const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

describe('K03: an output that cannot be written safely', () => {
  it.each(['to a file', 'to a directory', 'to nothing', 'to itself'])('a symbolic link %s', async (where) => {
    const { path, outputs, decrypt } = await ground();
    const output = join(outputs, 'link');
    const end = where === 'to itself' ? output : path('end');
    if (where === 'to a file') await writeFile(end, 'precious');
    if (where === 'to a directory') await mkdir(end);
    await symlink(end, output);
    const before = (await readdir(dirname(end))).sort();
    const result = await runInProcess(decrypt(output));
    expect([result.exitCode, errorOf(result).code]).toEqual([1, 'io']);
    expect(errorOf(result).message).toContain(output);
    expect(await readlink(output)).toBe(end);
    expect(await readdir(outputs)).toEqual(['link']);
    expect((await readdir(dirname(end))).sort()).toEqual(before);
    if (where === 'to a file') expect(await readFile(end, 'utf8')).toBe('precious');
    if (where === 'to a directory') expect(await readdir(end)).toEqual([]);
    noteFault({ id: 'K03', injected: `a symbolic link ${where}`, reached: 1, outcome: 'refused, link untouched' });
  });

  it('a directory', async () => {
    const { outputs, decrypt } = await ground();
    const output = join(outputs, 'folder');
    await mkdir(output);
    await writeFile(join(output, 'kept'), 'kept');
    for (const name of [output, `${output}/`, `${output}/.`]) {
      const result = await runInProcess(decrypt(name));
      expect([result.exitCode, errorOf(result).code]).toEqual([1, 'io']);
    }
    expect(await readdir(output)).toEqual(['kept']);
    expect(await readdir(outputs)).toEqual(['folder']);
    noteFault({ id: 'K03', injected: 'a directory', reached: 3, outcome: 'refused, nothing written' });
  });

  it('a directory that may not be written to', async () => {
    const { path, outputs, decrypt } = await ground();
    await writeFile(join(outputs, 'output'), 'before');
    await chmod(outputs, 0o555);
    // Another user runs it, who has to get that far.
    await chmod(path('.'), 0o755);
    await chmod(path('a.key'), 0o644);
    await chmod(path('stream'), 0o644);
    const isRoot = process.getuid?.() === 0;
    const result = await runProcess(decrypt(join(outputs, 'output')), {
      ...(isRoot ? { uid: 65_534 } : {}),
      env: { XDG_STATE_HOME: '/nonexistent', NODE_COMPILE_CACHE: '' },
    });
    expect([result.exitCode, errorOf(result).code]).toEqual([1, 'io']);
    expect(errorOf(result).message).toMatch(/output.*permission denied \(EACCES\)/);
    await chmod(outputs, 0o755);
    expect(await readdir(outputs)).toEqual(['output']);
    expect(await readFile(join(outputs, 'output'), 'utf8')).toBe('before');
    noteFault({ id: 'K03', injected: 'no permission', reached: 1, outcome: 'refused, target untouched' });
  });

  it('a rename to another device (EXDEV): refused, and never replaced by a copy', async () => {
    const made = await fiveSegments();
    const path = await outputPath(oldContent);
    const operations = failingFileOperations(({ operation }) => (operation === 'rename' ? { code: 'EXDEV' } : 'done'));
    expect(await failureOf(decryptTo(path, made.bytes, pool, { operations }))).toMatchObject({ code: 'io' });
    expect(await standingAt(path)).toEqual(oldContent);
    expect(await listLeftovers(path)).toEqual([]);
    // It is written beside its target, wherever temporary files go otherwise.
    const places = new Set(operations.calls.map((call) => dirname(call.path)));
    expect([...places].filter((place) => place !== dirname(path) && place !== dirname(dirname(path)))).toEqual([]);
    noteFault({ id: 'K03', injected: 'EXDEV', reached: operations.faults, outcome: 'refused, target untouched' });
  });

  it.runIf(canMount)('temporary files that go to another device, and a target that is one', async () => {
    const { path, outputs, decrypt } = await ground();
    const elsewhere = await temporaryDirectory();
    const mount = `mount -t tmpfs none "${elsewhere}"`;
    const command = decrypt(join(outputs, 'output'));
    const fine = await runProcess(command, {
      shell: `export TMPDIR='${elsewhere}'; exec unshare -rm bash -c '${mount} && exec "$@"' bash "$@"`,
    });
    expect(fine.exitCode).toBe(0);
    expect(new Uint8Array(await readFile(join(outputs, 'output')))).toEqual(oldContent);

    await writeFile(path('other'), 'other');
    const bind = `mount --bind "${path('other')}" "${join(outputs, 'output')}"`;
    const refused = await runProcess(command, { shell: `exec unshare -rm bash -c '${bind} && exec "$@"' bash "$@"` });
    expect([refused.exitCode, errorOf(refused).code]).toEqual([1, 'io']);
    expect(errorOf(refused).message).toMatch(/mount point \(EBUSY\)/);
    expect(await readFile(path('other'), 'utf8')).toBe('other');
    expect(await readdir(outputs)).toEqual(['output']);
    noteFault({ id: 'K03', injected: 'a target on another device', reached: 1, outcome: 'refused, target untouched' });
  });

  it('a link that is planted under the temporary name is not followed', async () => {
    const made = await fiveSegments();
    const path = await outputPath(oldContent);
    const precious = join(await temporaryDirectory(), 'precious');
    await writeFile(precious, 'precious');
    const planted: string[] = [];
    const operations = failingFileOperations(({ operation, path: name }) => {
      if (operation === 'open' && name.endsWith('.tmp') && planted.length < 3) {
        symlinkSync(planted.length === 1 ? `${precious}-missing` : precious, name);
        planted.push(name);
      }
      return 'done';
    });
    await decryptTo(path, made.bytes, pool, { operations });
    expect(planted).toHaveLength(3);
    expect(await standingAt(path)).toEqual(made.content);
    expect(await readFile(precious, 'utf8')).toBe('precious');
    expect(await readdir(dirname(precious))).toEqual(['precious']);
    for (const name of planted) {
      expect((await lstat(name)).isSymbolicLink()).toBe(true);
      await rm(name);
    }
    noteFault({ id: 'K03', injected: 'a planted link', reached: planted.length, outcome: 'not followed' });
  });
});
