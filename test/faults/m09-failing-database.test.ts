import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import type { UploadManifest } from '../../src/manifest/upload-manifest.ts';
import { collect, enter, expectCode, newPart, newSegment, plain, quiet } from '../contracts/upload-manifest-ground.ts';
import { manifestPath, openDirectly, openManifest, query } from '../manifest/manifest-file.ts';
import { noteFault } from '../support/fault-log.ts';
import { moduleUrl, runScript, startScript } from '../support/run-script.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// M09: SQLite answers BUSY, FULL, IOERR, READONLY or CORRUPT. One typed error that says what to do; nothing of the call
// is left behind, everything before it is there, and the upload goes on when the cause has gone.

const integrity = (path: string) => query(path, 'PRAGMA integrity_check');

const numbersOf = async (manifest: UploadManifest, id: string) =>
  (await collect(manifest.parts(id, quiet))).map(({ partNumber }) => partNumber);

/** A part of about so many bytes. */
const heavyPart = (partNumber: number, sizeBytes: number) =>
  newPart(partNumber, { segments: Array.from({ length: Math.ceil(sizeBytes / 60) }, (_, index) => newSegment(index)) });

const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

/** Enters parts of 20,000 bytes until one fails, and tells the numbers that went well and the failure. */
const filling = (path: string) => `
  import { openSqliteManifest } from ${moduleUrl('src/manifest/sqlite/open-sqlite-manifest.ts')};
  import { enter, newPart, newSegment, quiet } from ${moduleUrl('test/contracts/upload-manifest-ground.ts')};
  const segments = Array.from({ length: 333 }, (_, index) => newSegment(index));
  let done = 0, failure, id;
  try {
    const manifest = await openSqliteManifest(${JSON.stringify(path)});
    ({ id } = await enter(manifest, { id: '${'0'.repeat(32)}' }));
    while (done < 1000) { await manifest.putPart(id, newPart(done + 1, { segments }), quiet); done++; }
  } catch ({ code, message }) {
    failure = { code, message };
  }
  process.stdout.write(JSON.stringify({ done, failure }));
`;

describe('M09: BUSY', () => {
  test('a lock that another keeps too long is an error, reading goes on, and so does writing afterwards', async () => {
    const path = await manifestPath();
    const manifest = await openManifest(path, {}, { busyLimitMs: 300 });
    const { id } = await enter(manifest);
    const holder = openDirectly(path);
    holder.exec('BEGIN IMMEDIATE');
    const error = await expectCode(manifest.putPart(id, newPart(1), quiet), 'manifest');
    expect(error.message).toContain(`${manifest.name} could not enter part 1 of upload ${id}: another process holds`);
    expect(error.message).toContain('try again when that one is done, or end it');
    expect(await manifest.find(id, quiet)).toBeDefined();
    expect(await numbersOf(manifest, id)).toEqual([]);
    holder.exec('ROLLBACK');
    await manifest.putPart(id, newPart(1), quiet);
    expect(await numbersOf(manifest, id)).toEqual([1]);
    noteFault({ id: 'M09', injected: 'BUSY for too long', reached: 1, outcome: 'manifest, then went on' });
  });

  test('a lock that another keeps for a while is waited for', async () => {
    const path = await manifestPath();
    const manifest = await openManifest(path);
    const { id } = await enter(manifest);
    const holder = openDirectly(path);
    holder.exec('BEGIN IMMEDIATE');
    const writes = [1, 2, 3].map((number) => manifest.putPart(id, newPart(number), quiet));
    setTimeout(() => holder.exec('ROLLBACK'), 300);
    await Promise.all(writes);
    expect(await numbersOf(manifest, id)).toEqual([1, 2, 3]);
  });

  test('a call that waits for a lock can be given up, and the manifest be closed without waiting for it', async () => {
    const path = await manifestPath();
    const manifest = await openManifest(path);
    const { id } = await enter(manifest);
    const holder = openDirectly(path);
    holder.exec('BEGIN IMMEDIATE');
    const startMs = performance.now();
    await expectCode(manifest.putPart(id, newPart(1), AbortSignal.timeout(200)), 'aborted');
    await manifest.close();
    expect(performance.now() - startMs).toBeLessThan(10_000);
    holder.exec('ROLLBACK');
  });

  test('while it is opened', async () => {
    const path = await manifestPath();
    await (await openSqliteManifest(path)).close();
    const holder = openDirectly(path);
    holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM parts');
    const error = await expectCode(openSqliteManifest(path, {}, { busyLimitMs: 200 }), 'manifest');
    expect(error.message).toMatch(/could not be opened: another process holds it locked/);
  });
});

