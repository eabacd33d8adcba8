import { spawn, spawnSync } from 'node:child_process';
import { appendFile, mkdir, rename, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openFileSource, openSeekableFile } from '../../src/sources/file-source.ts';
import { isSeekable } from '../../src/sources/seekable.ts';
import type { Source } from '../../src/sources/source.ts';
import { seekableSourceContract, sourceContract } from '../contracts/source.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const go = new AbortController().signal;

async function fileOf(content: Uint8Array | string): Promise<string> {
  const path = join(await temporaryDirectory(), 'input');
  await writeFile(path, content);
  return path;
}

async function makeFifo(): Promise<string> {
  const path = join(await temporaryDirectory(), 'fifo');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  return path;
}

/** Lets another process write to a named pipe: and then, if told so, keep it open. */
function writeElsewhere(path: string, content: Uint8Array, staysOpen = false): void {
  const script = staysOpen ? 'exec 3>"$1"; cat >&3; exec sleep 60' : 'cat > "$1"';
  const child = spawn('sh', ['-c', script, 'sh', path], { stdio: ['pipe', 'ignore', 'ignore'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(content);
}

sourceContract('a file source', async (content) => openFileSource(await fileOf(content), go));
seekableSourceContract('a file source', async (content) => openSeekableFile(await fileOf(content), go));
sourceContract(
  'a source over a named pipe',
  async (content) => {
    const path = await makeFifo();
    writeElsewhere(path, content);
    return openFileSource(path, go);
  },
  {
    makeStalled: async (beginning) => {
      const path = await makeFifo();
      writeElsewhere(path, beginning, true);
      return openFileSource(path, go);
    },
  },
);

describe('a file source', () => {
  it('reads more than one read of the system gives', async () => {
    const content = new Uint8Array(9 * 1024 * 1024 + 1).map((_, index) => index >> 10);
    const source = await openFileSource(await fileOf(content), go);
    onTestFinished(() => source.close());
    const target = new Uint8Array(new SharedArrayBuffer(content.length + 5));
    expect(await source.read(target, go)).toBe(content.length);
    expect(Buffer.compare(target.subarray(0, content.length), content)).toBe(0);
  });

  it('stops between two reads of the system when the signal fires', async () => {
    const path = await fileOf('');
    await truncate(path, 1024 ** 3);
    const source = await openSeekableFile(path, go);
    const stop = new AbortController();
    const target = new Uint8Array(64 * 1024 * 1024).fill(1);
    const reading = source.read(target, stop.signal);
    setImmediate(() => stop.abort());
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
    expect(target.at(-1)).toBe(1);
    await source.close();
  });

  it('follows symbolic links', async () => {
    const path = await fileOf('content');
    await symlink(path, `${path}-link`);
    const source = await openFileSource(`${path}-link`, go);
    onTestFinished(() => source.close());
    expect(isSeekable(source)).toBe(true);
    expect(source.size).toBe(7);
    expect(source.name).toBe(`${path}-link`);
  });

  it.each([
    ['grows', 'to 1001 bytes', (path: string) => appendFile(path, 'x')],
    ['shrinks', 'to 999 bytes', (path: string) => truncate(path, 999)],
    ['shrinks before what was read', 'to 1 bytes', (path: string) => truncate(path, 1)],
    ['is written to', 'was written to', (path: string) => utimes(path, 1, 1)],
  ])('fails with source-changed if the file %s while it is read', async (_, message, change) => {
    const path = await fileOf(new Uint8Array(1000));
    const source = await openFileSource(path, go);
    onTestFinished(() => source.close());
    expect(await source.read(new Uint8Array(500), go)).toBe(500);
    await change(path);
    const failure = await source.read(new Uint8Array(500), go).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'source-changed' });
    expect(String(failure)).toContain(path);
    if (!message.startsWith('to ')) expect(String(failure)).toContain(message);
  });

  it('notices an empty file that grows', async () => {
    const path = await fileOf('');
    const source = await openFileSource(path, go);
    onTestFinished(() => source.close());
    expect(source.size).toBe(0);
    await appendFile(path, 'x');
    await expect(source.read(new Uint8Array(5), go)).rejects.toMatchObject({ code: 'source-changed' });
  });

  it("notices a change when it is read at positions, at the file's end", async () => {
    const path = await fileOf(new Uint8Array(1000));
    const source = await openSeekableFile(path, go);
    onTestFinished(() => source.close());
    await truncate(path, 600);
    expect(await source.readAt(0, new Uint8Array(500), go)).toBe(500);
    await expect(source.readAt(500, new Uint8Array(300), go)).rejects.toMatchObject({ code: 'source-changed' });
    await expect(source.readAt(900, new Uint8Array(100), go)).rejects.toMatchObject({ code: 'source-changed' });
  });

  it('reads the file that it opened to its end when another takes its name', async () => {
    const path = await fileOf(new Uint8Array(1000).fill(1));
    const source = await openFileSource(path, go);
    onTestFinished(() => source.close());
    await writeFile(`${path}.new`, new Uint8Array(2000).fill(2));
    await rename(`${path}.new`, path);
    const target = new Uint8Array(1500);
    expect(await source.read(target, go)).toBe(1000);
    expect(target.subarray(0, 1000).every((byte) => byte === 1)).toBe(true);
  });

  it('refuses a directory, what is not there, a socket, a link to itself, each with words', async () => {
    const directory = await temporaryDirectory();
    await expect(openFileSource(directory, go)).rejects.toMatchObject({
      code: 'io',
      message: `${directory} is a directory. Give the name of a file.`,
    });
    await expect(openFileSource(join(directory, 'no'), go)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(join(directory, 'no')),
    });
    const socket = join(directory, 'socket');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    onTestFinished(() => {
      server.close();
    });
    await expect(openFileSource(socket, go)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('socket'),
    });
    await symlink('loop', join(directory, 'loop'));
    await expect(openFileSource(join(directory, 'loop'), go)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('symbolic links'),
    });
    await mkdir(join(directory, 'd'));
    await writeFile(join(directory, 'f'), '');
    await expect(openFileSource(join(directory, 'f', 'x'), go)).rejects.toMatchObject({ code: 'io' });
  });

  it('explains a file that cannot be read', async () => {
    await expect(openFileSource('/proc/self/mem', go)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringMatching(/^\/proc\/self\/mem could not be opened: .*\(EIO\)/),
    });
  });

  it('opens nothing when the signal has fired', async () => {
    await expect(openFileSource('/dev/zero', AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('a source over what has no size', () => {
  async function open(path: string): Promise<Source> {
    const source = await openFileSource(path, go);
    onTestFinished(() => source.close());
    expect(isSeekable(source)).toBe(false);
    expect(source.size).toBeUndefined();
    return source;
  }

  it('reads a device as far as it is asked', async () => {
    const zeros = await open('/dev/zero');
    const target = new Uint8Array(5 * 1024 * 1024).fill(1);
    expect(await zeros.read(target, go)).toBe(target.length);
    expect(target.every((byte) => byte === 0)).toBe(true);
    const nothing = await open('/dev/null');
    expect(await nothing.read(target, go)).toBe(0);
  });

  it('stops reading a device when the signal fires', async () => {
    const zeros = await open('/dev/zero');
    const target = new Uint8Array(64 * 1024 * 1024).fill(1);
    const stop = new AbortController();
    const reading = zeros.read(target, stop.signal);
    setImmediate(() => stop.abort());
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
    expect(target.at(-1)).toBe(1);
  });

  it('reads files whose size the system does not know', async () => {
    const source = await open('/proc/self/status');
    const target = new Uint8Array(100_000);
    const count = await source.read(target, go);
    expect(Buffer.from(target.subarray(0, count)).toString()).toMatch(/^Name:.*\nUmask:/);
    expect(await source.read(target, go)).toBe(0);
  });

  it('can be cancelled while it waits for a named pipe that nobody writes to', async () => {
    const fifo = await open(await makeFifo());
    const reading = fifo.read(new Uint8Array(10), AbortSignal.timeout(50));
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
  });

  it('is refused where positions are needed', async () => {
    const fifo = await makeFifo();
    for (const path of [fifo, '/dev/zero']) {
      await expect(openSeekableFile(path, go)).rejects.toMatchObject({
        code: 'not-seekable',
        message: expect.stringContaining(path),
      });
    }
  });
});
