import { mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const sharedMemory = '/dev/shm';

/**
 * Runs with a new directory, in memory where that has room for so many bytes, else on disk, and removes it.
 *
 * @returns undefined if there is no room anywhere
 */
export async function withScratch<T>(
  neededBytes: number,
  run: (folder: string, where: string) => Promise<T>,
): Promise<T | undefined> {
  for (const parent of [sharedMemory, tmpdir()]) {
    if ((await freeBytes(parent)) < neededBytes * 1.1) continue;
    const folder = await mkdtemp(join(parent, 'sealpart-bench-'));
    try {
      return await run(folder, parent === sharedMemory ? 'in /dev/shm' : 'on disk');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return undefined;
}

async function freeBytes(folder: string): Promise<number> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined) return 0;
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
