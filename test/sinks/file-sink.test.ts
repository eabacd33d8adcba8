import { spawnSync } from 'node:child_process';
import { link, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { type FileOperations, systemFileOperations } from '../../src/sinks/file-operations.ts';
import { createFileSink, type FileSinkOptions } from '../../src/sinks/file-sink.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { listLeftovers } from '../../src/sinks/temporary-name.ts';
import { type SinkHarness, sinkContract } from '../contracts/sink.ts';
import { failingFileOperations } from '../support/failing-file-operations.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const go = new AbortController().signal;
const old = Buffer.from('what stood there before');

async function contentOf(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

async function makeHarness(before: Buffer | undefined, options: FileSinkOptions): Promise<SinkHarness> {
  const path = join(await temporaryDirectory(), 'output');
  if (before !== undefined) await writeFile(path, before);
  return { before, open: () => createFileSink(path, options, go), visible: () => contentOf(path) };
}

sinkContract('a file sink where nothing stands', () => makeHarness(undefined, {}));
sinkContract('a file sink that may not overwrite', () => makeHarness(undefined, { overwrite: false }));
sinkContract('a file sink over an old file', () => makeHarness(old, { overwrite: true }));

async function write(sink: Sink, ...segments: readonly string[]): Promise<void> {
  for (const segment of segments) {
    await sink.writeTentative(Buffer.from(segment), go);
    await sink.commitSegment(go);
  }
}

describe('a file sink', () => {
  it('keeps its content beside the target, for its owner only, until it finishes', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'output');
    const sink = await createFileSink(path, {}, go);
    await write(sink, 'one', 'two');
    const names = await readdir(directory);
    expect(names).toEqual([expect.stringMatching(/^\.output\.sealpart-[0-9a-f]{8}\.tmp$/)]);
    const temporary = join(directory, names[0]!);
    expect((await stat(temporary)).mode & 0o777).toBe(0o600);
    await sink.writeTentative(Buffer.from('too much'), go);
    expect((await stat(temporary)).size).toBe(14);
    await sink.rollbackSegment();
    expect((await stat(temporary)).size).toBe(6);
    await sink.finish(go);
    expect(await readdir(directory)).toEqual(['output']);
  });

  it.each([
    [0o022, 0o644],
    [0o077, 0o600],
    [0o002, 0o664],
  ])('gives a new file what a umask of %o leaves', async (umask, expected) => {
    const path = join(await temporaryDirectory(), 'output');
    const before = process.umask(umask);
    onTestFinished(() => {
      process.umask(before);
    });
    const sink = await createFileSink(path, {}, go);
    await sink.finish(go);
    expect((await stat(path)).mode & 0o777).toBe(expected);
  });

  it('gives a file the permissions that it is told, or those of the file that it replaces', async () => {
    const path = join(await temporaryDirectory(), 'output');
    await (await createFileSink(path, { mode: 0o640 }, go)).finish(go);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    await (await createFileSink(path, {}, go)).finish(go);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    await (await createFileSink(path, { mode: 0o400 }, go)).finish(go);
    expect((await stat(path)).mode & 0o777).toBe(0o400);
  });

  it('replaces a name, and not the content that other names have', async () => {
    const path = join(await temporaryDirectory(), 'output');
    await writeFile(path, old);
    await link(path, `${path}-other`);
    const sink = await createFileSink(path, {}, go);
    await write(sink, 'new');
    await sink.finish(go);
    expect(await contentOf(`${path}-other`)).toEqual(old);
  });

  it('refuses at the start to replace what it must not', async () => {
    const path = join(await temporaryDirectory(), 'output');
    await writeFile(path, old);
    await expect(createFileSink(path, { overwrite: false }, go)).rejects.toMatchObject({
      code: 'exists',
      message: expect.stringContaining(path),
    });
  });

  it('refuses at the end to replace what appeared meanwhile', async () => {
    const path = join(await temporaryDirectory(), 'output');
    const sink = await createFileSink(path, { overwrite: false }, go);
    await write(sink, 'new');
    await writeFile(path, old);
    await expect(sink.finish(go)).rejects.toMatchObject({ code: 'exists' });
    await sink.abort();
    expect(await contentOf(path)).toEqual(old);
    expect(await listLeftovers(path)).toEqual([]);
  });

  it('lets exactly one of many win that may not overwrite', async () => {
    const path = join(await temporaryDirectory(), 'output');
    const sinks = await Promise.all(Array.from({ length: 12 }, () => createFileSink(path, { overwrite: false }, go)));
    await Promise.all(sinks.map((sink, index) => write(sink, `content ${index}`)));
    const outcomes = await Promise.allSettled(sinks.map((sink) => sink.finish(go)));
    await Promise.all(sinks.map((sink) => sink.abort()));
    const winners = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [index] : []));
    expect(winners).toHaveLength(1);
    expect(String(await contentOf(path))).toBe(`content ${winners[0]}`);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'exists' });
    }
    expect(await listLeftovers(path)).toEqual([]);
  });

  describe.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])('that may not overwrite, without links (%s)', (code) => {
    const linkless = () => failingFileOperations(({ operation }) => (operation === 'link' ? { code } : 'done'));

    it('gets its name all the same', async () => {
      const path = join(await temporaryDirectory(), 'output');
      const operations = linkless();
      const sink = await createFileSink(path, { overwrite: false, mode: 0o640, operations }, go);
      await write(sink, 'new');
      await sink.finish(go);
      await sink.abort();
      expect(String(await contentOf(path))).toBe('new');
      expect((await stat(path)).mode & 0o777).toBe(0o640);
      expect(await listLeftovers(path)).toEqual([]);
      expect(operations.faults).toBe(1);
    });

    it('replaces nothing that appeared meanwhile', async () => {
      const path = join(await temporaryDirectory(), 'output');
      const sink = await createFileSink(path, { overwrite: false, operations: linkless() }, go);
      await write(sink, 'new');
      await writeFile(path, old);
      await expect(sink.finish(go)).rejects.toMatchObject({ code: 'exists' });
      await sink.abort();
      expect(await contentOf(path)).toEqual(old);
      expect(await listLeftovers(path)).toEqual([]);
    });

    it('is one of many that wins', async () => {
      const path = join(await temporaryDirectory(), 'output');
      const open = () => createFileSink(path, { overwrite: false, operations: linkless() }, go);
      const sinks = await Promise.all(Array.from({ length: 12 }, open));
      await Promise.all(sinks.map((sink, index) => write(sink, `content ${index}`)));
      const outcomes = await Promise.allSettled(sinks.map((sink) => sink.finish(go)));
      await Promise.all(sinks.map((sink) => sink.abort()));
      const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(String(await contentOf(path))).toBe(`content ${winners[0]}`);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'exists' });
      }
    });
  });

  it('tries another name if its temporary one is taken', async () => {
    const path = join(await temporaryDirectory(), 'output');
    const operations = failingFileOperations((_, number) => (number === 2 ? { code: 'EEXIST' } : 'done'));
    const sink = await createFileSink(path, { operations }, go);
    await sink.finish(go);
    const opened = operations.calls.filter(({ operation }) => operation === 'open').map((call) => call.path);
    expect(opened[0]).not.toBe(opened[1]);
    expect(operations.faults).toBe(1);
  });

  it('writes on after short writes, and gives up if nothing is taken', async () => {
    const path = join(await temporaryDirectory(), 'output');
    const short = (count: number): FileOperations => ({
      ...systemFileOperations,
      async open(name, flags, mode) {
        const file = await systemFileOperations.open(name, flags, mode);
        return {
          write: (bytes, offset, length, position) =>
            count === 0
              ? Promise.resolve({ bytesWritten: 0 })
              : file.write(bytes, offset, Math.min(length, count), position),
          truncate: (length) => file.truncate(length),
          chmod: (bits) => file.chmod(bits),
          sync: () => file.sync(),
          stat: () => file.stat(),
          close: () => file.close(),
        };
      },
    });
    const sink = await createFileSink(path, { operations: short(2) }, go);
    await write(sink, 'seven b', 'and more');
    await sink.finish(go);
    expect(String(await contentOf(path))).toBe('seven band more');
    const stuck = await createFileSink(path, { operations: short(0) }, go);
    await expect(write(stuck, 'x')).rejects.toMatchObject({ code: 'io', message: expect.stringContaining(path) });
    await stuck.abort();
  });

  it('does not commit a segment with a hole, and takes it again after a rollback', async () => {
    const path = join(await temporaryDirectory(), 'output');
    let fails = true;
    const operations = failingFileOperations(({ operation }) => {
      return operation === 'write' && fails ? { code: 'ENOSPC' } : 'done';
    });
    const sink = await createFileSink(path, { operations }, go);
    const failure = await sink.writeTentative(old, go).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'io', message: expect.stringMatching(/no space is left.*\(ENOSPC\).*Free/) });
    fails = false;
    await expect(sink.writeTentative(old, go)).rejects.toBe(failure);
    await expect(sink.commitSegment(go)).rejects.toBe(failure);
    await sink.rollbackSegment();
    await write(sink, 'again');
    await sink.finish(go);
    expect(String(await contentOf(path))).toBe('again');
    expect(operations.faults).toBe(1);
  });

  it('says where its temporary file is if it cannot remove it, and can be asked again', async () => {
    const path = join(await temporaryDirectory(), 'output');
    let fails = true;
    const operations = failingFileOperations(({ operation }) => {
      return operation === 'unlink' && fails ? { code: 'EIO' } : 'done';
    });
    const sink = await createFileSink(path, { operations }, go);
    await write(sink, 'one');
    const [temporary] = await listLeftovers(path);
    await expect(sink.abort()).rejects.toMatchObject({ code: 'io', message: expect.stringContaining(temporary!) });
    fails = false;
    await sink.abort();
    expect(await listLeftovers(path)).toEqual([]);
  });

  it('is stopped by the signal between two writes of the system', async () => {
    const path = join(await temporaryDirectory(), 'output');
    const stop = new AbortController();
    const operations = failingFileOperations(({ operation }) => {
      if (operation === 'write') stop.abort();
      return 'done';
    });
    const sink = await createFileSink(path, { operations }, go);
    const much = new Uint8Array(20 * 1024 * 1024);
    await expect(sink.writeTentative(much, stop.signal)).rejects.toMatchObject({ code: 'aborted' });
    expect(operations.calls.filter(({ operation }) => operation === 'write')).toHaveLength(1);
    await sink.abort();
  });

  it('makes nothing when the signal has fired', async () => {
    const directory = await temporaryDirectory();
    const sink = createFileSink(join(directory, 'output'), {}, AbortSignal.abort());
    await expect(sink).rejects.toMatchObject({ code: 'aborted' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('is not used after its end', async () => {
    const path = join(await temporaryDirectory(), 'output');
    const sink = await createFileSink(path, {}, go);
    await sink.finish(go);
    await expect(sink.writeTentative(old, go)).rejects.toThrow('placed');
    const aborted = await createFileSink(path, {}, go);
    await aborted.abort();
    await expect(aborted.finish(go)).rejects.toThrow('aborted');
    const open = await createFileSink(path, {}, go);
    await open.writeTentative(old, go);
    await expect(open.finish(go)).rejects.toThrow('no segment is open');
    await open.abort();
  });
});

describe('a file sink refuses', () => {
  async function expectRefusal(path: string, code: string, message: RegExp): Promise<void> {
    const failure = await createFileSink(path, {}, go).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SealpartError);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(String(failure)).not.toContain('\n');
  }

  it.each(['to a file', 'to a directory', 'to nothing', 'to a pipe'])('a symbolic link %s', async (what) => {
    const directory = await temporaryDirectory();
    const end = join(directory, 'end');
    if (what === 'to a file') await writeFile(end, old);
    if (what === 'to a directory') await mkdir(end);
    if (what === 'to a pipe') spawnSync('mkfifo', [end]);
    await symlink(end, join(directory, 'output'));
    await expectRefusal(join(directory, 'output'), 'io', /symbolic link/);
    if (what === 'to a file') expect(await contentOf(end)).toEqual(old);
    expect((await lstat(join(directory, 'output'))).isSymbolicLink()).toBe(true);
    expect((await readdir(directory)).length).toBe(what === 'to nothing' ? 1 : 2);
  });

  it('a link planted where everybody may write, below /dev too', async () => {
    const name = `/dev/shm/sealpart-test-${process.pid}`;
    spawnSync('mkfifo', [`${name}.fifo`]);
    await symlink(`${name}.fifo`, name);
    onTestFinished(() => {
      spawnSync('rm', ['-f', name, `${name}.fifo`]);
    });
    await expectRefusal(name, 'io', /symbolic link/);
  });

  it('a directory, also by a name that ends like one', async () => {
    const directory = await temporaryDirectory();
    await expectRefusal(directory, 'io', /is a directory/);
    await expectRefusal(`${directory}/new/`, 'io', /name of a directory/);
    await expectRefusal('/', 'io', /is a directory/);
    expect(await readdir(directory)).toEqual([]);
  });

  it('a path whose directory is missing, or is a file', async () => {
    const directory = await temporaryDirectory();
    await expectRefusal(join(directory, 'no', 'output'), 'not-found', /no directory .*\/no\. Make it first/);
    await writeFile(join(directory, 'file'), old);
    await expectRefusal(join(directory, 'file', 'output'), 'io', /not a directory/);
  });

  it('an empty name, and one that is too long', async () => {
    await expectRefusal('', 'bad-parameters', /empty/);
    await expectRefusal(join(await temporaryDirectory(), 'x'.repeat(256)), 'io', /too long/);
  });

  it('what is neither file nor pipe nor character device', async () => {
    const path = join(await temporaryDirectory(), 'output');
    await writeFile(path, old);
    const found = await lstat(path);
    found.isFile = () => false;
    found.isBlockDevice = () => true;
    const operations: FileOperations = { ...systemFileOperations, lstat: async () => found };
    await expect(createFileSink(path, { operations }, go)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('block device'),
    });
  });
});

describe('a file sink takes names', () => {
  it.each([
    ['of 255 bytes', 'x'.repeat(255)],
    ['of 255 bytes of other writing', 'é'.repeat(127)],
    ['that begin with a dot', '.output'],
    ['with a line break', 'a\nb'],
    ['with a dash', '-'],
  ])('%s', async (_, name) => {
    const path = join(await temporaryDirectory(), name);
    const sink = await createFileSink(path, {}, go);
    expect(await listLeftovers(path)).toHaveLength(1);
    await write(sink, 'content');
    await sink.finish(go);
    expect(String(await contentOf(path))).toBe('content');
    expect(await listLeftovers(path)).toEqual([]);
  });

  it('that are relative, and keeps to them when the process goes elsewhere', async () => {
    const directory = await temporaryDirectory();
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(directory);
    const sink = await createFileSink('output', {}, go);
    process.chdir('/');
    await write(sink, 'content');
    await sink.finish(go);
    expect(sink.name).toBe('output');
    expect(String(await contentOf(join(directory, 'output')))).toBe('content');
  });
});
