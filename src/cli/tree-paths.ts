import { sep } from 'node:path';
import { SealpartError } from '../errors.ts';
import { listedName } from './one-line.ts';

/** What names of files cannot have in them here. */
const forbidden = sep === '\\' ? /[\0\\:*?"<>|]/ : /\0/;

/**
 * The names that a key is made of, as folders and a file: `a/b/c`.
 *
 * @throws SealpartError `io` if no path below a folder can be called like that, with the reason
 */
export function namesOfKey(key: string): readonly string[] {
  const names = key.split('/');
  const fault = faultOf(key, names);
  if (fault === undefined) return names;
  throw new SealpartError(
    'io',
    `${listedName(key)} cannot be the path of a file: ${fault}. Get it by itself: get URL FILE.`,
  );
}

function faultOf(key: string, names: readonly string[]): string | undefined {
  if (key === '') return 'it is empty';
  if (key.startsWith('/')) return 'it begins with a slash';
  if (key.endsWith('/')) return 'it ends with a slash, as folders do';
  if (names.includes('')) return 'it has two slashes side by side';
  if (names.includes('..')) return 'it has a ".." in it, which leads out of the folder';
  if (names.includes('.')) return 'it has a "." in it';
  if (forbidden.test(key)) return 'it has a character in it that no file name may have';
  return undefined;
}

/**
 * The paths that a tree takes below its folder, first come, first served: a store can hold keys side by side that no
 * file system can.
 */
export class ClaimedPaths {
  readonly #foldsCase: boolean;
  /** As they are compared, with the keys as they are. */
  readonly #files = new Map<string, string>();
  readonly #folders = new Set<string>();

  /** @param foldsCase true if the file system takes `A` and `a` for one */
  constructor(foldsCase: boolean) {
    this.#foldsCase = foldsCase;
  }

  /** @throws SealpartError `io` if another key has taken it, or stands in its way */
  claim(names: readonly string[]): void {
    const path = names.join('/');
    const compared = this.#compared(path);
    const twin = this.#files.get(compared);
    if (twin !== undefined) {
      throw refused(path, `it differs from ${listedName(twin)} only in case, and this file system takes both for one`);
    }
    if (this.#folders.has(compared)) throw refused(path, 'other keys stand below it, as in a folder');
    const above = names.slice(0, -1).map((_, i) => this.#compared(names.slice(0, i + 1).join('/')));
    for (const folder of above) {
      const file = this.#files.get(folder);
      if (file !== undefined) throw refused(path, `${listedName(file)} is a file, and not a folder`);
    }
    for (const folder of above) this.#folders.add(folder);
    this.#files.set(compared, path);
  }

  #compared(path: string): string {
    return this.#foldsCase ? path.normalize('NFC').toLowerCase() : path;
  }
}

function refused(path: string, reason: string): SealpartError {
  return new SealpartError(
    'io',
    `${listedName(path)} cannot be written beside the others: ${reason}. Get it by itself: get URL FILE.`,
  );
}
