import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from './manifest-error.ts';

/** Resolves when the names in a folder will survive a loss of power. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot sync a folder; NTFS journals its names.
  if (process.platform === 'win32') return;
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes a folder that only this user may enter, and those that are missing above it, so that a loss of power does not
 * take them away. What is there already stays as it is.
 *
 * Node's own recursion says of a read-only file system that there is no such folder.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    return await makeFolder(path);
  }
  await syncFolder(dirname(path));
}
