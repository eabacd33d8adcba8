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
  const rehearsal = startWorker([await temporaryFolder(), 'script', '0', 'SIGKILL']);
  await rehearsal.ended;
  // The first file has its name, and the catalogue does not know it yet.
  const point =
    rehearsal.lines.find((_, index) => rehearsal.lines[index - 1]?.endsWith(' rename'))?.split(' ')[1] ?? '';

  for (const fate of ['SIGCONT', 'SIGKILL'] as const) {
    const root = await temporaryFolder();
    const worker = startWorker([root, 'script', point, 'SIGSTOP']);
    onTestFinished(() => void worker.process.kill('SIGKILL'));
    await worker.reached(`at ${point} syncFolder`);
    const files = await dataFiles(root);
    expect(files).toHaveLength(1);
    await (await openStore(root)).close();
    expect(await dataFiles(root)).toEqual(files);
    expect(await readdir(join(root, 'owners'))).toHaveLength(1);

    // Again and again, should it get to stopping itself only after it was woken.
    const sending = setInterval(() => worker.process.kill(fate), 50);
    expect(await worker.ended).toBe(fate === 'SIGCONT' ? null : fate);
    clearInterval(sending);
    if (fate === 'SIGCONT') expect(worker.lines.at(-1)).toBe('closed');
    await (await openStore(root)).close();
    await expectSound(root);
  }
});

test('a collector in the same process does not give up the lock that other processes look for', async () => {
  const root = await temporaryFolder();
  let visits = 0;
  const files = watchedOperations(
    () => {},
    async (step) => {
      if (step !== 'rename') return;
      const sibling = await openStore(root);
      await sibling.close();
      const other = startWorker([root, 'parts', '1', 'other']);
      await other.ended;
      expect(other.lines).toEqual(['begin', 'done']);
      visits += 1;
    },
  );
  const writer = await openStore(root, {}, { files });
  await writer.createBucket(bucket, quiet);
  await putBytes(writer, { bucket, key: 'k' }, patternBytes(1000, 1));
  expect(visits).toBe(1);
  expectBytes(await readObject(writer, { bucket, key: 'k' }), patternBytes(1000, 1));
  expectBytes(await readObject(writer, { bucket, key: 'other' }), patternBytes(5000, 1));
  await writer.close();
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

  let ticks = 0;
  const ticking = setInterval(() => {
    ticks += 1;
  }, 5);
  const error = await expectCode(putBytes(store, { bucket, key: 'k' }, patternBytes(20, 2)), 'store');
  clearInterval(ticking);
  expect(error.message).toMatch(/locked by another process for 0.3 s/);
  expect(ticks).toBeGreaterThan(5);

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
