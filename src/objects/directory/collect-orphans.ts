import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../errors.ts';
import { LockFile } from '../../sqlite/lock-file.ts';
import type { Catalogue } from './catalogue.ts';
import type { FileOperations } from './file-operations.ts';
import { isOwnerId, namePrefix } from './file-owner.ts';
import type { PartFiles } from './part-files.ts';

/** How many files one transaction looks after: others wait meanwhile. */
const batchSize = 500;

/** The parts of a store that the collector works on. */
export interface StoreGround {
  readonly catalogue: Catalogue;
  readonly partFiles: PartFiles;
  readonly ownersFolder: string;
  readonly files: FileOperations;
}

/**
 * Takes away what processes left behind that died: files that no transaction entered into the catalogue, and files that
 * a transaction took out of it. Those of living processes are left alone (file-owner.ts says why that is certain), and
 * costs nothing to speak of if nobody died. Any number of collectors may run at once.
 */
export async function collectOrphans(ground: StoreGround, signal: AbortSignal): Promise<void> {
  for (const entry of await readdir(ground.ownersFolder, { withFileTypes: true })) {
    throwIfAborted(signal);
    // Something that no owner made, a symbolic link among others, is none of the collector's business.
    if (!entry.isFile() || !isOwnerId(entry.name)) continue;
    const lock = takeLock(join(ground.ownersFolder, entry.name));
    if (lock === undefined) continue;
    try {
      await doomFilesOf(entry.name, ground, signal);
      await unlinkLock(lock, ground.files);
    } finally {
      lock.release();
    }
  }
  await removeDoomed(ground, signal);
}

/** Undefined if the owner lives, or if another collector has been here. */
function takeLock(path: string): LockFile | undefined {
  try {
    return LockFile.take(path);
  } catch (error) {
    if (!existsSync(path)) return undefined;
    throw error;
  }
}

async function unlinkLock(lock: LockFile, files: FileOperations): Promise<void> {
  // A collector that listed the folder before another one removed this file can hold the lock of a file without a name.
  if (existsSync(lock.path)) await files.unlink(lock.path);
}

/**
 * Dooms the files of a dead owner that the catalogue does not know; its lock must be held.
 *
 * They are not simply removed, because the dooming is a commit, and that is needed: a process that was killed in the
 * middle of its own may have written it to the log without telling the others. It is not seen by them now, but would be
 * after a recovery of the log, unless another commit has been written over it.
 */
async function doomFilesOf(ownerId: string, ground: StoreGround, signal: AbortSignal): Promise<void> {
  const { catalogue, partFiles } = ground;
  const doom = (names: readonly string[]) =>
    catalogue.change(signal, () => {
      for (const name of names) if (!catalogue.parts.hasFile(name)) catalogue.parts.doom(name);
    });
  let batch: string[] = [];
  for await (const name of partFiles.list(namePrefix(ownerId), signal)) {
    batch.push(name);
    if (batch.length < batchSize) continue;
    await doom(batch);
    batch = [];
  }
  if (batch.length > 0) await doom(batch);
}

/** Removes all doomed files and strikes them off. Some may be another process's, which is about to do the same. */
export async function removeDoomed(ground: StoreGround, signal: AbortSignal): Promise<void> {
  const { catalogue, partFiles } = ground;
  let after = '';
  for (;;) {
    throwIfAborted(signal);
    const batch = await catalogue.view(signal, () => catalogue.parts.doomed(after, batchSize));
    const last = batch.at(-1);
    if (last === undefined) return;
    await partFiles.remove(batch);
    await strikeOff(batch, ground, signal);
    after = last;
  }
}

/** Strikes removed files off the list of the doomed, once they are sure to stay away. */
export async function strikeOff(files: readonly string[], ground: StoreGround, signal: AbortSignal): Promise<void> {
  await ground.partFiles.sync();
  await ground.catalogue.change(signal, () => ground.catalogue.parts.forgetDoomed(files));
}
