import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LockFile } from '../../sqlite/lock-file.ts';
import { manifestError } from '../manifest-error.ts';
import type { UploadLock } from '../upload-manifest.ts';
import { isStreamId } from '../upload-row.ts';

/**
 * A lock file for each epoch of an upload that somebody writes, in a folder beside the database.
 *
 * Taking a file away is a danger: somebody may have opened it and be about to lock it, while the next one makes a new
 * file of the same name, and both believe that they hold the lock. Two facts make it safe here:
 *
 * 1. A file is taken away only when its upload has ended or is gone, which it then is for ever: ids are not used twice.
 * 2. Whoever has taken a lock reads the upload's head before it does anything else.
 *
 * Where the head then says that the upload has not ended, the file cannot have been taken away before the lock was
 * taken, so all who want it want the same one. Where it has ended, a lock that two hold is of no use to either.
 */
export class LockFolder {
  readonly #path: string;
  readonly #manifestName: string;
  readonly #held = new Map<string, LockFile>();
  /** Held ones whose file goes with the hold: Windows does not remove what is open. */
  readonly #retired = new Set<string>();

  constructor(path: string, manifestName: string) {
    this.#path = path;
    this.#manifestName = manifestName;
  }

  /**
   * Locks an epoch of an upload; undefined if somebody holds it.
   *
   * @throws RangeError for what is not a stream's id; SealpartError `manifest` if there can be no lock file.
   */
  take(id: string, epoch: number): UploadLock | undefined {
    if (!isStreamId(id)) throw new RangeError(`id of an upload must be 32 hexadecimal digits, not ${id}`);
    if (!Number.isSafeInteger(epoch) || epoch < 1) throw new RangeError(`epoch must count from 1, not ${epoch}`);
    const name = nameOf(id, epoch);
    if (this.#held.has(name)) return undefined;
    const lock = this.#make(name);
    if (lock === undefined) return undefined;
    // Held here too, because a lock file that is collected as garbage is unlocked.
    this.#held.set(name, lock);
    return {
      release: () => {
        if (this.#held.get(name) === lock) this.#release(name, lock);
      },
    };
  }

  #make(name: string): LockFile | undefined {
    try {
      mkdirSync(this.#path, { recursive: true, mode: 0o700 });
      return LockFile.make(join(this.#path, name));
    } catch (error) {
      throw manifestError(error, `lock upload ${name}`, this.#manifestName);
    }
  }

  /** To be called when the upload has ended or is gone: its lock files go, at once or with the hold on them. */
  retire(id: string, lastEpoch: number): void {
    if (!isStreamId(id)) return;
    for (let epoch = 1; epoch <= lastEpoch; epoch++) {
      const name = nameOf(id, epoch);
      if (this.#held.has(name)) this.#retired.add(name);
      else this.#remove(name);
    }
  }

  releaseAll(): void {
    for (const [name, lock] of this.#held) this.#release(name, lock);
  }

  #release(name: string, lock: LockFile): void {
    this.#held.delete(name);
    lock.release();
    if (this.#retired.delete(name)) this.#remove(name);
  }

  #remove(name: string): void {
    try {
      rmSync(join(this.#path, name), { force: true });
    } catch (error) {
      throw manifestError(error, `take away the lock file of upload ${name}`, this.#manifestName);
    }
  }
}

function nameOf(id: string, epoch: number): string {
  return `${id}-${epoch}`;
}
