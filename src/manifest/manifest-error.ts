import { SealpartError } from '../errors.ts';
import { isBusy, isSqliteError, primaryCode, sqliteCodes } from '../sqlite/sqlite-error.ts';

const diskFull = 'the disk is full; make room and try again';
const readOnly = 'the file system or the file is read-only; make it writable, or keep the manifest elsewhere';
const denied = 'permission denied; look at the owner and the mode of the file and its folder';
const damaged = 'it is damaged; restore it from a copy, or move it away and begin unfinished uploads anew';

const sqliteReasons: ReadonlyMap<number, string> = new Map([
  [sqliteCodes.readOnly, readOnly],
  [sqliteCodes.ioError, 'the disk failed under it; look at the system log and at limits on file sizes, then try again'],
  [sqliteCodes.full, diskFull],
  [sqliteCodes.cannotOpen, 'it cannot be opened; look at the owner and the mode of the file and its folder'],
  [
    sqliteCodes.notDatabase,
    'it is not an SQLite file; name another one, or if it was a manifest, restore it from a copy',
  ],
]);

/** What SQLite says of a file that holds something else than what was written to it. */
const damageCodes: ReadonlySet<number> = new Set([
  sqliteCodes.error,
  sqliteCodes.corrupt,
  sqliteCodes.constraint,
  sqliteCodes.mismatch,
]);

const systemReasons: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', diskFull],
  ['EDQUOT', 'the disk quota is used up; make room and try again'],
  ['EFBIG', 'files may not grow so large here; raise the limit (ulimit -f)'],
  ['EROFS', readOnly],
  ['EACCES', denied],
  ['EPERM', denied],
  ['EMFILE', 'this process has too many open files; raise its limit (ulimit -n)'],
  ['ENFILE', 'the system has too many open files; close other programs'],
  ['ELOOP', 'there is a symbolic link where a file is kept; find out who put it there, and remove it'],
  ['ENOENT', 'something on the way to it is missing, or is a symbolic link that leads nowhere; name another place'],
  ['ENOTDIR', 'there is a file where a folder is needed; name another place'],
  ['EEXIST', 'there is something else where a folder is needed; name another place'],
  ['EIO', 'the disk failed; look at the system log, then try again'],
]);

/** The code that the system gave an error (`ENOENT`), if it did. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * What a caller is told when SQLite or the file system failed: `manifest`, or `manifest-corrupt` where the file is
 * damaged, with what was being done (`enter part 3 of upload 5f…`), to what, and what helps. Errors of another kind,
 * bugs among them, pass through as they are.
 */
export function manifestError(error: unknown, doing: string, name: string): unknown {
  const failed = `${name} could not ${doing}`;
  if (isSqliteError(error)) {
    // Of a damaged schema SQLite cites what it stumbled over, line breaks and all.
    const said = error.message.replaceAll(/\s+/g, ' ');
    if (isBusy(error)) {
      const held = 'another process holds it locked; try again when that one is done, or end it';
      return new SealpartError('manifest', `${failed}: ${held} (${said}).`, { cause: error });
    }
    const primary = primaryCode(error);
    if (damageCodes.has(primary)) {
      return new SealpartError('manifest-corrupt', `${failed}: ${damaged} (${said}).`, { cause: error });
    }
    const reason = sqliteReasons.get(primary);
    const text = reason === undefined ? `SQLite error ${error.errcode}, ${said}` : `${reason} (${said})`;
    return new SealpartError('manifest', `${failed}: ${text}.`, { cause: error });
  }
  const code = systemCodeOf(error);
  if (code === undefined) return error;
  const { message } = error as Error;
  const reason = systemReasons.get(code);
  const text = reason === undefined ? message : `${reason} (${message})`;
  return new SealpartError('manifest', `${failed}: ${text}.`, { cause: error });
}
