import { cp } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteManifest } from '../../src/manifest/sqlite/open-sqlite-manifest.ts';
import type { PartItem, UploadManifest } from '../../src/manifest/upload-manifest.ts';
import { sweepUploads } from '../../src/pipelines/uploads/sweep-uploads.ts';
import { altered } from '../support/crash/altered.ts';
import { CrashPlan } from '../support/crash/crash-plan.ts';
import { directoryScene, orderedScene, sceneObject } from '../support/crash/directory-scene.ts';
import { blind, codeOf, codeOrDone, crashAt, gated, itemsOf, uploadsOf } from '../support/crash/left-uploads.ts';
import type { UploadScene } from '../support/crash/upload-scene.ts';
import { noteFault } from '../support/fault-log.ts';
import { calm } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const hourMs = 3_600_000;

/** A run that waits at its second part while another host takes its upload over and ends it. */
async function overtaken(): Promise<{ scene: UploadScene; sentLater: number; firstCode: string; etags: string[] }> {
  const scene = await orderedScene();
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const wide = await directoryScene();
  const pool = wide.options.pool;
  const first = scene.put(new CrashPlan(), {}, { pool, store: gated(scene, gate.promise, arrived.resolve) });
  await arrived.promise;
  const clock = (): number => Date.now() + hourMs;
  const second = await scene.put(new CrashPlan(), { clock, manifest: blind(scene) }, { pool });
  expect(codeOrDone(second)).toBe('done');
  const before = await scene.options.store.head(sceneObject, calm);
  scene.forgetCounts();
  gate.resolve();
  const firstCode = codeOrDone(await first);
  const after = await scene.options.store.head(sceneObject, calm);
  return { scene, sentLater: scene.sentParts.size, firstCode, etags: [before.etag, after.etag] };
}

