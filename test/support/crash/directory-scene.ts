import { onTestFinished } from 'vitest';
import { SharedArena } from '../../../src/flow/shared-arena.ts';
import { totalLengthOf } from '../../../src/format/segment-header.ts';
import { createMemoryManifest } from '../../../src/manifest/memory-manifest.ts';
import { openDirectoryStore } from '../../../src/objects/directory/open-directory-store.ts';
import { createFramePool, type FramePool } from '../../../src/workers/frame-pool.ts';
import { randomLooking } from '../content.ts';
import { calm, inlinePool } from '../streams.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { UploadScene } from './upload-scene.ts';

export const sceneSegmentBytes: number = 2 ** 14;
/** Four parts, the last one short. */
export const sceneContent: Uint8Array = randomLooking(3 * sceneSegmentBytes + 1000, 'crash points');
export const sceneObject = { bucket: 'bucket', key: 'key' } as const;

const pool: FramePool = inlinePool();
const onePart = SharedArena.footprint(totalLengthOf(sceneSegmentBytes, 12));
const narrowPool: FramePool = createFramePool({ workers: 0, plainBytes: 4 * 2 ** 20, wireBytes: onePart });

/** An upload of four small parts to a directory store. */
export function directoryScene(): Promise<UploadScene> {
  return makeScene(pool);
}

/** The same with memory for one part at a time, so that they are sent in order. */
export function orderedScene(): Promise<UploadScene> {
  return makeScene(narrowPool);
}

async function makeScene(pool: FramePool): Promise<UploadScene> {
  const content = sceneContent;
  const folder = await temporaryDirectory();
  const store = await openDirectoryStore(`${folder}/store`, { create: true, limits: { minPartBytes: 1 } });
  onTestFinished(() => store.close());
  await store.createBucket(sceneObject.bucket, calm);
  const manifest = createMemoryManifest();
  const segmentSizeBytes = sceneSegmentBytes;
  return UploadScene.make({ store, manifest, object: sceneObject, pool, folder, content, segmentSizeBytes });
}
