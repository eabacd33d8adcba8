import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import type { UploadManifest } from '../../src/manifest/upload-manifest.ts';
import { uploadManifestContract } from '../contracts/upload-manifest.ts';

uploadManifestContract('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sealpart-manifest-'));
  const opened: UploadManifest[] = [];
  const openAgain = async () => {
    const manifest = await openSqliteManifest(join(folder, 'manifest.db'));
    opened.push(manifest);
    return manifest;
  };
  return {
    manifest: await openAgain(),
    openAgain,
    async dispose() {
      await Promise.all(opened.map((manifest) => manifest.close()));
      await rm(folder, { recursive: true });
    },
  };
});
