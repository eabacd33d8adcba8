import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SealpartError } from '../errors.ts';
import { ioError, systemCode } from '../sources/io-error.ts';

/** The folder that a tree is written into. */
export class TreeFolder {
  readonly path: string;
  /** Each folder is looked at once, however many files come into it. */
  readonly #folders = new Map<string, Promise<void>>();
  readonly #onFolder: (path: string) => Promise<void>;

  private constructor(path: string, onFolder: (path: string) => Promise<void>) {
    this.path = path;
    this.#onFolder = onFolder;
  }

  /**
   * @param onFolder called for each folder that was there already, before anything is written into it
   * @throws SealpartError `io` if it is no folder and cannot be made
   */
  static async open(path: string, onFolder: (path: string) => Promise<void>): Promise<TreeFolder> {
    await attempt(`The folder ${path} cannot be made`, () => mkdir(path, { recursive: true }));
    await onFolder(path);
    return new TreeFolder(path, onFolder);
  }

  /** True if names that differ only in case are one file here. */
  async foldsCase(): Promise<boolean> {
    const name = `.sealpart-${randomBytes(8).toString('hex')}a.tmp`;
    const path = join(this.path, name);
    return attempt(`${this.path} cannot be written to`, async () => {
      await (await open(path, 'wx', 0o600)).close();
      try {
        return (await whatStandsAt(join(this.path, name.toUpperCase()))) !== undefined;
      } finally {
        await unlink(path);
      }
    });
  }

  /**
   * Makes the folders above a file. None of them may be a link: whoever can make one could choose where files go.
   *
   * @returns the path of the file
   * @throws SealpartError `io`
   */
  async makeRoom(names: readonly string[]): Promise<string> {
    let path = this.path;
    for (const name of names.slice(0, -1)) {
      path = join(path, name);
      const folder = path;
      const making = this.#folders.get(folder) ?? this.#makeFolder(folder);
      this.#folders.set(folder, making);
      await making;
    }
    return this.pathOf(names);
  }

  pathOf(names: readonly string[]): string {
    return join(this.path, ...names);
  }

  async #makeFolder(path: string): Promise<void> {
    if (await makeFolder(path)) return;
    await this.#onFolder(path);
  }
}

/** False if it is there already. */
function makeFolder(path: string): Promise<boolean> {
  return attempt(`The folder ${path} cannot be made`, async () => {
    try {
      await mkdir(path);
      return true;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      if ((await lstat(path)).isDirectory()) return false;
      throw new SealpartError('io', `${path} is a file or a link, and a folder is needed there. Move it away first.`);
    }
  });
}

/** Undefined for what is not there; links are not followed. */
export async function whatStandsAt(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw ioError(`${path} could not be examined`, error);
  }
}

async function attempt<T>(deed: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw ioError(deed, cause);
  }
}