describe('an upload and its manifest', () => {
  it('M01: an owner that was overtaken stops and sends nothing more', async () => {
    const { scene, sentLater, firstCode, etags } = await overtaken();
    expect([firstCode, sentLater]).toEqual(['owned', 0]);
    expect(etags[0]).toBe(etags[1]);
    await scene.checkSettled();
    noteFault({ id: 'M01', injected: 'a newer epoch', reached: 1, outcome: 'owned; no part sent' });
  });

  it('M04: an owner that slept past its lease changes nothing when it wakes', async () => {
    const { scene, firstCode, etags } = await overtaken();
    expect([firstCode, etags[0] === etags[1], scene.ledger.violations]).toEqual(['owned', true, 0]);
    await scene.checkSettled();
    noteFault({
      id: 'M04',
      injected: 'a sleep past the lease',
      reached: 1,
      outcome: 'fenced; the object is unchanged',
    });
  });

  it('M07: rows that were altered, taken from elsewhere or exchanged are refused', async () => {
    let reached = 0;
    const alterations: ((manifest: UploadManifest, foreign: UploadManifest) => Partial<UploadManifest>)[] = [
      (manifest) => ({
        parts: async function* (id, signal) {
          for await (const part of manifest.parts(id, signal)) yield { ...part, etag: `${part.etag.slice(1)}0` };
        },
      }),
      (manifest) => ({
        parts: async function* (id, signal) {
          for await (const part of manifest.parts(id, signal)) {
            const [segment] = part.segments;
            yield { ...part, segments: [{ ...segment!, salt: segment!.salt.toReversed() }] };
          }
        },
      }),
      (manifest) => ({
        parts: async function* (id, signal) {
          const rows: PartItem[] = [];
          for await (const row of manifest.parts(id, signal)) rows.push(row);
          for (const [i, row] of rows.entries()) yield { ...rows[rows.length - 1 - i]!, partNumber: row.partNumber };
        },
      }),
      (_manifest, foreign) => ({
        parts: async function* (_id, signal) {
          for await (const item of foreign.list({}, signal)) yield* foreign.parts(item.id, signal);
        },
      }),
      (manifest) => ({
        takeOver: async (...call) => ({ ...(await manifest.takeOver(...call)), sourcePath: '/etc/passwd', key: 'key' }),
        list: async function* (query, signal) {
          for await (const item of manifest.list(query, signal)) yield item;
        },
      }),
      (manifest) => ({
        takeOver: async (...call) => ({ ...(await manifest.takeOver(...call)), uploadId: 'f'.repeat(32) }),
      }),
      (manifest) => ({
        takeOver: async (...call) => {
          const item = await manifest.takeOver(...call);
          const streamHeader = item.streamHeader.slice();
          streamHeader[50]! ^= 1;
          return { ...item, streamHeader };
        },
      }),
    ];
    const codes: string[] = [];
    for (const alter of alterations) {
      const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
      const { scene: other } = await crashAt('die-after', 'manifest.putPart', 2);
      const { manifest } = scene.options;
      const outcome = await scene.put(new CrashPlan(), {
        manifest: altered(manifest, alter(manifest, other.options.manifest)),
      });
      codes.push(codeOrDone(outcome));
      if (outcome.error !== undefined) reached++;
      await scene.put(new CrashPlan(), { resume: false });
      await scene.checkSettled();
    }
    expect(codes).toEqual(Array(7).fill('manifest-corrupt'));
    noteFault({ id: 'M07', injected: 'altered, foreign and exchanged items', reached, outcome: 'manifest-corrupt' });
  });

  it('M08: a manifest that was rolled back costs parts, and never the object', async () => {
    let reached = 0;
    for (const name of ['manifest.putPart', 'store.completeMultipart'] as const) {
      const folder = await temporaryDirectory();
      const path = `${folder}/manifest.db`;
      const { scene: ground } = await sqliteScene(path);
      const steps = new CrashPlan();
      const copies = new Map<number, string>();
      await ground.put(steps);
      const last = steps.steps.lastIndexOf(name) + 1;
      const early = steps.steps.indexOf('manifest.putPart') + 1;
      const { scene, close } = await sqliteScene(path);
      await scene.put(new CrashPlan(early, 'die-after'));
      await cp(path, `${path}.old`);
      copies.set(early, `${path}.old`);
      const before = new CrashPlan(last - early > 0 ? 1_000 : 1);
      await scene.put(before);
      expect(await scene.checkVisible()).toBe(true);
      await close();
      await cp(`${path}.old`, path, { force: true });
      const { scene: again } = await sqliteScene(path, scene);
      // The old state says that the upload is open and has one part; the store knows better.
      const result = await again.recover();
      expect(result.contentLength).toBe(again.options.content.length);
      await again.checkSettled();
      reached++;
    }
    noteFault({
      id: 'M08',
      injected: 'an older copy of the manifest',
      reached,
      outcome: 'begun anew; the object is whole',
    });
  });

  it('M11: what was written is read without any manifest', async () => {
    const { scene, reached } = await crashAt('die-after', 'store.completeMultipart');
    expect(await scene.checkVisible()).toBe(true);
    noteFault({ id: 'M11', injected: 'no manifest', reached, outcome: 'the object decrypts' });
  });

  it('M12: two sweepers and a living upload: the living one is not touched', async () => {
    const scene = await directoryScene();
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const living = scene.put(new CrashPlan(), {}, { store: gated(scene, gate.promise, arrived.resolve) });
    await arrived.promise;
    const dead = { bucket: sceneObject.bucket, key: 'dead' };
    await scene.put(new CrashPlan(12, 'die-after'), {}, { object: dead });
    const { store, manifest } = scene.options;
    let owned = 0;
    // One sees who lives, the other only leases.
    for (const sight of [manifest, blind(scene)]) {
      const sweep = (): ReturnType<typeof sweepUploads> =>
        sweepUploads({ store, uploads: { manifest: sight }, olderThanMs: 0 }, calm);
      const both = await Promise.all([sweep(), sweep()]);
      owned += both.flatMap((result) => result.owned.filter(({ key }) => key === sceneObject.key)).length;
    }
    gate.resolve();
    expect([codeOrDone(await living), owned]).toEqual(['done', 4]);
    expect([await itemsOf(scene), await uploadsOf(scene)]).toEqual([[], []]);
    await scene.checkSettled();
    noteFault({ id: 'M12', injected: 'two sweepers at once', reached: owned, outcome: 'the living upload goes on' });
  });

  it('a manifest that fails in the middle leaves an upload that is gone on with', async () => {
    const { scene, outcome } = await crashAt('fail', 'manifest.putPart', 2);
    expect(codeOf(outcome)).toBe('manifest');
    expect((await scene.recover()).resumed).toBe(true);
    await scene.checkSettled();
  });
});

async function sqliteScene(
  path: string,
  like?: UploadScene,
): Promise<{ scene: UploadScene; close: () => Promise<void> }> {
  const base = like ?? (await orderedScene());
  const manifest = await openSqliteManifest(path);
  let closed = false;
  const close = async (): Promise<void> => {
    if (!closed) await manifest.close();
    closed = true;
  };
  onTestFinished(close);
  return { scene: like === undefined ? base.with({ manifest }) : base.with({ manifest }), close };
}
