import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { abortUpload } from '../../src/pipelines/uploads/abort-upload.ts';
import { sweepUploads } from '../../src/pipelines/uploads/sweep-uploads.ts';
import type { UploadEvent } from '../../src/pipelines/uploads/upload-options.ts';
import { createFramePool } from '../../src/workers/frame-pool.ts';
import { altered } from '../support/crash/altered.ts';
import { CrashPlan } from '../support/crash/crash-plan.ts';
import { orderedScene, sceneObject } from '../support/crash/directory-scene.ts';
import { codeOf, codeOrDone, crashAt, itemsOf, uploadsOf } from '../support/crash/left-uploads.ts';
import { calm } from '../support/streams.ts';

const parts = 4;

function noUpload(): SealpartError {
  return new SealpartError('not-found', 'NoSuchUpload');
}

describe('a Complete of which nobody knows', () => {
  it('is left to the next run if the object cannot be looked at', async () => {
    for (const code of ['not-found', 'precondition', 'conflict', 'store'] as const) {
      const scene = await orderedScene();
      const { store } = scene.options;
      // It had its effect; its retry says that the upload is gone; and the object cannot be read.
      const blindStore = altered(store, {
        completeMultipart: async (...call) => {
          await store.completeMultipart(...call);
          throw new SealpartError(code, 'after the effect');
        },
        get: async () => {
          throw new SealpartError('denied', 'may write, may not read');
        },
      });
      expect(codeOf(await scene.put(new CrashPlan(), {}, { store: blindStore }))).toBe('store');
      expect((await itemsOf(scene)).map(({ state }) => state)).toEqual(['completing']);
      scene.forgetCounts();
      expect((await scene.recover()).parts).toEqual({ kept: parts, sent: 0 });
      expect(scene.sentParts.size).toBe(0);
      await scene.checkSettled();
    }
  });

  it('that met a conflict is settled before anything begins anew', async () => {
    const scene = await orderedScene();
    const { store } = scene.options;
    const late = altered(store, {
      completeMultipart: async (...call) => {
        await store.completeMultipart(...call);
        throw new SealpartError('conflict', 'ConditionalRequestConflict of our own retry');
      },
    });
    const { result } = await scene.put(new CrashPlan(), {}, { store: late, condition: { ifNoneMatch: '*' } });
    expect(result?.parts).toEqual({ kept: 0, sent: parts });
    await scene.checkSettled();
  });
});

describe('what was sent is kept', () => {
  it('when a resuming run has a pool that it cannot use', async () => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
    const pool = createFramePool({ workers: 0, plainBytes: 8 * 2 ** 20, wireBytes: 8 * 2 ** 20 });
    await pool.close();
    expect(codeOf(await scene.put(new CrashPlan(), {}, { pool }))).toBe('bad-parameters');
    expect((await scene.recover()).parts).toEqual({ kept: 2, sent: 2 });
    await scene.checkSettled();
  });

  it('when one answer says "not found" and the list says otherwise', async () => {
    const scene = await orderedScene();
    const { store } = scene.options;
    let strays = 0;
    const stray = altered(store, {
      uploadPart: async (upload, partNumber, body, signal) => {
        if (partNumber === 3 && strays++ === 0) throw noUpload();
        return store.uploadPart(upload, partNumber, body, signal);
      },
    });
    expect(codeOf(await scene.put(new CrashPlan(), {}, { store: stray }))).toBe('store');
    expect((await scene.recover()).parts.kept).toBe(2);
    await scene.checkSettled();
  });

  it('when the bucket goes away in the middle', async () => {
    const scene = await orderedScene();
    const { store } = scene.options;
    const away = altered(store, {
      uploadPart: async (upload, partNumber, body, signal) => {
        if (partNumber === 3) throw new SealpartError('not-found', 'NoSuchBucket', { missing: 'bucket' });
        return store.uploadPart(upload, partNumber, body, signal);
      },
    });
    expect(codeOf(await scene.put(new CrashPlan(), {}, { store: away }))).toBe('not-found');
    expect((await itemsOf(scene)).map(({ state }) => state)).toEqual(['open']);
    expect((await scene.recover()).parts).toEqual({ kept: 2, sent: 2 });
    await scene.checkSettled();
  });

  it('when the bucket is away for a moment', async () => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
    const { store } = scene.options;
    const gone = new SealpartError('not-found', 'NoSuchBucket', { missing: 'bucket' });
    const away = altered(store, {
      // biome-ignore lint/correctness/useYield: it fails before it has anything to give.
      listParts: async function* () {
        throw gone;
      },
      abortMultipart: async () => {
        throw gone;
      },
    });
    expect(codeOf(await scene.put(new CrashPlan(), {}, { store: away }))).toBe('not-found');
    expect(codeOf(await scene.put(new CrashPlan(), { resume: false }, { store: away }))).toBe('not-found');
    expect(await itemsOf(scene)).toHaveLength(1);
    expect((await scene.recover()).resumed).toBe(false); // It was to be aborted by then.
    await scene.checkSettled();
  });
});

