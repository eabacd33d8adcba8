import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ContentHashing, HashedContent } from '../../../src/gateway/hashing/content-hashing.ts';
import { HashingTasks } from '../../../src/gateway/hashing/hashing-tasks.ts';
import type { HashingReport } from '../../../src/gateway/hashing/messages.ts';
import { type ContentHashingOptions, openContentHashing } from '../../../src/gateway/hashing/open-content-hashing.ts';
import { type ChecksumAlgorithm, checksumAlgorithms } from '../../../src/s3-protocol/checksums/algorithm.ts';
import { openContentHash } from '../../../src/s3-protocol/checksums/content-hash.ts';
import { randomLooking } from '../../support/content.ts';
import { failureOf } from '../../support/refusal.ts';
import { calm } from '../../support/streams.ts';
import { workerFile } from '../../support/worker-file.ts';

function hashing(options: ContentHashingOptions = {}): ContentHashing {
  const opened = openContentHashing({ workers: 2, ...options });
  onTestFinished(() => opened.close());
  return opened;
}

function shared(bytes: Uint8Array): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

async function hexOf(content: HashedContent, algorithm: ChecksumAlgorithm): Promise<string> {
  return Buffer.from((await content.digest(calm)).get(algorithm)!).toString('hex');
}

describe('threads that hash', () => {
  it('give what the algorithms give, all of them side by side', async () => {
    const bytes = randomLooking(700_001, 'hash');
    const content = hashing().open(new Set(checksumAlgorithms));
    const buffer = shared(bytes);
    for (let offset = 0; offset < bytes.length; offset += 100_000) {
      await content.update({ buffer, offset, length: Math.min(100_000, bytes.length - offset) });
    }
    const digests = await content.digest(calm);
    for (const algorithm of checksumAlgorithms) {
      const alone = await openContentHash(algorithm);
      alone.update(bytes);
      expect([algorithm, Buffer.from(digests.get(algorithm)!).toString('hex')]).toEqual([
        algorithm,
        Buffer.from(alone.digest()).toString('hex'),
      ]);
    }
  });

  it('hash many contents at once, each in its order, from several memories', async () => {
    const all = hashing();
    const contents = Array.from({ length: 9 }, (_, i) => randomLooking(50_000 + i * 7_919, i));
    const digests = contents.map(async (bytes) => {
      const content = all.open(new Set(['MD5']));
      const buffers = [shared(bytes), shared(bytes)];
      const updates: Promise<void>[] = [];
      for (let offset = 0, n = 0; offset < bytes.length; offset += 3_001, n++) {
        const length = Math.min(3_001, bytes.length - offset);
        updates.push(content.update({ buffer: buffers[n % 2]!, offset, length }));
      }
      const hex = await hexOf(content, 'MD5');
      await Promise.all(updates);
      content.close();
      return hex;
    });
    expect(await Promise.all(digests)).toEqual(contents.map((b) => createHash('md5').update(b).digest('hex')));
  });

  it('cost nothing where nothing is asked for, and forget what is closed', async () => {
    const all = hashing();
    const nothing = all.open(new Set());
    await nothing.update({ buffer: new SharedArrayBuffer(1), offset: 0, length: 1 });
    expect(await nothing.digest(calm)).toEqual(new Map());
    const left = all.open(new Set(['SHA256']));
    await left.update({ buffer: new SharedArrayBuffer(9), offset: 0, length: 9 });
    left.close();
    left.close();
    const next = all.open(new Set(['SHA256']));
    expect(await hexOf(next, 'SHA256')).toBe(createHash('sha256').digest('hex'));
  });

  it('end with what they were opened for', async () => {
    const all = openContentHashing({ workers: 1 });
    const content = all.open(new Set(['MD5']));
    await content.update({ buffer: new SharedArrayBuffer(9), offset: 0, length: 9 });
    await all.close();
    expect((await failureOf(content.digest(calm))).code).toBe('worker');
    expect((await failureOf(() => all.open(new Set(['MD5'])))).code).toBe('bad-parameters');
  });

  it('that die fail what they had in hand, and are replaced (X22)', async () => {
    const real = new URL('../../../src/gateway/hashing/hashing-worker.ts', import.meta.url).href;
    // Dies of a stretch of 13 bytes, and of no other.
    const workerUrl = await workerFile(`
      import { parentPort } from 'node:worker_threads';
      parentPort.on('message', (task) => { if (task.kind === 'update' && task.length === 13) process.exit(3); });
      await import(${JSON.stringify(real)});
    `);
    const all = hashing({ workers: 1, workerUrl });
    const buffer = new SharedArrayBuffer(1000);
    const [one, other] = [all.open(new Set(['MD5'])), all.open(new Set(['MD5']))];
    await one.update({ buffer, offset: 0, length: 100 });
    const outcomes = await Promise.allSettled([
      other.update({ buffer, offset: 0, length: 13 }),
      one.update({ buffer, offset: 100, length: 100 }),
      one.digest(calm),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect((await failureOf(one.update({ buffer, offset: 0, length: 5 }))).code).toBe('worker');
    one.close();
    const next = all.open(new Set(['MD5']));
    await next.update({ buffer, offset: 0, length: 1000 });
    expect(await hexOf(next, 'MD5')).toBe(createHash('md5').update(Buffer.alloc(1000)).digest('hex'));
  });

  it('report little stretches together, and large ones at once', async () => {
    const reports: HashingReport[] = [];
    const tasks = new HashingTasks((report) => reports.push(report));
    const memory = new SharedArrayBuffer(2 ** 20);
    const update = (length: number) => ({ kind: 'update', content: 0, buffer: 0, offset: 0, length }) as const;
    await tasks.take([
      { kind: 'buffer', buffer: 0, memory },
      { kind: 'open', content: 0, algorithms: ['CRC32'] },
      ...[1000, 1000, 300_000, 2 ** 20, 500, 500].map(update),
      { kind: 'digest', content: 0 },
    ]);
    expect(reports.map((report) => (report.kind === 'updated' ? report.count : 'digests'))).toEqual([
      3,
      1,
      2,
      'digests',
    ]);
  });
});