describe('M09: FULL', () => {
  test('what does not fit fails for itself, and room that is made is used', async () => {
    const path = await manifestPath();
    const manifest = await openManifest(path, {}, { maxPages: 40 });
    const { id } = await enter(manifest);
    const other = await enter(manifest);
    await manifest.putPart(other.id, heavyPart(1, 60_000), quiet);
    const [heavy, light] = await Promise.allSettled([
      manifest.putPart(id, heavyPart(1, 100_000), quiet),
      manifest.putPart(id, newPart(2), quiet),
    ]);
    expect(heavy).toMatchObject({
      reason: { code: 'manifest', message: expect.stringContaining('the disk is full; make room and try again') },
    });
    // SQLite may give up the whole transaction, with those beside it in it: but then they are told so.
    if (light.status === 'rejected') {
      expect(light.reason).toMatchObject({ code: 'manifest' });
      await manifest.putPart(id, newPart(2), quiet);
    }
    expect(await numbersOf(manifest, id)).toEqual([2]);
    await manifest.remove(other.id, 1, quiet);
    await manifest.putPart(id, heavyPart(1, 60_000), quiet);
    expect(await numbersOf(manifest, id)).toEqual([1, 2]);
    await manifest.close();
    expect(integrity(path)).toEqual([{ integrity_check: 'ok' }]);
  });

  test.runIf(canMount)('on a disk that is: all that was answered is there', async () => {
    const [folder, kept] = [await temporaryDirectory(), await temporaryDirectory()];
    // The disk is gone with its namespace, so what is on it is copied out.
    const inside = `mount -t tmpfs -o size=2m none ${folder} && "$@"; cp -r ${folder}/. ${kept}`;
    const { stdout } = await runScript(filling(join(folder, 'manifest.db')), {
      shell: `exec unshare -rm bash -c '${inside}' bash "$@"`,
    });
    const { done, failure } = JSON.parse(stdout.toString());
    expect(failure).toMatchObject({ code: 'manifest', message: expect.stringMatching(/disk is full|disk failed/) });
    expect(done).toBeGreaterThan(10);
    const path = join(kept, 'manifest.db');
    const manifest = await openManifest(path);
    const found = await numbersOf(manifest, '0'.repeat(32));
    expect(found.slice(0, done)).toEqual(Array.from({ length: done }, (_, index) => index + 1));
    expect(integrity(path)).toEqual([{ integrity_check: 'ok' }]);
    await manifest.putPart('0'.repeat(32), newPart(9_999), quiet);
    noteFault({ id: 'M09', injected: 'a full disk', reached: 1, outcome: 'manifest, all that was answered is there' });
  });
});

describe('M09: READONLY', () => {
  test.runIf(canMount)('one clear error, and nothing is changed', async () => {
    const folder = await temporaryDirectory();
    const path = join(folder, 'manifest.db');
    const manifest = await openSqliteManifest(path);
    const entered = await enter(manifest);
    await manifest.close();
    const before = await readFile(path);
    const inside = `mount --bind ${folder} ${folder} && mount -o remount,ro,bind ${folder} && exec "$@"`;
    const { stdout } = await runScript(filling(path), { shell: `exec unshare -rm bash -c '${inside}' bash "$@"` });
    const { failure } = JSON.parse(stdout.toString());
    expect(failure).toMatchObject({ code: 'manifest', message: expect.stringMatching(/read-only|cannot be opened/) });
    expect(failure.message).toContain(path);
    expect((await readFile(path)).equals(before)).toBe(true);
    expect(plain(await (await openManifest(path)).find(entered.id, quiet))).toEqual(plain(entered));

    const nowhere = join(folder, 'new', 'manifest.db');
    const other = await runScript(filling(nowhere), { shell: `exec unshare -rm bash -c '${inside}' bash "$@"` });
    expect(JSON.parse(other.stdout.toString()).failure).toMatchObject({
      code: 'manifest',
      message: expect.stringMatching(/read-only; make it writable, or keep the manifest elsewhere/),
    });
    noteFault({ id: 'M09', injected: 'a read-only file system', reached: 1, outcome: 'manifest, nothing changed' });
  });
});

