import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import type { Manifest } from '../../src/manifest/manifest.ts';
import {
  openSqliteManifest,
  type SqliteManifestInternals,
  type SqliteManifestOptions,
} from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A path for a manifest, in a folder that goes away with the test. */
export async function manifestPath(): Promise<string> {
  return join(await temporaryDirectory(), 'manifest.db');
}

/** Opens a manifest that is closed when the test ends. */
export async function openManifest(
  path: string,
  options: SqliteManifestOptions = {},
  internals: SqliteManifestInternals = {},
): Promise<Manifest> {
  const manifest = await openSqliteManifest(path, options, internals);
  onTestFinished(() => manifest.close());
  return manifest;
}

/** Opens the file behind the manifest's back, until the test ends. */
export function openDirectly(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  onTestFinished(() => {
    if (database.isOpen) database.close();
  });
  return database;
}

/** Asks the file directly. */
export function query(path: string, sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    return database.prepare(sql).all(...values);
  } finally {
    database.close();
  }
}
