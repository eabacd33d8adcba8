import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { collect, enter, expectCode, newClaim, newPart, quiet, race } from '../contracts/upload-manifest-ground.ts';
import { moduleUrl, runScript } from '../support/run-script.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { workerFile } from '../support/worker-file.ts';
import { manifestPath, openDirectly, openManifest } from './manifest-file.ts';

const realWorker = moduleUrl('src/manifest/sqlite/manifest-worker.ts');

/** A worker that does its work, but for what happens instead of its third answer: to the opening, an upload, a part. */
const failingWorker = (fault: string) =>
  workerFile(`
    import { parentPort } from 'node:worker_threads';
    const post = parentPort.postMessage;
    let count = 0;
    parentPort.postMessage = (answer) => {
      if (++count < 3) post.call(parentPort, answer);
      else { ${fault} }
    };
    await import(${realWorker});
  `);

describe('a thread that dies', () => {
  test.each([
    ['ends', 'process.exit(3)', /exit code 3/],
    ['fails', 'throw new Error("out of luck")', /out of luck/],
  ])('when it %s, takes all waiting calls with it, and those that come', async (_, fault, reason) => {
    const path = await manifestPath();
    const workerUrl = await failingWorker(fault);
    const manifest = await openManifest(path, {}, { workerUrl });
    const { id } = await enter(manifest);
    const lock = await manifest.lock(id, 1);
    expect(lock).toBeDefined();
    const { won, lost } = await race<unknown>([
      manifest.putPart(id, newPart(1), quiet),
      manifest.putPart(id, newPart(2), quiet),
      collect(manifest.parts(id, quiet)),
    ]);
    expect(won).toEqual([]);
    for (const error of lost) {
      expect(error).toMatchObject({ code: 'manifest', message: expect.stringMatching(reason) });
      expect(error).toMatchObject({ message: expect.stringContaining('open the manifest again and resume') });
    }
    await expectCode(manifest.find(id, quiet), 'manifest');
    await manifest.close();

    const again = await openManifest(path);
    expect(await again.find(id, quiet)).toBeDefined();
    expect(await again.lock(id, 1)).toBeDefined();
  });

  test('at its start, fails the opening', async () => {
    const path = await manifestPath();
    const workerUrl = await workerFile('throw new Error("no start")');
    const error = await expectCode(openSqliteManifest(path, {}, { workerUrl }), 'manifest');
    expect(error.message).toContain('no start');
  });
});

describe('the process', () => {
  const opening = (path: string) => `
    import { openSqliteManifest } from ${moduleUrl('src/manifest/sqlite/open-sqlite-manifest.ts')};
    const manifest = await openSqliteManifest(${JSON.stringify(path)});
    const signal = new AbortController().signal;
    await manifest.find('nothing', signal);
  `;

  test('ends by itself, whether the manifest was closed or not', async () => {
    const path = await manifestPath();
    for (const end of ['', 'await manifest.close();', 'manifest.close();', 'await manifest.lock("0".repeat(32), 1);']) {
      const { exitCode, stderr } = await runScript(`${opening(path)} ${end} process.stdout.write('end');`);
      expect([exitCode, stderr]).toEqual([0, '']);
    }
  });

  test('lives for as long as a call waits', async () => {
    const path = await manifestPath();
    const { stdout } = await runScript(`${opening(path)}
      manifest.find('nothing', signal).then(() => process.stdout.write('answered'));`);
    expect(stdout.toString()).toBe('answered');
  });
});

describe('a group', () => {
  test('of calls that wait is one transaction', async () => {
    const log = join(await temporaryDirectory(), 'log');
    const workerUrl = await workerFile(`
      import { appendFileSync } from 'node:fs';
      import { DatabaseSync } from 'node:sqlite';
      const { exec } = DatabaseSync.prototype;
      DatabaseSync.prototype.exec = function (sql) {
        if (sql.startsWith('BEGIN')) appendFileSync(${JSON.stringify(log)}, sql + '\\n');
        return exec.call(this, sql);
      };
      await import(${realWorker});
    `);
    const manifest = await openManifest(await manifestPath(), {}, { workerUrl });
    const { id } = await enter(manifest);
    await Promise.all(
      Array.from({ length: 1_200 }, (_, n) => manifest.putPart(id, newPart(n + 1), new AbortController().signal)),
    );
    const begins = async (how: string) =>
      (await readFile(log, 'utf8')).split('\n').filter((line) => line === how).length;
    const writes = await begins('BEGIN IMMEDIATE');
    expect(writes).toBeGreaterThan(4);
    expect(writes).toBeLessThan(200);
    const before = await begins('BEGIN');
    await collect(manifest.parts(id, quiet));
    expect((await begins('BEGIN')) - before).toBe(3);
  });

  test('answers each call for itself', async () => {
    const manifest = await openManifest(await manifestPath());
    const { id } = await enter(manifest);
    await manifest.takeOver(id, 1, newClaim('b'), 9, quiet);
    await manifest.putPart(id, newPart(2, { epoch: 2 }), quiet);
    const outcomes = await Promise.allSettled([
      manifest.putPart(id, newPart(1, { epoch: 2 }), quiet),
      manifest.putPart(id, newPart(2, { epoch: 1 }), quiet),
      manifest.change(id, 1, { state: 'done' }, 9, quiet),
      manifest.putPart(id, newPart(3, { epoch: 2 }), quiet),
      collect(manifest.parts(id, quiet)),
    ]);
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, false, true, true]);
    const [, , , , listed] = outcomes;
    expect(listed).toMatchObject({ value: [{ partNumber: 1 }, { partNumber: 2 }, { partNumber: 3 }] });
  });

  test('undoes a call that fails half-way, and leaves those beside it', async () => {
    const path = await manifestPath();
    const manifest = await openManifest(path);
    const [kept, other] = [await enter(manifest), await enter(manifest)];
    await manifest.putPart(kept.id, newPart(1), quiet);
    // The parts go first: then the head does not.
    openDirectly(path).exec(
      `CREATE TRIGGER stays BEFORE DELETE ON uploads WHEN old.id = '${kept.id}' BEGIN SELECT RAISE(FAIL, 'no'); END`,
    );
    const outcomes = await Promise.allSettled([
      manifest.putPart(kept.id, newPart(2), quiet),
      manifest.remove(kept.id, 1, quiet),
      manifest.putPart(kept.id, newPart(3), quiet),
      manifest.remove(other.id, 1, quiet),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await manifest.find(kept.id, quiet)).toBeDefined();
    const parts = await collect(manifest.parts(kept.id, quiet));
    expect(parts.map(({ partNumber }) => partNumber)).toEqual([1, 2, 3]);
    expect(await manifest.find(other.id, quiet)).toBeUndefined();
  });
});
