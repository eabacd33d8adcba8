import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test, vi } from 'vitest';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import { beginUpload, patternBytes, putBytes, quiet, readObject, storeParts } from '../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../contracts/object-store/ground.ts';
import { startWorker } from './child.ts';
import { dataFiles, expectSound, openStore, temporaryFolder } from './store-folder.ts';
import { type FileStep, watchedOperations } from './watched-operations.ts';

const bucket = 'bucket';
const k = { bucket, key: 'k' };

function diskError(code: 'ENOSPC' | 'EIO' | 'EROFS'): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: made by the test`), { code, syscall: 'write', errno: -1 });
}

describe('a disk that fails', () => {
  const steps: FileStep[] = ['create', 'write', 'sync', 'rename', 'syncFolder'];

  test.each(steps)(
    'at %s of a put: the old object stands, nothing is left, and the next one succeeds',
    async (step) => {
      const root = await temporaryFolder();
      let failures = 0;
      let armed = false;
      const files = watchedOperations((reached) => {
        if (!armed || reached !== step) return;
        armed = false;
        failures += 1;
        throw diskError('ENOSPC');
      });
      const store = await openStore(root, {}, { files });
      await store.createBucket(bucket, quiet);
      await putBytes(store, k, patternBytes(100, 1));
      armed = true;
      const error = await expectCode(putBytes(store, k, patternBytes(200, 2)), 'store');
      expect(failures).toBe(1);
      expect(error.message).toContain('could not store "bucket/k": the disk is full; make room and try again');
      expect(error.cause).toMatchObject({ code: 'ENOSPC' });
      expectBytes(await readObject(store, k), patternBytes(100, 1));
      expect(await dataFiles(root)).toHaveLength(1);
      await putBytes(store, k, patternBytes(200, 2));
      expectBytes(await readObject(store, k), patternBytes(200, 2));
      await store.close();
      await expectSound(root);
    },
  );

  test('for good: what could not be cleared up is found by the next one to open the store', async () => {
    const root = await temporaryFolder();
    let broken = false;
    const files = watchedOperations((step) => {
      if (broken && (step === 'syncFolder' || step === 'unlink')) throw diskError('EIO');
    });
    const store = await openStore(root, {}, { files });
    await store.createBucket(bucket, quiet);
    await putBytes(store, k, patternBytes(100, 1));
    broken = true;
    await expectCode(putBytes(store, k, patternBytes(200, 2)), 'store');
    expect(await dataFiles(root)).toHaveLength(2);
    await store.close();
    const next = await openStore(root);
    expectBytes(await readObject(next, k), patternBytes(100, 1));
    await next.close();
    await expectSound(root);
  });

  test.each(['unlink', 'syncFolder'] as const)(
    'at %s of a file that was replaced: the write has come about, and closing makes up for it',
    async (broken) => {
      const root = await temporaryFolder();
      let faults = 0;
      let entered = false;
      const files = watchedOperations((step) => {
        if (!entered || step !== broken) return;
        faults += 1;
        throw diskError('EIO');
      });
      const store = await openStore(root, {}, { files });
      await store.createBucket(bucket, quiet);
      const upload = await beginUpload(store, k);
      const parts = new Map(Array.from({ length: 501 }, (_, index) => [index + 1, patternBytes(1, index)]));
      const listed = await storeParts(store, upload, parts);
      // As many files are to go as make the list of the doomed be put in order.
      entered = true;
      await store.completeMultipart(upload, [listed[0]!], {}, quiet);
      expectBytes(await readObject(store, k), patternBytes(1, 0));
      expect(faults).toBeGreaterThan(0);
      entered = false;
      await store.close();
      await expectSound(root);
    },
  );

  test('for good, at files that were replaced: closing says so, and the next one to open the store removes them', async () => {
    const root = await temporaryFolder();
    let broken = false;
    const files = watchedOperations((step) => {
      if (broken && step === 'unlink') throw diskError('EIO');
    });
    const store = await openDirectoryStore(root, { create: true }, { files });
    await store.createBucket(bucket, quiet);
    await putBytes(store, k, patternBytes(100, 1));
    broken = true;
    await putBytes(store, k, patternBytes(200, 2));
    await store.delete(k, quiet);
    expect(await dataFiles(root)).toHaveLength(2);
    const error = await expectCode(store.close(), 'store');
    expect(error.message).toContain('could not be closed in good order: the disk failed');
    await (await openStore(root)).close();
    await expectSound(root);
  });

  test('at claiming an owner: the next write claims one', async () => {
    const root = await temporaryFolder();
    let failures = 0;
    const files = watchedOperations((step, path) => {
      if (step === 'syncFolder' && path.endsWith('owners') && failures++ === 0) throw diskError('EROFS');
    });
    const store = await openStore(root, {}, { files });
    await store.createBucket(bucket, quiet);
    const error = await expectCode(putBytes(store, k, patternBytes(100, 1)), 'store');
    expect(error.message).toContain('read-only');
    await putBytes(store, k, patternBytes(100, 1));
    expect(failures).toBeGreaterThan(1);
    await store.close();
    await (await openStore(root)).close();
    await expectSound(root);
  });
});

test('a file whose transaction may yet come to pass is left to the next one to open the store', async () => {
  const root = await temporaryFolder();
  const store = await openStore(root);
  await store.createBucket(bucket, quiet);
  await putBytes(store, k, patternBytes(100, 1));
  const exec = DatabaseSync.prototype.exec;
  let failures = 0;
  const failing = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
    if (sql !== 'COMMIT') return exec.call(this, sql);
    failures += 1;
    throw Object.assign(new Error('disk I/O error'), {
      code: 'ERR_SQLITE_ERROR',
      errcode: 1034,
      errstr: 'disk I/O error',
    });
  });
  try {
    const error = await expectCode(putBytes(store, k, patternBytes(200, 2)), 'store');
    expect(error.message).toContain('the disk failed under the catalogue');
  } finally {
    failing.mockRestore();
  }
  expect(failures).toBe(1);
  expectBytes(await readObject(store, k), patternBytes(100, 1));
  await store.close();
  expect(await dataFiles(root)).toHaveLength(2);
  const next = await openStore(root);
  expectBytes(await readObject(next, k), patternBytes(100, 1));
  await next.close();
  await expectSound(root);
});

/** True if this user may mount file systems in a namespace of their own: the tests below need a disk of their own. */
const canMount = (() => {
  try {
    execFileSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe.runIf(canMount)('a disk of its own', () => {
  test('that is full: one clear error, and all that was answered is there', async () => {
    const root = await temporaryFolder();
    const kept = await temporaryFolder();
    // The disk is gone with its namespace, so what is on it is copied out.
    const worker = startWorker([root, 'fill'], (command) => {
      const inside = `mount -t tmpfs -o size=3m none "${root}" && ${command}; cp -r "${root}/." "${kept}"`;
      return `exec unshare -rm sh -c "${inside.replaceAll('"', '\\"')}"`;
    });
    expect(await worker.ended).toBeNull();
    const failure = JSON.parse(worker.lines.at(-1)!.replace('error ', ''));
    expect(failure).toMatchObject({ code: 'store', message: expect.stringContaining('the disk is full; make room') });
    const done = worker.lines.filter((line) => line.startsWith('done'));
    expect(done.length).toBeGreaterThan(10);
    const store = await openStore(kept);
    for (const seed of done.keys()) {
      expectBytes(await readObject(store, { bucket, key: `key-${seed}` }), patternBytes(100_000, seed));
    }
    await store.close();
    await expectSound(kept);
  });

  test('that is read-only: one clear error', async () => {
    const root = await temporaryFolder();
    await (await openStore(root)).close();
    const worker = startWorker([root, 'fill'], (command) => {
      const inside = `mount --bind "${root}" "${root}" && mount -o remount,ro,bind "${root}" && ${command}`;
      return `exec unshare -rm sh -c "${inside.replaceAll('"', '\\"')}"`;
    });
    await worker.ended;
    expect(worker.lines).toHaveLength(1);
    const failure = JSON.parse(worker.lines[0]!.replace('error ', ''));
    expect(failure).toMatchObject({ code: 'store', message: expect.stringMatching(/^dir:.* could not be opened: /) });
    expect(failure.message).toMatch(/read-only|cannot be opened/);
  });
});

describe('a store that is not one', () => {
  const open = (path: string, create: boolean) => openDirectoryStore(path, { create });

  test('missing: not found, and nothing is made', async () => {
    const folder = await temporaryFolder();
    const error = await expectCode(open(join(folder, 'none'), false), 'not-found');
    expect(error.message).toContain(join(folder, 'none'));
    await expectCode(open(folder, false), 'not-found');
    expect(await readdir(folder)).toEqual([]);
  });

  test('a creation that did not come to its end is no store, and can be done again', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'data'));
    await expectCode(open(folder, false), 'not-found');
    await mkdir(join(folder, 'owners'));
    await writeFile(join(folder, 'catalogue.sqlite'), '');
    await expectCode(open(folder, false), 'not-found');
    const store = await openStore(folder);
    await store.createBucket(bucket, quiet);
    await store.close();
    await expectSound(folder);
    await (await open(folder, false)).close();
  });

  test('folders above it are made', async () => {
    const folder = await temporaryFolder();
    const store = await openStore(join(folder, 'a', 'b', 'c'));
    await store.createBucket(bucket, quiet);
    await store.close();
    await expectSound(join(folder, 'a', 'b', 'c'));
  });

  test.each([true, false])('a file in its place (create %s)', async (create) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), 'text');
    const error = await expectCode(open(join(folder, 'file'), create), 'store');
    expect(error.message).toContain(join(folder, 'file'));
    await expectCode(open(join(folder, 'file', 'below'), create), 'store');
  });

  test.each(['data', 'owners', 'catalogue.sqlite'])('a symbolic link in the place of %s', async (name) => {
    const folder = await temporaryFolder();
    const elsewhere = await temporaryFolder();
    await (await openStore(folder)).close();
    await rename(join(folder, name), join(elsewhere, name));
    await symlink(join(elsewhere, name), join(folder, name));
    for (const create of [true, false]) {
      const error = await expectCode(open(folder, create), 'store');
      expect(error.message).toContain(join(folder, name));
    }
  });

  test.each(['-wal', '-shm', '-journal'])('something strange beside the catalogue (%s)', async (suffix) => {
    const folder = await temporaryFolder();
    const elsewhere = join(await temporaryFolder(), 'precious');
    await writeFile(elsewhere, 'precious');
    await (await openStore(folder)).close();
    const beside = join(folder, `catalogue.sqlite${suffix}`);
    await symlink(elsewhere, beside);
    const attempt = async () => {
      const store = await openStore(folder);
      await store.createBucket(bucket, quiet);
    };
    expect((await expectCode(attempt(), 'store')).message).toContain(beside);
    expect(await readFile(elsewhere, 'utf8')).toBe('precious');
    await rm(beside);
    await symlink(join(folder, 'nowhere'), beside);
    await expectCode(attempt(), 'store');
    expect(await readdir(folder)).not.toContain('nowhere');
  });

  test.skipIf(process.platform === 'win32')('a folder that others may read: nothing in it is for them', async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o755);
    const store = await openStore(folder);
    await store.createBucket(bucket, quiet);
    await putBytes(store, k, patternBytes(10, 1));
    const names = await readdir(folder);
    expect(names).toContain('catalogue.sqlite-wal');
    for (const name of names) expect((await stat(join(folder, name))).mode & 0o077, name).toBe(0);
    const owners = await readdir(join(folder, 'owners'));
    expect(owners).toHaveLength(1);
    await store.close();
  });

  test.each(['data', 'owners'])('without its folder %s', async (name) => {
    const folder = await temporaryFolder();
    await (await openStore(folder)).close();
    await rm(join(folder, name), { recursive: true });
    for (const create of [true, false]) {
      expect((await expectCode(open(folder, create), 'store')).message).toContain('restore');
    }
  });

  test('a catalogue of rubbish', async () => {
    const folder = await temporaryFolder();
    await (await openStore(folder)).close();
    await writeFile(join(folder, 'catalogue.sqlite'), patternBytes(10_000, 1));
    const error = await expectCode(open(folder, true), 'store');
    expect(error.message).toContain('the catalogue is damaged');
  });

  test('a catalogue with pages of rubbish', async () => {
    const folder = await temporaryFolder();
    const store = await openStore(folder);
    await store.createBucket(bucket, quiet);
    for (let i = 0; i < 50; i++) await putBytes(store, { bucket, key: `key-${i}` }, patternBytes(10, i));
    await store.close();
    const path = join(folder, 'catalogue.sqlite');
    const whole = await readFile(path);
    await writeFile(path, Buffer.concat([whole.subarray(0, 4096), patternBytes(whole.length - 4096, 1)]));
    const attempt = async () => {
      const damaged = await openStore(folder);
      await damaged.list({ bucket }, quiet);
    };
    expect((await expectCode(attempt(), 'store')).message).toContain('damaged');
  });

  test('a database of another program, or of a later version', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'other'));
    const other = new DatabaseSync(join(folder, 'other', 'catalogue.sqlite'));
    other.exec('CREATE TABLE notes (text)');
    other.close();
    expect((await expectCode(open(join(folder, 'other'), true), 'store')).message).toContain('another program');

    await (await openStore(folder)).close();
    const later = new DatabaseSync(join(folder, 'catalogue.sqlite'));
    later.exec('PRAGMA user_version = 99');
    later.close();
    expect((await expectCode(open(folder, true), 'store')).message).toContain('use the version that wrote it');
  });

  test('strange things among the owners are left alone', async () => {
    const folder = await temporaryFolder();
    await (await openStore(folder)).close();
    await writeFile(join(folder, 'owners', 'README'), 'text');
    await symlink('/etc/hostname', join(folder, 'owners', '0123456789abcdef'));
    await (await openStore(folder)).close();
    expect((await readdir(join(folder, 'owners'))).sort()).toEqual(['0123456789abcdef', 'README']);
  });
});
