import { execFile } from 'node:child_process';
import { createSecretKey } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { frameOverhead } from '../../src/format/frame-header.ts';
import { createFramePool, type FramePool } from '../../src/workers/frame-pool.ts';
import type { FrameBatch } from '../../src/workers/messages.ts';
import { randomLooking } from '../support/content.ts';
import type { FaultKind } from '../support/faulty-task.ts';
import { faultyWorker, workerFile } from '../support/worker-file.ts';

const frames = 4;
const frameSizeBytes = 4096;
const bytes = frames * frameSizeBytes;
const stretch = frames * (frameSizeBytes + frameOverhead);
const places = 24;

const pools: FramePool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

function openPool(workers: number, workerUrl?: URL): FramePool {
  const options = { workers, plainBytes: places * bytes, wireBytes: places * stretch };
  const pool = createFramePool(workerUrl === undefined ? options : { ...options, workerUrl });
  pools.push(pool);
  return pool;
}

function batchAt(place: number, operation: FrameBatch['operation'] = 'encrypt'): FrameBatch {
  return {
    operation,
    suite: 1,
    digestAlg: 2,
    key: createSecretKey(randomLooking(32, 'key')),
    segmentIndex: place,
    aadPrefix: randomLooking(72, 'aad'),
    frameSizeBytes,
    firstFrame: 0,
    plain: { offset: place * bytes, length: bytes },
    wire: { offset: place * stretch, length: stretch },
  };
}

/** Runs batches side by side and waits for all of them, but not for ever. */
async function outcomesOf(pool: FramePool, count: number): Promise<string[]> {
  const running = Array.from({ length: count }, (_, i) =>
    pool.runBatch(batchAt(i % places)).then(
      () => 'done',
      (error: { code?: string }) => error.code ?? String(error),
    ),
  );
  const tooLong = new Promise<string[]>((resolve) => setTimeout(resolve, 20_000, ['hangs']).unref());
  return Promise.race([Promise.all(running), tooLong]);
}

function isOneOf(allowed: readonly string[]): (outcomes: string[]) => boolean {
  return (outcomes) => outcomes.every((outcome) => allowed.includes(outcome));
}

