import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../../src/manifest/manifest.ts';
import { createMemoryManifest } from '../../src/manifest/memory-manifest.ts';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { objectRecordsContract } from '../contracts/object-records.ts';

objectRecordsContract('memory', async () => {
  const manifest = createMemoryManifest();
  const close = () => manifest.close();
  return { records: manifest.records, close, dispose: close };
});

objectRecordsContract('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sealpart-records-'));
  const opened: Manifest[] = [];
  const open = async () => {
    const manifest = await openSqliteManifest(join(folder, 'manifest.db'));
    opened.push(manifest);
    return manifest;
  };
  const manifest = await open();
  return {
    records: manifest.records,
    openAgain: async () => (await open()).records,
    close: () => manifest.close(),
    async dispose() {
      await Promise.all(opened.map((one) => one.close()));
      await rm(folder, { recursive: true });
    },
  };
});
