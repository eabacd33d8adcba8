import { SealpartError } from '../../errors.ts';
import { isSqliteError, primaryCode, sqliteCodes } from '../../sqlite/sqlite-error.ts';

const diskFull = 'the disk is full; make room and try again';
const readOnly = 'the file system or the file is read-only; make it writable and try again';
const damaged = 'the catalogue is damaged; restore the whole store from a copy';

const sqliteReasons: ReadonlyMap<number, string> = new Map([
  [sqliteCodes.readOnly, readOnly],
  [sqliteCodes.ioError, 'the disk failed under the catalogue; look at the system log before going on'],
  [sqliteCodes.corrupt, damaged],
  [sqliteCodes.full, diskFull],
  [sqliteCodes.cannotOpen, 'the catalogue cannot be opened; look at the owner and the mode of the folder'],
  [sqliteCodes.notDatabase, damaged],
]);

const systemReasons: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', diskFull],
  ['EDQUOT', 'the disk quota is used up; make room and try again'],
  ['EFBIG', 'the file system or the process may not have files so large; use smaller parts'],
  ['EROFS', readOnly],
  ['EACCES', 'permission denied; look at the owner and the mode of the folder'],
  ['EPERM', 'permission denied; look at the owner and the mode of the folder'],
  ['EMFILE', 'this process has too many open files; raise its limit (ulimit -n)'],
  ['ENFILE', 'the system has too many open files'],
  ['ELOOP', 'there is a symbolic link where the store keeps a file of its own; find out who put it there'],
  ['EEXIST', 'there is something else where the store makes a file or a folder'],
  ['ENOTDIR', 'there is a file where the store needs a folder'],
  ['EIO', 'the disk failed; look at the system log before going on'],
]);

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

/** True if the error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return isSystemError(error) && error.code === 'ENOENT';
}

/** True if the error says that something stands there already. */
export function isPresent(error: unknown): boolean {
  return isSystemError(error) && error.code === 'EEXIST';
}

/**
 * What a caller is told when the file system or the catalogue failed: `store`, with what was being done (`store part 3
 * of "b/k"`), the store's name and what to do. Errors of another kind, bugs among them, pass through as they are.
 */
export function storeError(error: unknown, doing: string, storeName: string): unknown {
  const reason = reasonOf(error);
  if (reason === undefined) return error;
  return new SealpartError('store', `${storeName} could not ${doing}: ${reason}.`, { cause: error });
}

function reasonOf(error: unknown): string | undefined {
  if (isSqliteError(error)) {
    const known = sqliteReasons.get(primaryCode(error));
    return known === undefined ? `SQLite error ${error.errcode}, ${error.message}` : `${known} (${error.message})`;
  }
  if (isSystemError(error)) {
    const known = systemReasons.get(error.code);
    return known === undefined ? error.message : `${known} (${error.message})`;
  }
  return undefined;
}
