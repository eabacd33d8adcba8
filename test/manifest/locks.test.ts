import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { UploadManifest } from '../../src/manifest/upload-manifest.ts';
import { enter, newClaim, quiet } from '../contracts/upload-manifest-ground.ts';
import { moduleUrl, startScript } from '../support/run-script.ts';
import { manifestPath, openManifest } from './manifest-file.ts';

/** Starts a process that locks an upload and lives on; resolves when it holds the lock. */
async function lockElsewhere(path: string, id: string) {
  const child = startScript(`
    import { openSqliteManifest } from ${moduleUrl('src/manifest/sqlite/open-sqlite-manifest.ts')};
    const manifest = await openSqliteManifest(${JSON.stringify(path)});
    const lock = await manifest.lock('${id}', 1);
    process.stdout.write(lock === undefined ? 'refused' : 'locked');
    setInterval(() => lock, 1000);
  `);
  const [said] = await once(child.stdout!, 'data');
  expect(String(said)).toBe('locked');
  return child;
}

async function hold(manifest: UploadManifest, id: string) {
  const lock = await manifest.lock(id, 1);
  if (lock === undefined || lock === 'unknown') throw new Error('the lock should be free');
  return lock;
}

test('the lock of a process is seen by others and ends with it, even by SIGKILL', async () => {
  const path = await manifestPath();
  const manifest = await openManifest(path);
  const { id } = await enter(manifest);
  const child = await lockElsewhere(path, id);
  expect(await manifest.lock(id, 1)).toBeUndefined();
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  expect(await manifest.lock(id, 1)).toBeDefined();
});

test('a lock file goes when its upload has ended or is gone, and stays until then', async () => {
  const path = await manifestPath();
  const manifest = await openManifest(path);
  const files = () => readdir(`${path}-locks`);
  const ended = await enter(manifest);
  const lock = await hold(manifest, ended.id);
  lock.release();
  expect(await files()).toEqual([`${ended.id}-1`]);
  const again = await hold(manifest, ended.id);
  await manifest.change(ended.id, 1, { state: 'done' }, 9, quiet);
  again.release();
  expect(await files()).toEqual([]);

  const removed = await enter(manifest);
  (await hold(manifest, removed.id)).release();
  await manifest.remove(removed.id, 1, quiet);
  expect(await files()).toEqual([]);

  const held = await enter(manifest);
  await hold(manifest, held.id);
  await manifest.remove(held.id, 1, quiet);
  await manifest.close();
  expect(await files()).toEqual([]);
});

test('an upload that was never locked can be removed without a folder of locks', async () => {
  const path = await manifestPath();
  const manifest = await openManifest(path);
  const { id } = await enter(manifest);
  await manifest.remove(id, 1, quiet);
  expect(existsSync(`${path}-locks`)).toBe(false);
});

test('of many who want one upload while it goes from hand to hand, one has it at a time', async () => {
  const path = await manifestPath();
  const manifests = await Promise.all(Array.from({ length: 4 }, () => openManifest(path)));
  const { id } = await enter(manifests[0]!);
  let holders = 0;
  let most = 0;
  let turns = 0;
  const work = async (manifest: UploadManifest, name: string) => {
    while (turns < 40) {
      const lock = await manifest.lock(id, 1);
      if (lock === undefined || lock === 'unknown') {
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      most = Math.max(most, ++holders);
      turns += 1;
      const head = await manifest.find(id, quiet);
      await manifest.takeOver(id, head!.epoch, newClaim(name), turns, quiet);
      holders -= 1;
      lock.release();
    }
  };
  await Promise.all(manifests.map((manifest, number) => work(manifest, `owner ${number}`)));
  expect(most).toBe(1);
  expect((await manifests[0]!.find(id, quiet))?.epoch).toBe(turns + 1);
});
