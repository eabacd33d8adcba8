import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import { collect, enter, expectCode, quiet } from '../contracts/upload-manifest-ground.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { manifestPath, openDirectly, openManifest, query } from './manifest-file.ts';

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

/** Makes an SQLite file by hand. */
function makeFile(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

describe('a manifest that is not there', () => {
  test('is made for this user alone, with the folders above it', async () => {
    const path = join(await temporaryDirectory(), 'state', 'sealpart', 'manifest.db');
    const manifest = await openManifest(path);
    expect(manifest.name).toBe(`sqlite:${path}`);
    const { id } = await enter(manifest);
    await manifest.lock(id, 1);
    expect(await modeOf(dirname(path))).toBe('700');
    expect(await modeOf(dirname(dirname(path)))).toBe('700');
    for (const suffix of ['', '-wal', '-shm']) expect(await modeOf(`${path}${suffix}`)).toBe('600');
    expect(await modeOf(`${path}-locks`)).toBe('700');
  });

  test('is told of where none is to be made, and nothing is', async () => {
    const path = await manifestPath();
    const error = await expectCode(openSqliteManifest(path, { create: false }), 'not-found');
    expect(error.message).toContain(path);
    await expectCode(openSqliteManifest(join(path, 'below', 'db'), { create: false }), 'not-found');
    expect(existsSync(path)).toBe(false);
  });

  test('is one that a crash left empty', async () => {
    const path = await manifestPath();
    await writeFile(path, '');
    await expectCode(openSqliteManifest(path, { create: false }), 'not-found');
    await enter(await openManifest(path));
    await openManifest(path, { create: false });
  });

  test('may be made by several at once', async () => {
    const path = await manifestPath();
    const manifests = await Promise.all(Array.from({ length: 8 }, () => openManifest(path)));
    const { id } = await enter(manifests[0]!);
    for (const manifest of manifests) expect(await manifest.find(id, quiet)).toBeDefined();
  });
});

test('a manifest is durable by its settings', async () => {
  const path = await manifestPath();
  const manifest = await openManifest(path);
  await enter(manifest);
  expect(query(path, 'PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
  await manifest.close();
  expect(existsSync(`${path}-wal`)).toBe(false);
  const again = await openManifest(path, { create: false });
  expect((await collect(again.list({}, quiet))).length).toBe(1);
});

test('all who open it by different ways have the same locks', async () => {
  const path = await manifestPath();
  const manifest = await openManifest(path);
  const detour = join(await temporaryDirectory(), 'link.db');
  await symlink(path, detour);
  const other = await openManifest(detour);
  expect(other.name).toBe(manifest.name);
  const { id } = await enter(manifest);
  expect(await manifest.lock(id, 1)).toBeDefined();
  expect(await other.lock(id, 1)).toBeUndefined();
});

describe('a file that is something else is refused and stays as it is:', () => {
  const others: readonly [
    name: string,
    make: (path: string) => unknown,
    code: 'manifest' | 'manifest-corrupt',
    message: RegExp,
  ][] = [
    ['a text', (path) => writeFile(path, 'dear diary\n'.repeat(100)), 'manifest', /not an SQLite file; name another/],
    [
      'an SQLite file',
      (path) => makeFile(path, 'CREATE TABLE t (a)'),
      'manifest',
      /another program: give .* another file/,
    ],
    [
      'the catalogue of a store',
      async (path) => {
        const folder = await temporaryDirectory();
        await (await openDirectoryStore(folder, { create: true })).close();
        await writeFile(path, await readFile(join(folder, 'catalogue.sqlite')));
      },
      'manifest',
      /another program/,
    ],
    [
      'a newer manifest',
      async (path) => {
        await (await openSqliteManifest(path)).close();
        makeFile(path, 'PRAGMA user_version = 3');
      },
      'manifest',
      /schema 3, .* knows 2 at most: use the version that wrote it/,
    ],
    [
      'a manifest of no version',
      async (path) => {
        await (await openSqliteManifest(path)).close();
        makeFile(path, 'PRAGMA user_version = 0');
      },
      'manifest-corrupt',
      /damaged.*: restore it from a copy/,
    ],
    [
      'a manifest without its tables',
      async (path) => {
        await (await openSqliteManifest(path)).close();
        makeFile(path, 'DROP TABLE parts');
      },
      'manifest-corrupt',
      /damaged; restore it from a copy/,
    ],
  ];

  test.each(others)('%s', async (_, make, code, message) => {
    const path = await manifestPath();
    await make(path);
    const before = await readFile(path);
    const error = await expectCode(openSqliteManifest(path), code);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(path);
    expect((await readFile(path)).equals(before)).toBe(true);
  });

  test('a folder', async () => {
    const path = await manifestPath();
    await mkdir(path);
    expect((await expectCode(openSqliteManifest(path), 'manifest')).message).toContain('is not a file');
  });

  test('a FIFO, which nobody waits for', async () => {
    const path = await manifestPath();
    execFileSync('mkfifo', [path]);
    expect((await expectCode(openSqliteManifest(path), 'manifest')).message).toContain('is not a file');
  });

  test('a symbolic link that leads nowhere', async () => {
    const path = await manifestPath();
    await symlink(`${path}-elsewhere`, path);
    expect((await expectCode(openSqliteManifest(path), 'manifest')).message).toContain('leads nowhere');
    expect(existsSync(`${path}-elsewhere`)).toBe(false);
  });

  test('a file where a folder should be', async () => {
    const path = await manifestPath();
    await writeFile(path, '');
    const error = await expectCode(openSqliteManifest(join(path, 'manifest.db')), 'manifest');
    expect(error.message).toMatch(/could not be opened: .*name another place/);
  });
});

describe('opening', () => {
  test('does not begin when its signal has fired', async () => {
    const path = await manifestPath();
    await expectCode(openSqliteManifest(path, { signal: AbortSignal.abort() }), 'aborted');
    expect(existsSync(path)).toBe(false);
  });

  test('is given up at once while another holds the file', async () => {
    const path = await manifestPath();
    await (await openSqliteManifest(path)).close();
    const holder = openDirectly(path);
    holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM parts');
    const startMs = performance.now();
    await expectCode(openSqliteManifest(path, { signal: AbortSignal.timeout(200) }), 'aborted');
    expect(performance.now() - startMs).toBeLessThan(5_000);
    holder.exec('ROLLBACK');
    holder.close();
    await openManifest(path);
  });
});
