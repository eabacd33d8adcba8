import type { FileHandle } from 'node:fs/promises';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { SealpartError, throwIfAborted } from '../../errors.ts';
import type { BodyBytes } from '../object-store.ts';
import type { FileOperations } from './file-operations.ts';
import { isMissing } from './store-error.ts';

/** How much is written or read in one go, in bytes: between two slices a cancelled call can stop. */
export const sliceBytes: number = 4 * 1024 * 1024;

/** What a file is called until all of it is on the disk. */
const unfinishedSuffix = '.tmp';

/** The bytes of a body, in views to be stored one after the other. */
export function viewsOf(body: BodyBytes): readonly Uint8Array[] {
  if (body instanceof Uint8Array) return [body];
  return 'pieces' in body ? body.pieces : body;
}

/** The folder that holds the bytes of all parts, in files whose names say nothing about them. */
export class PartFiles {
  readonly #folder: string;
  readonly #files: FileOperations;

  constructor(folder: string, files: FileOperations) {
    this.#folder = folder;
    this.#files = files;
  }

  /** Resolves when a file of these bytes will survive a loss of power. If it rejects, `remove` takes away what is there. */
  async write(name: string, body: BodyBytes, signal: AbortSignal): Promise<void> {
    const path = join(this.#folder, name);
    const handle = await this.#files.create(path + unfinishedSuffix);
    try {
      for (const view of viewsOf(body)) await this.#append(handle, view, signal);
      throwIfAborted(signal);
      await this.#files.sync(handle);
    } finally {
      await handle.close();
    }
    await this.#files.rename(path + unfinishedSuffix, path);
    await this.#files.syncFolder(this.#folder);
  }

  async #append(handle: FileHandle, view: Uint8Array, signal: AbortSignal): Promise<void> {
    let written = 0;
    while (written < view.length) {
      throwIfAborted(signal);
      written += await this.#files.write(handle, view.subarray(written, written + sliceBytes));
    }
  }

  /** Opens a file that the catalogue says has so many bytes. Undefined if there is none of that name. */
  async open(name: string, sizeBytes: number): Promise<FileHandle | undefined> {
    let handle: FileHandle;
    try {
      handle = await this.#files.open(join(this.#folder, name));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    try {
      const found = await handle.stat();
      if (!found.isFile() || found.size !== sizeBytes) {
        const found_ = found.isFile() ? `has ${found.size} bytes` : 'is no file';
        const meant = `the catalogue says ${sizeBytes} bytes`;
        throw new SealpartError('store', `${join(this.#folder, name)} ${found_}, and ${meant}: the store was damaged.`);
      }
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Takes files away, finished or not; those that are gone already are no error. */
  async remove(names: Iterable<string>): Promise<void> {
    for (const name of names) await this.#unlink(join(this.#folder, name));
  }

  /** Takes away what a write that failed has left. */
  async removeFailed(name: string): Promise<void> {
    await this.#unlink(join(this.#folder, name + unfinishedSuffix));
    await this.#unlink(join(this.#folder, name));
  }

  async #unlink(path: string): Promise<void> {
    try {
      await this.#files.unlink(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** The names of all files there that begin like this, unfinished ones included. */
  async *list(prefix: string, signal: AbortSignal): AsyncIterable<string> {
    for await (const entry of await opendir(this.#folder)) {
      throwIfAborted(signal);
      if (entry.name.startsWith(prefix)) yield entry.name;
    }
  }

  /** Resolves when what was made and taken away so far will stay so after a loss of power. */
  async sync(): Promise<void> {
    await this.#files.syncFolder(this.#folder);
  }
}
