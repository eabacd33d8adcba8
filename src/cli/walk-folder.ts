import type { Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SealpartError, throwIfAborted } from '../errors.ts';
import { ioError, systemCode } from '../sources/io-error.ts';

/** Something that was found below a folder. */
export type Found =
  | { readonly kind: 'file'; readonly name: string; readonly path: string; readonly sizeBytes: number }
  /** Neither a file nor a folder: it is left out. */
  | { readonly kind: 'other'; readonly name: string; readonly what: string }
  | { readonly kind: 'failed'; readonly name: string; readonly error: unknown };

/** @throws SealpartError `io`, `not-found` if there is no folder to walk through */
export async function requireFolder(path: string): Promise<void> {
  try {
    if ((await stat(path)).isDirectory()) return;
  } catch (cause) {
    throw ioError(`${path} could not be opened`, cause, systemCode(cause) === 'ENOENT' ? 'not-found' : 'io');
  }
  throw new SealpartError('io', `${path} is no folder. Leave out -r to put one file.`);
}

/**
 * Everything below a folder, in the order of the names' bytes, but folders themselves. Links are not followed. What
 * cannot be looked at is given as such, and does not end the walk.
 */
export async function* walkFolder(root: string, signal: AbortSignal): AsyncGenerator<Found> {
  yield* walk(root, '', signal);
}

async function* walk(folder: string, prefix: string, signal: AbortSignal): AsyncGenerator<Found> {
  throwIfAborted(signal);
  let names: readonly Buffer[];
  try {
    names = (await readdir(folder, { encoding: 'buffer' })).sort((a, b) => Buffer.compare(a, b));
  } catch (cause) {
    if (prefix === '') throw ioError(`${folder} could not be listed`, cause);
    yield { kind: 'failed', name: prefix, error: ioError(`${folder} could not be listed`, cause) };
    return;
  }
  for (const bytes of names) {
    const name = bytes.toString('utf8');
    const shown = `${prefix}${name}`;
    if (!Buffer.from(name, 'utf8').equals(bytes)) {
      const text = `${shown}: the name is not UTF-8, as a key has to be. Rename it.`;
      yield { kind: 'failed', name: shown, error: new SealpartError('bad-name', text) };
      continue;
    }
    yield* look(join(folder, name), shown, signal);
  }
}

async function* look(path: string, name: string, signal: AbortSignal): AsyncGenerator<Found> {
  throwIfAborted(signal);
  let found: Stats;
  try {
    found = await lstat(path);
  } catch (cause) {
    yield { kind: 'failed', name, error: ioError(`${path} could not be examined`, cause) };
    return;
  }
  if (found.isFile()) {
    yield { kind: 'file', name, path, sizeBytes: found.size };
  } else if (found.isDirectory()) {
    yield* walk(path, `${name}/`, signal);
  } else {
    const what = found.isSymbolicLink() ? 'a symbolic link, which is not followed' : 'neither a file nor a folder';
    yield { kind: 'other', name, what };
  }
}
