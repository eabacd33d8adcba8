import { SealpartError } from '../../errors.ts';
import { isSqliteError, type SqliteError } from '../../sqlite/sqlite-error.ts';
import type { Failure } from './messages.ts';

/** Readies an error for another thread. */
export function toFailure(error: unknown): Failure {
  if (error instanceof SealpartError) return { kind: 'sealpart', code: error.code, message: error.message };
  if (isSqliteError(error)) return { kind: 'sqlite', errcode: error.errcode, message: error.message };
  return { kind: 'bug', error };
}

/** The error that another thread met. */
export function fromFailure(failure: Failure): unknown {
  if (failure.kind === 'sealpart') return new SealpartError(failure.code, failure.message);
  if (failure.kind === 'bug') return failure.error;
  const { message, errcode } = failure;
  const error: SqliteError = Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR' as const, errcode });
  return error;
}
