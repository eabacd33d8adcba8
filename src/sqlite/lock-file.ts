import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { isBusy } from './sqlite-error.ts';

/**
 * A lock that ends with the process that holds it, whatever ends it: an exclusive transaction on an empty SQLite
 * database, which is a lock that the kernel keeps. Node offers no other, and unlike a bare fcntl lock it also holds
 * against another store that is open in the same process.
 *
 * Nothing else in the process may open the file: closing it would give up the lock (POSIX).
 */
export class LockFile {
  readonly path: string;
  readonly #database: DatabaseSync;

  private constructor(path: string, database: DatabaseSync) {
    this.path = path;
    this.#database = database;
  }

  /** Makes the file if there is none, and takes the lock; undefined if another holds it. */
  static make(path: string): LockFile | undefined {
    return LockFile.#take(path, 'rwc');
  }

  /** Takes the lock of a file that exists; undefined if another holds it. Throws if there is no such file. */
  static take(path: string): LockFile | undefined {
    return LockFile.#take(path, 'rw');
  }

  static #take(path: string, mode: 'rw' | 'rwc'): LockFile | undefined {
    const url = pathToFileURL(path);
    url.searchParams.set('mode', mode);
    const database = new DatabaseSync(url, { timeout: 0 });
    try {
      // Nothing is ever written, but SQLite would lay out a journal's file beside this one all the same.
      database.exec('PRAGMA journal_mode = MEMORY');
      database.exec('BEGIN EXCLUSIVE');
      return new LockFile(path, database);
    } catch (error) {
      database.close();
      if (isBusy(error)) return undefined;
      throw error;
    }
  }

  /** Gives up the lock. The file stays. */
  release(): void {
    this.#database.close();
  }
}
