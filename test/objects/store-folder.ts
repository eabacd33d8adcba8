import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished } from 'vitest';
import type { BucketStore } from '../../src/objects/bucket-store.ts';
import {
  type DirectoryStoreInternals,
  type DirectoryStoreOptions,
  openDirectoryStore,
} from '../../src/objects/directory/open-directory-store.ts';

/** A folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sealpart-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens a store that takes parts of one byte and is closed when the test ends. */
export async function openStore(
  root: string,
  options: Partial<DirectoryStoreOptions> = {},
  internals: Partial<DirectoryStoreInternals> = {},
): Promise<BucketStore> {
  const store = await openDirectoryStore(root, { create: true, limits: { minPartBytes: 1 }, ...options }, internals);
  onTestFinished(() => store.close());
  return store;
}

/** Asks the catalogue directly. */
export function queryCatalogue(root: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(join(root, 'catalogue.sqlite'), { timeout: 5000 });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

/** Changes the catalogue directly. */
export function changeCatalogue(root: string, sql: string): void {
  const database = new DatabaseSync(join(root, 'catalogue.sqlite'), { timeout: 5000 });
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}

export async function dataFiles(root: string): Promise<string[]> {
  return (await readdir(join(root, 'data'))).sort();
}

/**
 * Expects a store that nobody is working on to be in order: each part has its file, of the right size, and there is no
 * file, owner or doomed entry besides.
 */
export async function expectSound(root: string): Promise<void> {
  expect(queryCatalogue(root, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(queryCatalogue(root, 'PRAGMA foreign_key_check')).toEqual([]);
  expect(queryCatalogue(root, 'SELECT file FROM doomed')).toEqual([]);
  const parts = queryCatalogue(root, 'SELECT file, size_bytes FROM parts ORDER BY file');
  expect(await dataFiles(root)).toEqual(parts.map((part) => part.file));
  for (const { file, size_bytes } of parts) {
    expect((await stat(join(root, 'data', String(file)))).size).toBe(size_bytes);
  }
  const holders = 'SELECT content FROM objects UNION ALL SELECT content FROM uploads';
  expect(queryCatalogue(root, `SELECT id FROM contents WHERE id NOT IN (${holders})`)).toEqual([]);
  expect(
    queryCatalogue(root, `SELECT content, count(*) FROM (${holders}) GROUP BY content HAVING count(*) > 1`),
  ).toEqual([]);
  expect(existsSync(join(root, 'owners')) ? await readdir(join(root, 'owners')) : 'no owners').toEqual([]);
}