describe('a frame pool', () => {
  it('starts its threads whatever flags the process was started with', async () => {
    const url = new URL('../../src/workers/frame-pool.ts', import.meta.url).href;
    const script = `
      const { createFramePool } = await import(${JSON.stringify(url)});
      const pool = createFramePool({ workers: 1, plainBytes: 65536, wireBytes: 65536 });
      const result = await pool.runCompression({ operation: 'compress', from: { offset: 0, length: 4096 }, to: { offset: 4096, length: 4096 } });
      console.log('length' in result);
      await pool.close();`;
    const flags = ['--max-old-space-size=500', '--no-warnings', '--input-type=module', '-e', script];
    const { stdout } = await promisify(execFile)(process.execPath, flags);
    expect(stdout).toBe('true\n');
  });

  it.each([0, 1, 3])('with %i workers encrypts what it decrypts', async (workers) => {
    const pool = openPool(workers);
    const content = randomLooking(bytes, 'content');
    new Uint8Array(pool.plain.buffer).set(content, 2 * bytes);
    const sealed = await pool.runBatch(batchAt(2));
    expect(sealed).toEqual(
      openPool(0).runBatchInline({ ...batchAt(2), plain: { offset: 0, length: bytes } }) && sealed,
    );
    new Uint8Array(pool.plain.buffer).fill(0);
    const opened = await pool.runBatch(batchAt(2, 'decrypt'));
    expect(opened).toEqual(sealed);
    expect(Buffer.compare(new Uint8Array(pool.plain.buffer, 2 * bytes, bytes), content)).toBe(0);
    expect(pool.workers).toBe(workers);
  });

  it('finds the first frame that does not verify, and hands out nothing of it or behind it (§4.5, §4.6)', async () => {
    for (const workers of [0, 1]) {
      const pool = openPool(workers);
      const plain = new Uint8Array(pool.plain.buffer);
      plain.set(randomLooking(bytes, 'content'));
      await pool.runBatch(batchAt(0));
      for (const [offset, code] of [
        [4096 + 36 + 25, 'frame-auth'],
        [4096 + 36 + 3, 'bad-frame'],
      ] as const) {
        const wire = new Uint8Array(pool.wire.buffer);
        wire[offset]! ^= 1;
        plain.fill(0);
        const { fault } = await pool.runBatch(batchAt(0, 'decrypt'));
        expect(fault).toEqual({ frame: 1, code });
        expect(Buffer.compare(plain.subarray(0, 4096), randomLooking(bytes, 'content').subarray(0, 4096))).toBe(0);
        expect(plain.subarray(4096).every((byte) => byte === 0)).toBe(true);
        wire[offset]! ^= 1;
      }
    }
  });

  it('takes memory that a source has lent', async () => {
    const lent = new SharedArrayBuffer(bytes + 64);
    new Uint8Array(lent).set(randomLooking(bytes, 'lent'), 64);
    for (const workers of [0, 1]) {
      const pool = openPool(workers);
      await pool.runBatch({ ...batchAt(0), lent, plain: { offset: 64, length: bytes } });
      await pool.runBatch(batchAt(0, 'decrypt'));
      const opened = new Uint8Array(pool.plain.buffer, 0, bytes);
      expect(Buffer.compare(opened, randomLooking(bytes, 'lent'))).toBe(0);
    }
  });

  it.each(['exit', 'throw', 'uncaught'] satisfies FaultKind[])(
    'goes on after a thread that fails (%s): its tasks end as failed, and no task is lost',
    async (how) => {
      for (const times of [1, 2, 5]) {
        const pool = openPool(2, await faultyWorker({ how, afterFrames: 1, times }));
        const outcomes = await outcomesOf(pool, 20);
        expect(outcomes).toSatisfy(isOneOf(['done', 'worker']));
        const failed = outcomes.filter((outcome) => outcome === 'worker').length;
        // A thread that dies takes the tasks that wait in its own queue with it.
        expect(failed).toBeGreaterThanOrEqual(times);
        expect(failed).toBeLessThanOrEqual(4 * times);
        expect(await outcomesOf(pool, 20)).toEqual(Array(20).fill('done'));
      }
    },
  );

  it('goes on after threads that were terminated, idle or busy', async () => {
    const threads: Worker[] = [];
    const note = (worker: Worker): void => {
      threads.push(worker);
    };
    process.on('worker', note);
    const pool = openPool(2);
    expect(await outcomesOf(pool, 4)).toEqual(Array(4).fill('done'));
    await Promise.all(threads.splice(0).map((thread) => thread.terminate()));
    expect(await outcomesOf(pool, 20)).toSatisfy(isOneOf(['done', 'worker']));
    const busy = outcomesOf(pool, 20);
    const ended = Promise.all(threads.splice(0).map((thread) => thread.terminate()));
    expect(await busy).toSatisfy(isOneOf(['done', 'worker']));
    await ended;
    expect(await outcomesOf(pool, 20)).toEqual(Array(20).fill('done'));
    process.off('worker', note);
  });

  it.each([
    ['throws', 'throw new Error("no worker is made of this");'],
    ['exits', 'process.exit(3);'],
    ['is no worker', 'export const nothing = 1;'],
    ['does not parse', 'export default ('],
  ])('fails, and does not hang, where the worker’s file %s', async (_, script) => {
    const pool = openPool(2, await workerFile(script));
    for (let i = 0; i < 3; i++) {
      expect(await outcomesOf(pool, 12)).toEqual(Array(12).fill('worker'));
    }
  });

  it('fails, and does not hang, where threads die and no new one can start', async () => {
    const url = await faultyWorker({ how: 'exit', afterFrames: 0, times: 100 });
    // The first two threads work, until they die; those that follow do not get so far.
    const script = `
      import { existsSync, mkdirSync, writeFileSync, readdirSync } from 'node:fs';
      const folder = new URL('./started/', import.meta.url);
      mkdirSync(folder, { recursive: true });
      if (readdirSync(folder).length >= 2) throw new Error('no more threads');
      writeFileSync(new URL(String(Math.random()), folder), '');
      export { default } from ${JSON.stringify(url.href)};
    `;
    const pool = openPool(2, await workerFile(script));
    expect(await outcomesOf(pool, 20)).toEqual(Array(20).fill('worker'));
    expect(await outcomesOf(pool, 20)).toEqual(Array(20).fill('worker'));
  });

  it('ends its threads when it is closed, and what they had to do', async () => {
    const pool = openPool(2);
    const running = outcomesOf(pool, 20);
    await pool.close();
    expect(await running).toSatisfy(isOneOf(['done', 'worker']));
  });

  it('ends its threads in the middle of a compression, too', async () => {
    const size = 4 * 2 ** 20;
    for (const afterMs of [0, 60, 90, 120]) {
      const pool = createFramePool({ workers: 1, plainBytes: 2 * size, wireBytes: 64 });
      const task = {
        operation: 'compress',
        from: { offset: 0, length: size },
        to: { offset: size, length: size },
      } as const;
      const outcome = pool.runCompression(task).then(
        () => 'done',
        (error: { code?: string }) => error.code ?? String(error),
      );
      await sleep(afterMs);
      await pool.close();
      expect([await outcome]).toSatisfy(isOneOf(['done', 'worker']));
    }
  });

  it.each([0, 2])('with %i workers stays closed: nothing that comes later begins', async (workers) => {
    const started: Worker[] = [];
    const note = (worker: Worker): void => {
      started.push(worker);
    };
    const pool = openPool(workers);
    await pool.runBatch(batchAt(0));
    await pool.close();
    process.on('worker', note);
    expect(await outcomesOf(pool, 3)).toEqual(Array(3).fill('bad-parameters'));
    expect(() => pool.runBatchInline(batchAt(0))).toThrow('make another');
    const nothing = { offset: 0, length: 10 };
    const compression = pool.runCompression({ operation: 'compress', from: nothing, to: nothing });
    await expect(compression).rejects.toMatchObject({ code: 'bad-parameters' });
    await pool.close();
    process.off('worker', note);
    expect(started).toEqual([]);
  });

  it.each([
    { workers: Number.NaN },
    { workers: -1 },
    { workers: 1.5 },
    { workers: 257 },
    { plainBytes: Number.NaN },
    { plainBytes: -5 },
    { wireBytes: Number.NaN },
    { wireBytes: -1 },
    { wireBytes: 2 ** 52 },
  ])('is not made with %o', (change) => {
    const options = { workers: 0, plainBytes: 100, wireBytes: 100, ...change };
    expect(() => createFramePool(options)).toThrow(expect.objectContaining({ code: 'bad-parameters' }));
  });
});
