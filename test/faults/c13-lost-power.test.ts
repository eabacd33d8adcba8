import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SharedArena } from '../../src/flow/shared-arena.ts';
import { totalLengthOf } from '../../src/format/segment-header.ts';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import type { UploadManifest } from '../../src/manifest/upload-manifest.ts';
import type { FileOperations } from '../../src/objects/directory/file-operations.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { createFramePool } from '../../src/workers/frame-pool.ts';
import { collect, enter, quiet } from '../contracts/upload-manifest-ground.ts';
import { CrashPlan } from '../support/crash/crash-plan.ts';
import { sceneContent, sceneObject, sceneSegmentBytes } from '../support/crash/directory-scene.ts';
import { UploadScene } from '../support/crash/upload-scene.ts';
import { noteFault } from '../support/fault-log.ts';
import { calm } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { LosingDisk, type Loss, losses } from './losing-disk.ts';
import { isWhole, partOf } from './m10-part.ts';

// C13: the power fails in the middle of a put to a directory store. What was not synced is gone; what the manifest and
// the catalogue say must have been.

/** One part at a time, so that nothing else happens while an image is taken. */
const onePart = SharedArena.footprint(totalLengthOf(sceneSegmentBytes, 12));
const pool = createFramePool({ workers: 0, plainBytes: 4 * 2 ** 20, wireBytes: onePart });
afterAll(() => pool.close());

interface Ground {
  readonly store: ObjectStore;
  readonly manifest: UploadManifest;
  close(): Promise<void>;
}

/** Store and manifest are on the disk that fails. */
async function openGround(folder: string, files?: FileOperations): Promise<Ground> {
  const options = { create: true, limits: { minPartBytes: 1 } };
  const store = await openDirectoryStore(join(folder, 'disk', 'store'), options, files === undefined ? {} : { files });
  const manifest = await openSqliteManifest(join(folder, 'disk', 'manifest', 'manifest.db'));
  const close = async (): Promise<void> => {
    await manifest.close();
    await store.close();
  };
  return { store, manifest, close };
}

interface Image {
  readonly folder: string;
  readonly lost: number;
}

interface Failed {
  readonly scene: UploadScene;
  readonly images: readonly Image[];
}

/** Puts once, and takes images before each step on the disk, as a loss of power then would leave it. */
async function putOnFailingDisk(folder: string, kinds: readonly Loss[], ignoresSync: boolean): Promise<Failed> {
  await mkdir(join(folder, 'disk'));
  const images: Image[] = [];
  let isArmed = false;
  const onStep = async (): Promise<void> => {
    if (!isArmed) return;
    for (const loss of kinds) {
      const target = join(folder, `image-${images.length}`);
      images.push({ folder: target, lost: await disk.image(target, loss) });
    }
  };
  const disk = new LosingDisk(join(folder, 'disk'), onStep, ignoresSync);
  const { store, manifest, close } = await openGround(folder, disk.operations);
  await store.createBucket(sceneObject.bucket, calm);
  const [content, segmentSizeBytes] = [sceneContent, sceneSegmentBytes];
  const scene = await UploadScene.make({
    store,
    manifest,
    object: sceneObject,
    pool,
    folder,
    content,
    segmentSizeBytes,
  });
  isArmed = true;
  const { error } = await scene.put(new CrashPlan());
  isArmed = false;
  await close();
  if (error !== undefined) throw error;
  return { scene, images };
}

/** What the next process finds with an image in the place of the disk, and makes of it. */
async function recoverFrom(folder: string, failed: UploadScene, image: Image): Promise<void> {
  await rm(join(folder, 'disk'), { recursive: true });
  await cp(image.folder, join(folder, 'disk'), { recursive: true });
  const { store, manifest, close } = await openGround(folder);
  try {
    const scene = failed.with({ store, manifest });
    await scene.checkVisible();
    const committed = await scene.committedParts();
    await scene.recover();
    await scene.checkSettled();
    expect(committed.filter((partNumber) => scene.sentParts.has(partNumber))).toEqual([]);
  } finally {
    await close();
  }
}

describe('C13: a loss of power', () => {
  it('before any step on the disk of a put: the object is not there or whole, and what was committed stands', async () => {
    const folder = await temporaryDirectory();
    const { scene, images } = await putOnFailingDisk(folder, losses, false);
    for (const image of images) await recoverFrom(folder, scene, image);
    const reached = images.filter(({ lost }) => lost > 0).length;
    // Each part is made, written, synced, renamed, and its folder synced.
    expect(images.length).toBeGreaterThanOrEqual(4 * 5 * losses.length);
    const injected = `power lost before each of ${images.length / losses.length} steps, unsynced bytes and names dropped`;
    noteFault({ id: 'C13', injected, reached, outcome: 'resumed to the same content' });
  });

  it('on a disk that never syncs is noticed by this test', async () => {
    const folder = await temporaryDirectory();
    const { scene, images } = await putOnFailingDisk(folder, ['half-the-data'], true);
    const outcomes = await Promise.allSettled([recoverFrom(folder, scene, images.at(-1)!)]);
    expect(outcomes[0]?.status).toBe('rejected');
  });

  it('that cuts the log of the manifest anywhere: the rows up to there are whole, and no later one is', async () => {
    const folder = await temporaryDirectory();
    const path = join(folder, 'manifest.db');
    const manifest = await openSqliteManifest(path);
    const { id, epoch } = await enter(manifest);
    const written = 12;
    for (let number = 1; number <= written; number++) await manifest.putPart(id, partOf(number, 20, epoch), quiet);
    const [database, log] = [await readFile(path), await readFile(`${path}-wal`)];
    await manifest.close();

    const cuts = Array.from({ length: 30 }, (_, i) => Math.floor((log.length * i) / 30) + (i % 3));
    let before = 0;
    for (const [i, cut] of [...cuts, log.length].entries()) {
      const image = join(folder, `image-${i}`);
      await mkdir(image);
      await writeFile(join(image, 'manifest.db'), database);
      await writeFile(join(image, 'manifest.db-wal'), log.subarray(0, cut));
      const found = await openSqliteManifest(join(image, 'manifest.db'));
      const parts = await collect(found.parts(id, quiet));
      await found.close();
      expect(parts.map(({ partNumber }) => partNumber)).toEqual(parts.map((_, place) => place + 1));
      expect(parts.every(isWhole)).toBe(true);
      expect(parts.length).toBeGreaterThanOrEqual(before);
      before = parts.length;
    }
    expect(before).toBe(written);
    noteFault({
      id: 'C13',
      injected: 'the manifest’s log cut short',
      reached: cuts.length,
      outcome: 'a prefix of the rows, whole',
    });
  });
});
