import type { FileHandle } from 'node:fs/promises';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { SealpartError, throwIfAborted } from '../../errors.ts';
import type { BodyBytes } from '../object-store.ts';
import { BodyCheck, viewsOf } from './body-bytes.ts';
import type { FileOperations } from './file-operations.ts';
import { FolderSync } from './folder-sync.ts';
import { quoted } from './names.ts';
import { isMissing } from './store-error.ts';

/** How much is written or read in one go, in bytes: between two slices a cancelled call can stop. */
export const sliceBytes: number = 4 * 1024 * 1024;

/** What a file is called until all of it is on the disk. */
const unfinishedSuffix = '.tmp';

/** How FileOwner names files, and what they are called before they are finished. */
const ownName = /^[0-9a-f]{16}-[0-9a-f]{32}(\.tmp)?$/;

/** The folder that holds the bytes of all parts, in files whose names say nothing about them. */
export class PartFiles {
  readonly #folder: string;
  readonly #files: FileOperations;
  readonly #folderSync: FolderSync;

  constructor(folder: string, files: FileOperations) {
    this.#folder = folder;
    this.#files = files;
    this.#folderSync = new FolderSync(() => files.syncFolder(folder));
  }

  /**
   * Resolves when a file of these bytes will survive a loss of power. If it rejects, `removeFailed` takes away what is
   * there.
   *
   * @param label - What is stored, as messages name it.
   * @throws SealpartError `store` (BadDigest) if the bytes do not have the CRC-32 that came with them.
   */
  async write(name: string, body: BodyBytes, label: string, signal: AbortSignal): Promise<void> {
    const path = this.#pathOf(name);
    const handle = await this.#files.create(path + unfinishedSuffix);
    try {
      const check = new BodyCheck(body);
      for (const view of viewsOf(body)) await this.#append(handle, view, check, signal);
      check.finish(label);
      throwIfAborted(signal);
      await this.#files.sync(handle);
    } finally {
      await handle.close();
    }
    await this.#files.rename(path + unfinishedSuffix, path);
    await this.#folderSync.run();
  }

  async #append(handle: FileHandle, view: Uint8Array, check: BodyCheck, signal: AbortSignal): Promise<void> {
    let written = 0;
    while (written < view.length) {
      throwIfAborted(signal);
      const count = await this.#files.write(handle, view.subarray(written, written + sliceBytes));
      check.add(view.subarray(written, written + count));
      written += count;
    }
  }

  /** Opens a file that the catalogue says has so many bytes. Undefined if there is none of that name. */
  async open(name: string, sizeBytes: number): Promise<FileHandle | undefined> {
    const path = this.#pathOf(name);
    let handle: FileHandle;
    try {
      handle = await this.#files.open(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    try {
      const found = await handle.stat();
      if (!found.isFile() || found.size !== sizeBytes) {
        const found_ = found.isFile() ? `has ${found.size} bytes` : 'is no file';
        const meant = `the catalogue says ${sizeBytes} bytes`;
        throw new SealpartError('store', `${path} ${found_}, and ${meant}: the store was damaged.`);
      }
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Takes files away, finished or not; those that are gone already are no error. */
  async remove(names: Iterable<string>): Promise<void> {
    for (const name of names) await this.#unlink(this.#pathOf(name));
  }

  /** Takes away what a write that failed has left. */
  async removeFailed(name: string): Promise<void> {
    const path = this.#pathOf(name);
    await this.#unlink(path + unfinishedSuffix);
    await this.#unlink(path);
  }

  async #unlink(path: string): Promise<void> {
    try {
      await this.#files.unlink(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** The names of all files of the store's making that begin like this, unfinished ones included. */
  async *list(prefix: string, signal: AbortSignal): AsyncIterable<string> {
    for await (const entry of await opendir(this.#folder)) {
      throwIfAborted(signal);
      if (entry.name.startsWith(prefix) && ownName.test(entry.name)) yield entry.name;
    }
  }

  /** Resolves when what was made and taken away so far will stay so after a loss of power. */
  async sync(): Promise<void> {
    await this.#folderSync.run();
  }

  /** Whoever gives a folder to be opened as a store must not choose what is read and removed elsewhere. */
  #pathOf(name: string): string {
    if (ownName.test(name)) return join(this.#folder, name);
    const named = `The catalogue beside ${this.#folder} names a file ${quoted(name)}, which no store makes`;
    throw new SealpartError('store', `${named}: the store was damaged, restore it from a copy.`);
  }
}
