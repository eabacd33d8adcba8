import { copyFile, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { newRecord } from '../contracts/object-records.ts';
import { collect, enter, expectCode, newPart, plain, quiet } from '../contracts/upload-manifest-ground.ts';
import { manifestPath, openDirectly, openManifest, query } from './manifest-file.ts';

/** A manifest with two uploads of three parts, as the version before object records left it. */
const versionOne = fileURLToPath(new URL('./files/version-1.db', import.meta.url));

async function copied(): Promise<string> {
  const path = await manifestPath();
  await copyFile(versionOne, path);
  return path;
}

const versionOf = (path: string) => query(path, 'PRAGMA user_version')[0]?.user_version;

describe('a manifest of version 1', () => {
  test('is the file that it was', async () => {
    const path = await copied();
    expect(versionOf(path)).toBe(1);
    expect(query(path, "SELECT name FROM sqlite_schema WHERE name LIKE 'record%'")).toEqual([]);
  });

  test.each([{ create: true }, { create: false }])(
    'opens with all that was in it, and holds records ($create)',
    async (options) => {
      const path = await copied();
      const manifest = await openManifest(path, options);
      expect(versionOf(path)).toBe(2);
      const uploads = await collect(manifest.list({}, quiet));
      expect(uploads.map(({ id, key, state, uploadId }) => [id, key, state, uploadId])).toEqual([
        ['1'.repeat(32), 'photos 1.tar', 'open', 'upload 1'],
        ['2'.repeat(32), 'photos 2.tar', 'open', 'upload 2'],
      ]);
      for (const { id } of uploads) {
        const parts = await collect(manifest.parts(id, quiet));
        expect(parts.map(({ etag }) => etag)).toEqual([1, 2, 3].map((number) => `etag ${id[0]}.${number}`));
        expect(plain(parts[2]!.mac)).toEqual(new Uint8Array(32).fill(0x83));
      }
      await manifest.putPart(uploads[0]!.id, newPart(4), quiet);
      const record = newRecord();
      await manifest.records.put(record, quiet);
      expect(plain(await manifest.records.find([record], quiet))).toEqual([plain(record)]);
      expect(query(path, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    },
  );

  test('is brought up to date once, by whoever comes first', async () => {
    const path = await copied();
    const manifests = await Promise.all(Array.from({ length: 6 }, () => openManifest(path)));
    const record = newRecord();
    await manifests[0]!.records.put(record, quiet);
    for (const manifest of manifests) expect(await manifest.records.find([record], quiet)).toHaveLength(1);
  });

  test('goes on for a process that has it open meanwhile', async () => {
    const path = await copied();
    const older = openDirectly(path);
    const write = older.prepare('UPDATE uploads SET owner = ? WHERE id = ?');
    const read = older.prepare('SELECT count(*) AS count FROM parts');
    write.run('before', '1'.repeat(32));
    const manifest = await openManifest(path);
    await manifest.putPart('1'.repeat(32), newPart(4), quiet);
    expect(read.get()).toEqual({ count: 7 });
    expect(write.run('after', '1'.repeat(32)).changes).toBe(1);
  });

  test('stays as it is where there is no room for the tables', async () => {
    const path = await copied();
    const before = await readFile(path);
    const pages = Number(query(path, 'PRAGMA page_count')[0]?.page_count);
    const error = await expectCode(openSqliteManifest(path, {}, { maxPages: pages + 1 }), 'manifest');
    expect(error.message).toContain('the disk is full');
    expect(versionOf(path)).toBe(1);
    expect(query(path, "SELECT name FROM sqlite_schema WHERE name LIKE 'record%'")).toEqual([]);
    expect((await readFile(path)).length).toBe(before.length);
    await enter(await openManifest(path));
    expect(versionOf(path)).toBe(2);
  });

  test('is refused by name if it is damaged, and stays as it is', async () => {
    const path = await copied();
    const database = openDirectly(path);
    database.exec('CREATE TABLE records (a)');
    database.close();
    await expectCode(openSqliteManifest(path), 'manifest-corrupt');
    expect(versionOf(path)).toBe(1);
  });
});
