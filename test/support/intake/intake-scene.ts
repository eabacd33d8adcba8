import { onTestFinished } from 'vitest';
import { keyFileRecipient } from '../../../src/keys/key-file.ts';
import type { Manifest } from '../../../src/manifest/manifest.ts';
import { createMemoryManifest } from '../../../src/manifest/memory-manifest.ts';
import { openDirectoryStore } from '../../../src/objects/directory/open-directory-store.ts';
import type { ObjectName, ObjectStore } from '../../../src/objects/object-store.ts';
import { getObject } from '../../../src/pipelines/get-object.ts';
import type { ContentRequest, IntakeMachine } from '../../../src/pipelines/intake/content-request.ts';
import { IntakeMemory, type IntakeMemoryOptions } from '../../../src/pipelines/intake/intake-memory.ts';
import { MemorySink } from '../../../src/sinks/memory-sink.ts';
import { createMemorySource } from '../../../src/sources/memory-source.ts';
import { createFramePool, type FramePool } from '../../../src/workers/frame-pool.ts';
import { access, calm, kek } from '../streams.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

const sceneBucket = 'shelf';
export const sceneName: ObjectName = { bucket: sceneBucket, key: 'letters/one' };
/** Segments of 256 KiB in frames of 16 KiB, so that little content is many segments. */
export const sceneSizes: { readonly segmentSizeBytes: number; readonly frameSizeBytes: number } = {
  segmentSizeBytes: 2 ** 18,
  frameSizeBytes: 2 ** 14,
};

export interface SceneOptions extends IntakeMemoryOptions {
  readonly workers?: number;
  readonly workerUrl?: URL;
  /** Stands between the intake and its pool. */
  readonly watch?: (pool: FramePool) => FramePool;
}

/** A pool, memory set aside in it, a store in a folder, a manifest: all that content goes through. */
export interface IntakeScene {
  readonly machine: IntakeMachine;
  readonly store: ObjectStore;
  readonly manifest: Manifest;
  request(content: Uint8Array, changes?: Partial<ContentRequest>): ContentRequest;
  /** The object, decrypted under its name. */
  read(name?: { bucket: string; key: string }): Promise<Uint8Array>;
  /** Uploads that are left: in the store, in the manifest. */
  left(): Promise<{ stored: number; recorded: number }>;
}

export async function intakeScene(options: SceneOptions = {}): Promise<IntakeScene> {
  const { workers = 0, workerUrl, watch = (pool) => pool, ...memoryOptions } = options;
  const sizes = { plainBytes: 8 * 2 ** 20, wireBytes: 12 * 2 ** 20 };
  const bare = createFramePool({ workers, ...sizes, ...(workerUrl === undefined ? {} : { workerUrl }) });
  onTestFinished(() => bare.close());
  const pool = watch(bare);
  const memory = IntakeMemory.open(pool, memoryOptions);
  const limits = { minPartBytes: 1 };
  const store = await openDirectoryStore(await temporaryDirectory(), { create: true, limits });
  onTestFinished(() => store.close());
  await store.createBucket(sceneBucket, calm);
  const manifest = createMemoryManifest();
  return {
    machine: { pool, memory },
    store,
    manifest,
    request: (content, changes = {}) => ({
      source: createMemorySource(content),
      store,
      object: sceneName,
      write: { recipients: [keyFileRecipient(kek)], objectName: sceneName, digestAlg: 3, ...sceneSizes },
      uploads: { manifest },
      ...changes,
    }),
    read: async (name = sceneName) => {
      const sink = new MemorySink();
      await getObject({ store, object: name, sink, access: { ...access, objectName: name }, workers: 0 }, calm);
      return sink.bytes();
    },
    left: async () => {
      const stored = await collected(store.listUploads(sceneBucket, calm));
      const recorded = await collected(manifest.list({}, calm));
      return { stored: stored.length, recorded: recorded.length };
    },
  };
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
