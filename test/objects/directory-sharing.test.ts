import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { joined, patternBytes, putBytes, quiet, readObject } from '../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../contracts/object-store/ground.ts';
import { startWorker } from './child.ts';
import { dataFiles, expectSound, openStore, temporaryFolder } from './store-folder.ts';
import { type FileStep, watchedOperations } from './watched-operations.ts';

const bucket = 'bucket';

test('a collector leaves a living writer alone at every step', async () => {
  const root = await temporaryFolder();
  const visited: FileStep[] = [];
  let collecting = false;
  // Whatever step the writer is at, another store is opened, and that one collects.
  const collectNow = async (step: FileStep) => {
    if (!collecting) return;
    visited.push(step);
    const other = await openStore(root);
    await other.close();
  };
  const writer = await openStore(root, {}, { files: watchedOperations(collectNow, collectNow) });
  await writer.createBucket(bucket, quiet);
  collecting = true;
  await putBytes(writer, { bucket, key: 'k' }, patternBytes(1000, 1));
  await putBytes(writer, { bucket, key: 'k' }, patternBytes(2000, 2));
  collecting = false;
  expect(new Set(visited)).toEqual(new Set(['create', 'write', 'sync', 'rename', 'syncFolder', 'unlink']));
  expectBytes(await readObject(writer, { bucket, key: 'k' }), patternBytes(2000, 2));
  await writer.close();
  await expectSound(root);
});

test('a collector leaves another process alone while that one lives, and clears up when it has died', async () => {
  const root = await temporaryFolder();
  const setup = await openStore(root);
  await setup.createBucket(bucket, quiet);
  const worker = startWorker([root, 'loop', '0']);
  await worker.reached('done');
  worker.process.kill('SIGSTOP');
  onTestFinished(() => void worker.process.kill('SIGKILL'));

  // Stopped wherever it was, it is alive: its lock stands, and so does what it wrote.
  const before = await dataFiles(root);
  const collector = await openStore(root);
  expect(await dataFiles(root)).toEqual(before);
  expect(await readdir(join(root, 'owners'))).toHaveLength(1);

  worker.process.kill('SIGCONT');
  const soFar = worker.lines.length;
  await expect.poll(() => worker.lines.length).toBeGreaterThan(soFar + 10);
  worker.process.kill('SIGKILL');
  await worker.ended;
  const next = await openStore(root);
  expect(await readdir(join(root, 'owners'))).toEqual([]);
  for (const store of [setup, collector, next]) await store.close();
  await expectSound(root);
});

test('several processes write at once while others come and go', async () => {
  const root = await temporaryFolder();
  const store = await openStore(root);
  await store.createBucket(bucket, quiet);
  const keys = ['one', 'two'];
  const workers = keys.map((key) => startWorker([root, 'parts', '60', key]));
  let opened = 0;
  const isOver = Promise.all(workers.map((worker) => worker.ended)).then(() => true);
  for (let over = false; !over; ) {
    const visitor = await openStore(root);
    await putBytes(visitor, { bucket, key: 'visitor' }, patternBytes(100, opened++));
    await visitor.close();
    over = await Promise.race([isOver, new Promise<false>((resolve) => setTimeout(() => resolve(false), 5))]);
  }
  expect(opened).toBeGreaterThan(5);
  const whole = joined(...Array.from({ length: 60 }, (_, i) => patternBytes(5000, i + 1)));
  for (const [index, key] of keys.entries()) {
    expect(workers[index]?.lines).toEqual(['begin', 'done']);
    expectBytes(await readObject(store, { bucket, key }), whole);
  }
  expectBytes(await readObject(store, { bucket, key: 'visitor' }), patternBytes(100, opened - 1));
  await store.close();
  await expectSound(root);
});

test('a catalogue that another process holds locked is waited for without stopping this one', async () => {
  const root = await temporaryFolder();
  const store = await openStore(root, {}, { busyLimitMs: 300 });
  await store.createBucket(bucket, quiet);
  await putBytes(store, { bucket, key: 'k' }, patternBytes(10, 1));
  const holder = new DatabaseSync(join(root, 'catalogue.sqlite'));
  onTestFinished(() => holder.close());
  holder.exec('BEGIN IMMEDIATE');

  let longestStandstillMs = 0;
  let lastMs = performance.now();
  const ticking = setInterval(() => {
    longestStandstillMs = Math.max(longestStandstillMs, performance.now() - lastMs);
    lastMs = performance.now();
  }, 5);
  const error = await expectCode(putBytes(store, { bucket, key: 'k' }, patternBytes(20, 2)), 'store');
  clearInterval(ticking);
  expect(error.message).toMatch(/locked by another process for 0.3 s/);
  expect(longestStandstillMs).toBeLessThan(150);

  // Readers do not wait for the writer.
  expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(10, 1));
  const controller = new AbortController();
  const waiting = store.delete({ bucket, key: 'k' }, controller.signal);
  controller.abort();
  await expectCode(waiting, 'aborted');

  const patient = putBytes(store, { bucket, key: 'k' }, patternBytes(30, 3));
  setTimeout(() => holder.exec('ROLLBACK'), 50);
  await patient;
  expectBytes(await readObject(store, { bucket, key: 'k' }), patternBytes(30, 3));
  await store.close();
  await expectSound(root);
});

test('closing waits for the calls that are running', async () => {
  const root = await temporaryFolder();
  let reachedSync = false;
  const store = await openStore(
    root,
    {},
    {
      files: watchedOperations(async (step) => {
        if (step !== 'sync') return;
        reachedSync = true;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }),
    },
  );
  await store.createBucket(bucket, quiet);
  const writing = putBytes(store, { bucket, key: 'k' }, patternBytes(1000, 1));
  const closing = store.close();
  await expectCode(putBytes(store, { bucket, key: 'other' }, patternBytes(1, 1)), 'store');
  await closing;
  await writing;
  expect(reachedSync).toBe(true);
  await expectSound(root);
  const again = await openStore(root);
  expectBytes(await readObject(again, { bucket, key: 'k' }), patternBytes(1000, 1));
});
