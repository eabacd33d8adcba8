import { expect, test } from 'vitest';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { collect, patternBytes, quiet, readObject } from '../contracts/object-store/bytes.ts';
import { expectBytes } from '../contracts/object-store/ground.ts';
import { startWorker } from './child.ts';
import { script } from './crash-script.ts';
import { expectSound, openStore, temporaryFolder } from './store-folder.ts';

/** What stands under a key, or undefined. */
async function standing(store: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  try {
    return await readObject(store, { bucket: 'bucket', key });
  } catch (error) {
    if ((error as { code?: string }).code === 'not-found') return undefined;
    throw error;
  }
}

function isSame(found: Uint8Array | undefined, expected: Uint8Array | undefined): boolean {
  if (found === undefined || expected === undefined) return found === expected;
  return Buffer.compare(found, expected) === 0;
}

/** Runs the script, killed at a point, and checks what the next one to open the store finds. */
async function dieAt(point: number): Promise<string | undefined> {
  const root = await temporaryFolder();
  const worker = startWorker([root, 'script', String(point), 'SIGKILL']);
  expect(await worker.ended).toBe('SIGKILL');
  const reached = worker.lines.at(-1);
  expect(reached).toMatch(new RegExp(`^at ${point} `));

  const done = worker.lines.filter((line) => line.startsWith('done ')).length;
  const store = await openStore(root);
  const nothing = { k: undefined, other: undefined };
  const states = [script[done - 1] ?? nothing, script[done] ?? script.at(-1)!];
  for (const key of ['k', 'other'] as const) {
    const found = await standing(store, key);
    expect(states.some((state) => isSame(found, state[key]))).toBe(true);
  }
  // What is left of unfinished uploads is whole parts, and can be taken away.
  if (done > 0) {
    for (const upload of await collect(store.listUploads('bucket', quiet))) {
      for (const part of await collect(store.listParts(upload, quiet))) expect([10, 2000]).toContain(part.sizeBytes);
      await store.abortMultipart(upload, quiet);
    }
  }
  await store.close();
  await expectSound(root);
  return reached?.split(' ')[2];
}

// Some hundred processes are started for it.
test('a process killed between any two steps leaves the old state or the new one, and nothing besides', {
  timeout: 300_000,
}, async () => {
  const root = await temporaryFolder();
  const whole = startWorker([root, 'script', '0', 'SIGKILL']);
  expect(await whole.ended).toBeNull();
  expect(whole.lines.at(-1)).toBe('closed');
  await expectSound(root);
  const pointCount = whole.lines.filter((line) => line.startsWith('at ')).length;
  expect(pointCount).toBeGreaterThan(50);

  const reached = new Map<string, number>();
  let next = 1;
  const walk = async () => {
    while (next <= pointCount) {
      const step = (await dieAt(next++)) ?? 'none';
      reached.set(step, (reached.get(step) ?? 0) + 1);
    }
  };
  await Promise.all([walk(), walk()]);
  // Every point was reached, and all kinds of them: the collector is put to work from each.
  expect([...reached.values()].reduce((sum, count) => sum + count, 0)).toBe(pointCount);
  expect([...reached.keys()].sort()).toEqual(['create', 'rename', 'sync', 'syncFolder', 'synced', 'unlink', 'write']);
});

test('nothing that was answered is lost when the process is killed at any moment', { timeout: 120_000 }, async () => {
  const root = await temporaryFolder();
  const setup = await openStore(root);
  await setup.createBucket('bucket', quiet);
  await setup.close();

  /** The latest seed that was answered for a key. */
  const answered = new Map<string, number>();
  let seed = 0;
  for (let round = 0; round < 20; round++) {
    const worker = startWorker([root, 'loop', String(seed)]);
    await worker.reached('done');
    setTimeout(() => worker.process.kill('SIGKILL'), (round * 7) % 50);
    expect(await worker.ended).toBe('SIGKILL');
    const begun = new Map<string, number>();
    for (const line of worker.lines) {
      const [verb, key, number] = line.split(' ');
      if (key === undefined) continue;
      (verb === 'done' ? answered : begun).set(key, Number(number));
      seed = Math.max(seed, Number(number) + 1);
    }

    const store = await openStore(root);
    for (const [key, latest] of answered) {
      const bytes = await readObject(store, { bucket: 'bucket', key });
      const found = bytes.length - 30_000;
      expect([latest, begun.get(key)]).toContain(found);
      expectBytes(bytes, patternBytes(30_000 + found, found));
      answered.set(key, found);
    }
    for (const upload of await collect(store.listUploads('bucket', quiet))) await store.abortMultipart(upload, quiet);
    await store.close();
    await expectSound(root);
  }
  expect(answered.size).toBe(3);
  expect(seed).toBeGreaterThan(40);
});
