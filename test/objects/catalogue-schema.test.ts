import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { createTables, inspectCatalogue } from '../../src/objects/directory/catalogue-schema.ts';
import { moduleUrl, runScript } from '../support/run-script.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

it('a file is looked at in one state, also when another process makes its tables meanwhile', async () => {
  const path = join(await temporaryDirectory(), 'catalogue.sqlite');
  const [here, there] = [new DatabaseSync(path), new DatabaseSync(path, { timeout: 0 })];
  let outcome: unknown;
  const watched = new Proxy(here, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        // After the first look, and before the second.
        if (String(args[0]).includes('user_version')) {
          try {
            createTables(there, path);
          } catch (error) {
            outcome = error;
          }
        }
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
  expect(inspectCatalogue(watched, path)).toBe('empty');
  // It had to wait until the look was over.
  expect(outcome).toMatchObject({ code: 'ERR_SQLITE_ERROR' });
  expect(here.isTransaction).toBe(false);
  createTables(there, path);
  expect(inspectCatalogue(here, path)).toBe('ready');
  here.close();
  there.close();
});

it('processes that make the same new store at once all have it', async () => {
  const folder = await temporaryDirectory();
  const startMs = Date.now() + 1500;
  const script = `
    import { openDirectoryStore } from ${moduleUrl('src/objects/directory/open-directory-store.ts')};
    const { signal } = new AbortController();
    // All of them at the same moments, for several stores.
    for (let round = 0; round < 12; round++) {
      while (Date.now() < ${startMs} + round * 120);
      const store = await openDirectoryStore(${JSON.stringify(folder)} + '/store-' + round, { create: true });
      await store.createBucket('bucket-' + process.pid, signal);
      await store.close();
    }
  `;
  const runs = await Promise.all(Array.from({ length: 6 }, () => runScript(script)));
  for (const { exitCode, stderr } of runs) expect([exitCode, stderr]).toEqual([0, '']);
});
