import type { DatabaseSync, StatementSync } from 'node:sqlite';

/**
 * A statement whose integers come as bigints: a damaged one may be wider than a number is exact, and SQLite would throw
 * it out together with all rows around it.
 */
export function readingStatement(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  return statement;
}
