import { createSecretKey } from 'node:crypto';
import { join } from 'node:path';
import { keyFileRecipient } from '../../../src/keys/key-file.ts';
import type { Manifest } from '../../../src/manifest/manifest.ts';
import { openSqliteManifest } from '../../../src/manifest/sqlite/open-sqlite-manifest.ts';
import { openDirectoryStore } from '../../../src/objects/directory/open-directory-store.ts';
import type { ObjectStore } from '../../../src/objects/object-store.ts';
import { IntakeMemory } from '../../../src/pipelines/intake/intake-memory.ts';
import { storeContent } from '../../../src/pipelines/intake/store-content.ts';
import { createMemorySource } from '../../../src/sources/memory-source.ts';
import { createFramePool } from '../../../src/workers/frame-pool.ts';

const bucket = 'shelf';
const signal = new AbortController().signal;

/** The store and the manifest that a killed process leaves in a folder. */
export async function openKilledScene(folder: string): Promise<{ store: ObjectStore; manifest: Manifest }> {
  const store = await openDirectoryStore(join(folder, 'store'), { create: true, limits: { minPartBytes: 1 } });
  return { store, manifest: await openSqliteManifest(join(folder, 'manifest.db')) };
}

/** Sends three parts of an upload, and kills this process where it would complete. */
export async function uploadUntilKilled(folder: string): Promise<void> {
  const { store, manifest } = await openKilledScene(folder);
  await store.createBucket(bucket, signal);
  const pool = createFramePool({ workers: 0, plainBytes: 2 ** 23, wireBytes: 2 ** 23 });
  store.completeMultipart = async () => {
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => undefined);
  };
  await storeContent(
    { pool, memory: IntakeMemory.open(pool) },
    {
      source: createMemorySource(new Uint8Array(700_000)),
      store,
      object: { bucket, key: 'killed' },
      write: {
        recipients: [keyFileRecipient(createSecretKey(Buffer.alloc(32, 7)))],
        segmentSizeBytes: 2 ** 18,
        frameSizeBytes: 2 ** 14,
      },
      uploads: { manifest },
    },
    signal,
  );
}