describe('an abort', () => {
  it('that meets a conflict is done again by the next run', async () => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
    const { store, manifest } = scene.options;
    const [item] = await itemsOf(scene);
    const busy = altered(store, {
      abortMultipart: async () => {
        throw new SealpartError('conflict', 'OperationAborted');
      },
    });
    await expect(abortUpload({ store: busy, uploads: { manifest }, id: item!.id }, calm)).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await itemsOf(scene)).toHaveLength(1);
    await abortUpload({ store, uploads: { manifest }, id: item!.id }, calm);
    expect([await itemsOf(scene), await uploadsOf(scene)]).toEqual([[], []]);
  });

  it('by one who may not list does not stand in the way of the next put', async () => {
    const mayNotList = (scene: Awaited<ReturnType<typeof orderedScene>>) => {
      const denied = new SealpartError('denied', 'AccessDenied');
      return altered(scene.options.store, {
        // biome-ignore lint/correctness/useYield: it fails before it has anything to give.
        listParts: async function* () {
          throw denied;
        },
        // biome-ignore lint/correctness/useYield: it fails before it has anything to give.
        listUploads: async function* () {
          throw denied;
        },
      });
    };
    for (const point of ['store.createMultipart', 'manifest.putPart']) {
      const { scene } = await crashAt('die-after', point);
      const outcome = await scene.put(new CrashPlan(), { resume: false }, { store: mayNotList(scene) });
      expect(codeOrDone(outcome)).toBe('done');
    }
  });

  it('leaves alone what somebody else began after the run that is cleared away had died', async () => {
    const { scene } = await crashAt('die-after', 'store.createMultipart');
    const { store, manifest } = scene.options;
    // Four days later, somebody begins an upload to the same key, and has not sent a part yet.
    const days = 4 * 86_400_000;
    const later = altered(store, {
      listUploads: async function* (bucket, signal) {
        for await (const upload of store.listUploads(bucket, signal)) {
          yield upload.uploadId === foreign.uploadId ? { ...upload, initiatedMs: upload.initiatedMs + days } : upload;
        }
      },
    });
    const foreign = await store.createMultipart(sceneObject, {}, calm);
    const clock = (): number => Date.now() + days;
    const { swept } = await sweepUploads({ store: later, uploads: { manifest, clock }, olderThanMs: 0 }, calm);
    expect([swept.length, await uploadsOf(scene)]).toEqual([1, [foreign.uploadId]]);
  });

  it('of a bucket that is gone is told by a sweep, not passed over', async () => {
    const { scene } = await crashAt('die-after', 'store.createMultipart');
    const { store, manifest } = scene.options;
    const away = altered(store, {
      // biome-ignore lint/correctness/useYield: it fails before it has anything to give.
      listUploads: async function* () {
        throw new SealpartError('not-found', 'NoSuchBucket', { missing: 'bucket' });
      },
    });
    const { failed } = await sweepUploads({ store: away, uploads: { manifest }, olderThanMs: -1 }, calm);
    expect(failed.map(({ error }) => error.code)).toEqual(['not-found']);
  });
});

describe('a manifest that fails when the object stands', () => {
  it('is told, and is no failure of the put', async () => {
    const scene = await orderedScene();
    const manifest = altered(scene.options.manifest, {
      remove: async () => {
        throw new SealpartError('manifest', 'disk full');
      },
    });
    const events: UploadEvent[] = [];
    const { result } = await scene.put(new CrashPlan(), { manifest, onEvent: (event) => void events.push(event) });
    expect(result?.parts).toEqual({ kept: 0, sent: parts });
    expect(events.at(-1)).toMatchObject({ kind: 'unrecorded', error: { code: 'manifest' } });
    scene.forgetCounts();
    expect((await scene.recover()).parts).toEqual({ kept: parts, sent: 0 });
    await scene.checkSettled();
  });
});
