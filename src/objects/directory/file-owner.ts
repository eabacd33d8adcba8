import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LockFile } from '../../sqlite/lock-file.ts';
import type { FileOperations } from './file-operations.ts';

/**
 * One open store that writes files, as the other processes see it.
 *
 * A part's file exists before the catalogue knows of it, and nobody but its writer can tell such a file from one that a
 * dead process left behind. So every writer has a random id, begins its files' names with it, and holds the lock of a
 * file called like the id for as long as it lives. Three facts make it safe for others to clear away (collect-orphans.ts):
 *
 * 1. Only the owner ever enters a file of that name into the catalogue.
 * 2. Ids are never used twice, and only the owner makes a lock file.
 * 3. Whoever gets the owner's lock knows that the owner is gone, and that nothing new of it will come.
 */
export class FileOwner {
  readonly #id: string;
  readonly #lock: LockFile;
  #leavesFiles = false;

  private constructor(id: string, lock: LockFile) {
    this.#id = id;
    this.#lock = lock;
  }

  /** Makes a new owner whose lock file will survive a loss of power. */
  static async claim(ownersFolder: string, files: FileOperations): Promise<FileOwner> {
    for (;;) {
      const id = randomBytes(8).toString('hex');
      const lock = LockFile.make(join(ownersFolder, id));
      if (lock === undefined) continue;
      // Between the making and the locking a collector may have taken the file for a dead owner's, and removed it:
      // then this lock is on a file that nobody can find any more. It cannot have been made again (fact 2).
      if (!existsSync(lock.path)) {
        lock.release();
        continue;
      }
      try {
        await files.syncFolder(ownersFolder);
      } catch (error) {
        lock.release();
        throw error;
      }
      return new FileOwner(id, lock);
    }
  }

  /** A name for a new file; nothing about it comes from the object. */
  newFileName(): string {
    return `${namePrefix(this.#id)}${randomBytes(16).toString('hex')}`;
  }

  /** To be called if a file was left that is not in the catalogue, or may not be: the next collector looks after it. */
  leaveFiles(): void {
    this.#leavesFiles = true;
  }

  /** Ends the ownership. No file of its name may be written any more. */
  async release(files: FileOperations): Promise<void> {
    try {
      if (!this.#leavesFiles) await files.unlink(this.#lock.path);
    } finally {
      this.#lock.release();
    }
  }
}

/** True for what can be the name of an owner's lock file. */
export function isOwnerId(name: string): boolean {
  return /^[0-9a-f]{16}$/.test(name);
}

/** How the names of an owner's files begin. */
export function namePrefix(ownerId: string): string {
  return `${ownerId}-`;
}
