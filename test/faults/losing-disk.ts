import { cp, rename, rm, stat, truncate } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { FileOperations } from '../../src/objects/directory/file-operations.ts';
import { diskOperations } from '../../src/objects/directory/file-operations.ts';

/**
 * What a loss of power takes of a file: half of the bytes that were not synced, with its name in place, as some file
 * systems do; or all of them, and the names that were not synced besides.
 */
export type Loss = 'half-the-data' | 'data-and-names';

export const losses: readonly Loss[] = ['half-the-data', 'data-and-names'];

interface TrackedFile {
  name: string;
  /** What a folder that was synced calls it; undefined before that. */
  syncedName: string | undefined;
  isSynced: boolean;
}

/**
 * The disk below a directory store, of which images are taken as a loss of power would leave it. SQLite writes by
 * itself and syncs each transaction, so its files stand in an image as they are. What was removed stays removed.
 */
export class LosingDisk {
  readonly operations: FileOperations;
  readonly #folder: string;
  readonly #files: TrackedFile[] = [];
  readonly #byHandle = new WeakMap<object, TrackedFile>();
  readonly #ignoresSync: boolean;

  /**
   * @param folder what images are of; all files are below it
   * @param onStep called before each operation, for whoever takes images then
   * @param ignoresSync true for a disk on which nothing is ever safe
   */
  constructor(folder: string, onStep: () => Promise<void>, ignoresSync = false) {
    this.#folder = folder;
    this.#ignoresSync = ignoresSync;
    this.operations = this.#watch(onStep);
  }

  #watch(onStep: () => Promise<void>): FileOperations {
    const disk = diskOperations;
    return {
      open: disk.open,
      create: async (path) => {
        await onStep();
        const handle = await disk.create(path);
        const file = { name: path, syncedName: undefined, isSynced: true };
        this.#files.push(file);
        this.#byHandle.set(handle, file);
        return handle;
      },
      write: async (handle, bytes) => {
        await onStep();
        const file = this.#byHandle.get(handle);
        if (file !== undefined) file.isSynced = false;
        return await disk.write(handle, bytes);
      },
      sync: async (handle) => {
        await onStep();
        await disk.sync(handle);
        const file = this.#byHandle.get(handle);
        if (file !== undefined && !this.#ignoresSync) file.isSynced = true;
      },
      rename: async (from, to) => {
        await onStep();
        await disk.rename(from, to);
        for (const file of this.#files) if (file.name === from) file.name = to;
      },
      syncFolder: async (path) => {
        await onStep();
        await disk.syncFolder(path);
        if (this.#ignoresSync) return;
        for (const file of this.#files) if (dirname(file.name) === path) file.syncedName = file.name;
      },
      unlink: async (path) => {
        await onStep();
        await disk.unlink(path);
        this.#files.splice(0, this.#files.length, ...this.#files.filter(({ name }) => name !== path));
      },
    };
  }

  /** Copies the folder as it would be found after a loss of power now. Gives how many files lost something. */
  async image(target: string, loss: Loss): Promise<number> {
    // What SQLite keeps in shared memory is nothing that a disk has.
    await cp(this.#folder, target, { recursive: true, filter: (path) => !path.endsWith('-shm') });
    let lost = 0;
    for (const file of this.#files) {
      const place = (name: string): string => join(target, relative(this.#folder, name));
      const losesData = !file.isSynced;
      const losesName = loss === 'data-and-names' && file.name !== file.syncedName;
      if (losesData) {
        const { size } = await stat(place(file.name));
        await truncate(place(file.name), loss === 'half-the-data' ? Math.floor(size / 2) : 0);
      }
      if (losesName && file.syncedName === undefined) await rm(place(file.name));
      else if (losesName) await rename(place(file.name), place(file.syncedName!));
      if (losesData || losesName) lost++;
    }
    return lost;
  }
}
