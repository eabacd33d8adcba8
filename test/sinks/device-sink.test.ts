import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { lstat, open, readdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDescriptorSink } from '../../src/sinks/descriptor-sink.ts';
import { openDeviceSink } from '../../src/sinks/device-sink.ts';
import { systemFileOperations } from '../../src/sinks/file-operations.ts';
import { createFileSink } from '../../src/sinks/file-sink.ts';
import { sinkContract } from '../contracts/sink.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const go = new AbortController().signal;

async function makeFifo(): Promise<string> {
  const path = join(await temporaryDirectory(), 'fifo');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  return path;
}

sinkContract(
  'a sink over a named pipe',
  async () => {
    const path = await makeFifo();
    const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => {
      reader.kill('SIGKILL');
    });
    const all = buffer(reader.stdout);
    return { before: undefined, open: () => createFileSink(path, { overwrite: false }, go), visible: () => all };
  },
  { endsAlike: true },
);

sinkContract(
  'a sink over a descriptor',
  async () => {
    const chunks: Uint8Array[] = [];
    const descriptor = {
      // Takes as little as it likes, as the system may.
      async write(bytes: Uint8Array) {
        chunks.push(new Uint8Array(bytes.subarray(0, 40_000)));
        return Math.min(bytes.length, 40_000);
      },
      close: async () => undefined,
    };
    return {
      before: undefined,
      open: async () => createDescriptorSink('a descriptor', descriptor),
      visible: async () => Buffer.concat(chunks),
    };
  },
  { endsAlike: true },
);

describe('a sink over a device', () => {
  it('writes to it, and leaves it in its place', async () => {
    const sink = await createFileSink('/dev/null', { overwrite: false }, go);
    expect([sink.irreversible, sink.name]).toEqual([true, '/dev/null']);
    await sink.writeTentative(new Uint8Array(10 * 1024 * 1024), go);
    await sink.commitSegment(go);
    await sink.finish(go);
    expect((await lstat('/dev/null')).isCharacterDevice()).toBe(true);
    expect((await readdir('/dev')).filter((name) => name.includes('sealpart'))).toEqual([]);
  });

  it('explains a full one', async () => {
    const sink = await createFileSink('/dev/full', {}, go);
    await expect(sink.writeTentative(new Uint8Array(10), go)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringMatching(/^\/dev\/full could not be written: no space is left.*ENOSPC/),
    });
    await expect(sink.commitSegment(go)).rejects.toThrow('failed');
    await sink.rollbackSegment();
    await sink.abort();
  });

  it('refuses what is no device any more when it is opened', async () => {
    const path = join(await temporaryDirectory(), 'file');
    await (await open(path, 'w')).close();
    await expect(openDeviceSink(path, systemFileOperations)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('not a device any more'),
    });
    await expect(openDeviceSink(`${path}-no`, systemFileOperations)).rejects.toMatchObject({ code: 'io' });
  });

  it('asks again when the device takes nothing yet, until the signal fires', async () => {
    let ready = false;
    let asked = 0;
    const descriptor = {
      async write(bytes: Uint8Array) {
        asked += 1;
        if (!ready) throw Object.assign(new Error('EAGAIN'), { code: 'EAGAIN' });
        return bytes.length;
      },
      close: async () => undefined,
    };
    const patient = createDescriptorSink('a slow device', descriptor);
    setTimeout(() => {
      ready = true;
    }, 30);
    await patient.writeTentative(new Uint8Array(10), go);
    expect(asked).toBeGreaterThan(1);
    ready = false;
    const hasty = createDescriptorSink('a slow device', descriptor);
    await expect(hasty.writeTentative(new Uint8Array(10), AbortSignal.timeout(30))).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('gives up a device that takes nothing, and says if it cannot be closed', async () => {
    const sink = createDescriptorSink('a device', {
      write: async () => 0,
      close: async () => {
        throw Object.assign(new Error('EIO'), { code: 'EIO' });
      },
    });
    await expect(sink.writeTentative(new Uint8Array(10), go)).rejects.toMatchObject({ code: 'io' });
    await expect(sink.abort()).rejects.toMatchObject({ code: 'io', message: expect.stringMatching(/a device.*EIO/) });
    await sink.abort();
  });
});

describe('a sink over a named pipe', () => {
  it('waits for its reader, and can be cancelled meanwhile', async () => {
    const path = await makeFifo();
    await expect(createFileSink(path, {}, AbortSignal.timeout(120))).rejects.toMatchObject({ code: 'aborted' });
    const opening = createFileSink(path, {}, go);
    const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const sink = await opening;
    await sink.writeTentative(Buffer.from('content'), go);
    await sink.commitSegment(go);
    await sink.finish(go);
    expect(String(await buffer(reader.stdout))).toBe('content');
    expect((await lstat(path)).isFIFO()).toBe(true);
    expect(await readdir(dirname(path))).toEqual(['fifo']);
  });

  it('says when its reader went away', async () => {
    const path = await makeFifo();
    const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const sink = await createFileSink(path, {}, go);
    setTimeout(() => void reader.close(), 30);
    await expect(sink.writeTentative(new Uint8Array(1024 * 1024), go)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringMatching(/^The reader of .*fifo went away \(EPIPE\)/),
    });
    await sink.abort();
  });

  it('is stopped by the signal while its reader does not read', async () => {
    const path = await makeFifo();
    const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    onTestFinished(() => reader.close());
    const sink = await createFileSink(path, {}, go);
    const writing = sink.writeTentative(new Uint8Array(1024 * 1024), AbortSignal.timeout(50));
    await expect(writing).rejects.toMatchObject({ code: 'aborted' });
    await sink.abort();
  });

  it('is not reached through a link', async () => {
    const path = await makeFifo();
    await symlink(path, `${path}-link`);
    await expect(createFileSink(`${path}-link`, {}, go)).rejects.toMatchObject({ code: 'io' });
  });
});
