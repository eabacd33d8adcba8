/** What SQLite fails with, as node:sqlite throws it. */
export interface SqliteError extends Error {
  readonly code: 'ERR_SQLITE_ERROR';
  readonly errcode: number;
}

/** SQLite's primary result codes that are told apart here. */
export const sqliteCodes = {
  error: 1,
  busy: 5,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  protocol: 15,
  constraint: 19,
  mismatch: 20,
  notDatabase: 26,
} as const;

export function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR' && 'errcode' in error;
}

/** The primary result code of an error of SQLite's, without what its extended code adds. */
export function primaryCode(error: SqliteError): number {
  return error.errcode & 0xff;
}

/** True for the errors with which SQLite says that another connection holds the lock that it needs. */
export function isBusy(error: unknown): boolean {
  if (!isSqliteError(error)) return false;
  const primary = primaryCode(error);
  return primary === sqliteCodes.busy || primary === sqliteCodes.protocol;
}
