import { constants } from 'node:fs';
import { SealpartError } from '../errors.ts';
import { ioError, systemCode } from '../sources/io-error.ts';
import type { FileOperations } from './file-operations.ts';

/** Only its owner may write it, and nobody read it: what stands there until the file does is not taken for it. */
const reservedMode = 0o200;
const noLinks: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** What a file says that must not be replaced. */
export function existsError(name: string, cause?: unknown): SealpartError {
  return new SealpartError('exists', `${name} exists and was not replaced. Give another name, or allow overwriting.`, {
    cause,
  });
}

/**
 * Gives a file that is whole its name, and never replaces another one. Unlike a rename, a link does that by itself.
 *
 * File systems without links (FAT, some over the network) have it in two steps: the name is reserved by an empty file that
 * only this call can have made, and the whole one is renamed over that. A name never stands for a part of its content; if
 * the process is killed in between, the empty file is left, and the whole one beside it under its temporary name.
 *
 * @param name what to call the file in messages
 * @returns whether the temporary name is still there
 * @throws SealpartError `exists`, `io`
 */
export async function placeNewFile(
  name: string,
  temporary: string,
  path: string,
  operations: FileOperations,
): Promise<boolean> {
  try {
    await operations.link(temporary, path);
    return true;
  } catch (cause) {
    if (!noLinks.has(systemCode(cause))) throw placingError(name, cause);
  }
  await reserve(name, path, operations);
  try {
    await operations.rename(temporary, path);
    return false;
  } catch (cause) {
    await giveUp(name, path, operations);
    throw placingError(name, cause);
  }
}

async function reserve(name: string, path: string, operations: FileOperations): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  let made: Awaited<ReturnType<FileOperations['open']>>;
  try {
    made = await operations.open(path, flags, reservedMode);
  } catch (cause) {
    throw placingError(name, cause);
  }
  try {
    await made.close();
  } catch (cause) {
    await giveUp(name, path, operations);
    throw placingError(name, cause);
  }
}

/** Takes the empty file away again. */
async function giveUp(name: string, path: string, operations: FileOperations): Promise<void> {
  try {
    const { size } = await operations.lstat(path);
    // Something else has taken its place.
    if (size > 0) return;
    await operations.unlink(path);
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return;
    throw ioError(`${name} was not written, but an empty file is left there and must be removed`, cause);
  }
}

function placingError(name: string, cause: unknown): SealpartError {
  return systemCode(cause) === 'EEXIST'
    ? existsError(name, cause)
    : ioError(`${name} could not be put in place`, cause);
}