describe('M09: IOERR', () => {
  const canLimit = spawnSync('prlimit', ['--version']).status === 0;

  test.runIf(canLimit)('a write that fails: one clear error, and it goes on when the disk is well again', async () => {
    const path = await manifestPath();
    // The limit on the size of files is a disk that fails: to grow one beyond it is an error that means no lack of room.
    const child = startScript(
      `
      import { createInterface } from 'node:readline';
      import { openSqliteManifest } from ${moduleUrl('src/manifest/sqlite/open-sqlite-manifest.ts')};
      import { enter, newPart, newSegment, quiet } from ${moduleUrl('test/contracts/upload-manifest-ground.ts')};
      const manifest = await openSqliteManifest(${JSON.stringify(path)});
      const { id } = await enter(manifest);
      const segments = Array.from({ length: 333 }, (_, index) => newSegment(index));
      let number = 0;
      console.log(id);
      for await (const line of createInterface({ input: process.stdin })) {
        let said = 'done';
        for (let count = Number(line); count > 0 && said === 'done'; count--) {
          await manifest.putPart(id, newPart(++number, { segments }), quiet).catch((error) => {
            said = error.code + ' ' + error.message;
          });
        }
        console.log(said + ' #' + number);
      }
      await manifest.close();
      `,
      `trap '' XFSZ; exec "$@"`,
    );
    const ended = once(child, 'exit');
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const id = String((await lines.next()).value);
    const ask = async (count: number) => {
      child.stdin!.write(`${count}\n`);
      return String((await lines.next()).value);
    };
    const limit = (bytes: string) =>
      expect(spawnSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}`]).status).toBe(0);

    expect(await ask(5)).toBe('done #5');
    limit('200000:');
    const failed = await ask(100);
    expect(failed).toMatch(/^manifest .*could not enter part \d+ of upload .*: the disk failed under it; look at/);
    const failedNumber = Number(failed.split('#')[1]);
    expect(await ask(1)).toMatch(/^manifest /);
    limit('unlimited:');
    expect(await ask(3)).toBe(`done #${failedNumber + 4}`);
    child.stdin!.end();
    expect((await ended)[0]).toBe(0);

    const found = await numbersOf(await openManifest(path), id);
    const lost = [failedNumber, failedNumber + 1];
    const all = Array.from({ length: failedNumber + 4 }, (_, index) => index + 1);
    expect(found.filter((number) => !lost.includes(number))).toEqual(all.filter((number) => !lost.includes(number)));
    expect(integrity(path)).toEqual([{ integrity_check: 'ok' }]);
    noteFault({ id: 'M09', injected: 'IOERR at a write', reached: 1, outcome: 'manifest, then went on' });
  });
});

describe('M09: CORRUPT', () => {
  async function layGarbage(position: (sizeBytes: number) => number): Promise<{ path: string; id: string }> {
    const path = await manifestPath();
    const manifest = await openSqliteManifest(path);
    const { id } = await enter(manifest);
    for (let number = 1; number <= 200; number++) await manifest.putPart(id, heavyPart(number, 300), quiet);
    await manifest.close();
    const handle = await open(path, 'r+');
    await handle.write(Buffer.alloc(8_192, 0xa5), 0, 8_192, position((await handle.stat()).size));
    await handle.close();
    return { path, id };
  }

  test('garbage inside of the file', async () => {
    const { path, id } = await layGarbage((sizeBytes) => Math.floor(sizeBytes / 2 / 4_096) * 4_096);
    const manifest = await openManifest(path);
    const error = await expectCode(collect(manifest.parts(id, quiet)), 'manifest-corrupt');
    expect(error.message).toMatch(/damaged; restore it from a copy, or move it away and begin unfinished uploads anew/);
    // One upload's damage is no other's.
    const other = await enter(manifest);
    expect(plain(await manifest.find(other.id, quiet))).toEqual(plain(other));
    noteFault({ id: 'M09', injected: 'garbage in pages of the file', reached: 1, outcome: 'manifest-corrupt' });
  });

  test('garbage at its beginning, which could as well be another file', async () => {
    const { path } = await layGarbage(() => 0);
    const error = await expectCode(openSqliteManifest(path), 'manifest');
    expect(error.message).toMatch(/not an SQLite file; name another one, or if it was a manifest, restore it/);
  });
});
