import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { createMemoryManifest } from '../../src/manifest/memory-manifest.ts';
import type { NewUpload, UploadManifest } from '../../src/manifest/upload-manifest.ts';
import { OwnedUpload, ownershipOf } from '../../src/pipelines/uploads/owned-upload.ts';
import { sweepUploads } from '../../src/pipelines/uploads/sweep-uploads.ts';
import type { UploadOptions } from '../../src/pipelines/uploads/upload-options.ts';
import { altered } from '../support/crash/altered.ts';
import { CrashPlan } from '../support/crash/crash-plan.ts';
import { directoryScene, sceneObject } from '../support/crash/directory-scene.ts';
import { codeOrDone, gated, itemsOf } from '../support/crash/left-uploads.ts';
import { calm } from '../support/streams.ts';

const upload: NewUpload = {
  id: 'ab'.repeat(16),
  storeName: 'dir:/store',
  ...sceneObject,
  streamHeader: new Uint8Array(512),
  sourceFingerprint: '',
  sourcePath: '',
  createdMs: 1,
};

function own(manifest: UploadManifest, changes: Partial<UploadOptions> = {}) {
  return ownershipOf({ manifest, ...changes });
}

async function head(manifest: UploadManifest) {
  const item = await manifest.find(upload.id, calm);
  if (item === undefined) throw new Error('no such upload');
  return item;
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof SealpartError) return error.code;
    throw error;
  }
  return 'taken';
}

describe('an owner', () => {
  it('that took over from one who is still alive is not taken for dead when that one ends', async () => {
    const manifest = createMemoryManifest();
    const first = await OwnedUpload.create(own(manifest), upload, calm);
    const second = await OwnedUpload.takeOver(own(manifest, { takeOver: true }), first.item, calm);
    await first.letGo();
    expect(await codeOf(OwnedUpload.takeOver(own(manifest), await head(manifest), calm))).toBe('owned');
    await second.letGo();
    const third = await OwnedUpload.takeOver(own(manifest), await head(manifest), calm);
    expect(third.item.epoch).toBe(3);
    await third.letGo();
  });

  it('is judged by its lease as it is now, not as it was when it was listed', async () => {
    const manifest = createMemoryManifest();
    const first = await OwnedUpload.create(own(manifest), upload, calm);
    const listed = { ...(await head(manifest)), leaseUntilMs: 0 };
    expect(await codeOf(OwnedUpload.takeOver(own(manifest), listed, calm))).toBe('owned');
    await first.letGo();
  });

  it('that has ended meanwhile leaves nothing to take over', async () => {
    const manifest = createMemoryManifest();
    const first = await OwnedUpload.create(own(manifest), upload, calm);
    const listed = first.item;
    await first.forget(calm);
    expect(await codeOf(OwnedUpload.takeOver(own(manifest), listed, calm))).toBe('not-found');
    // Nothing holds a lock any more, not even the attempt.
    expect(await manifest.lock(upload.id, 1)).toBeDefined();
    expect(await manifest.lock(upload.id, 2)).toBeDefined();
  });

  it('of two newcomers is one', async () => {
    const manifest = createMemoryManifest();
    const first = await OwnedUpload.create(own(manifest), upload, calm);
    await first.letGo();
    const listed = await head(manifest);
    const both = await Promise.allSettled([
      OwnedUpload.takeOver(own(manifest), listed, calm),
      OwnedUpload.takeOver(own(manifest), listed, calm),
    ]);
    const winners = both.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(winners).toHaveLength(1);
    for (const winner of winners) await winner.letGo();
  });

  it('holds its lock until the manifest has forgotten the upload', async () => {
    const manifest = createMemoryManifest();
    let lockWhileForgetting: unknown = 'not asked';
    const watched = altered(manifest, {
      remove: async (...call) => {
        lockWhileForgetting = await manifest.lock(upload.id, 1);
        await manifest.remove(...call);
      },
    });
    const first = await OwnedUpload.create(own(watched), upload, calm);
    await first.forget(calm);
    expect(lockWhileForgetting).toBeUndefined();
  });

  it('whose lock is held is not swept, whatever the sweeper’s clock says', async () => {
    const scene = await directoryScene();
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const living = scene.put(new CrashPlan(), {}, { store: gated(scene, gate.promise, arrived.resolve) });
    await arrived.promise;
    const { store, manifest } = scene.options;
    const clock = (): number => Date.now() + 8 * 86_400_000;
    const { owned, swept } = await sweepUploads(
      { store, uploads: { manifest, clock }, olderThanMs: 7 * 86_400_000 },
      calm,
    );
    expect([owned.length, swept.length]).toEqual([1, 0]);
    const dry = await sweepUploads({ store, uploads: { manifest, clock }, olderThanMs: 0, dryRun: true }, calm);
    expect([dry.owned.length, dry.swept.length]).toEqual([1, 0]);
    gate.resolve();
    expect(codeOrDone(await living)).toBe('done');
    expect(await itemsOf(scene)).toEqual([]);
  });

  it.each([
    [{ leaseMs: 2 ** 40 }],
    [{ leaseMs: -5 }],
    [{ leaseMs: 1000.5 }],
    [{ clock: () => performance.now() + 0.5 }],
  ])('has a lease and a clock that are some: %o', (changes) => {
    expect(() => own(createMemoryManifest(), changes)).toThrow(expect.objectContaining({ code: 'bad-parameters' }));
  });
});
