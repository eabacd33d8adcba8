import { execFile } from 'node:child_process';
import { stat, utimes, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/format/bytes.ts';
import { abortUpload } from '../../src/pipelines/uploads/abort-upload.ts';
import { sweepUploads } from '../../src/pipelines/uploads/sweep-uploads.ts';
import type { UploadEvent } from '../../src/pipelines/uploads/upload-options.ts';
import { randomLooking } from '../support/content.ts';
import { CrashPlan, crashKinds, withSteps } from '../support/crash/crash-plan.ts';
import { directoryScene, sceneContent, sceneObject } from '../support/crash/directory-scene.ts';
import { blind, codeOf, codeOrDone, crashAt, gated, itemsOf, uploadsOf } from '../support/crash/left-uploads.ts';
import type { UploadScene } from '../support/crash/upload-scene.ts';
import { noteFault } from '../support/fault-log.ts';
import { calm } from '../support/streams.ts';

const parts = 4;

describe('an upload that a process left', () => {
  it('C02: without a manifest row is found by its name, aborted, and begun anew', async () => {
    const { scene, reached } = await crashAt('die-after', 'store.createMultipart');
    expect(await uploadsOf(scene)).toHaveLength(1);
    // Somebody else's upload to the same name has parts, or is older than ours: it stays.
    const foreign = await scene.options.store.createMultipart(sceneObject, {}, calm);
    const foreignName = { ...sceneObject, uploadId: foreign.uploadId };
    await scene.options.store.uploadPart(foreignName, 1, new Uint8Array(10), calm);
    const { parts: sent, resumed } = await scene.recover();
    expect([sent, resumed]).toEqual([{ kept: 0, sent: parts }, false]);
    expect(await uploadsOf(scene)).toEqual([foreign.uploadId]);
    await scene.options.store.abortMultipart(foreignName, calm);
    await scene.checkSettled();
    noteFault({
      id: 'C02',
      injected: 'death after CreateMultipartUpload',
      reached,
      outcome: 'orphan aborted, begun anew',
    });
  });

  it('C03: with a part that was stored and not written down sends it again under a fresh salt', async () => {
    const { scene, reached } = await crashAt('die-after', 'store.uploadPart', 2);
    const salts = scene.ledger.size;
    scene.forgetCounts();
    const { parts: sent } = await scene.recover();
    expect(sent).toEqual({ kept: 1, sent: 3 });
    expect(scene.sentParts.get(2)).toBe(1);
    expect(scene.ledger.size).toBe(salts + 3);
    await scene.checkSettled();
    noteFault({
      id: 'C03',
      injected: 'death after UploadPart, before its row',
      reached,
      outcome: 'sent again, new salt',
    });
  });

  it('C04: goes on at the segment behind the last one that was written down', async () => {
    const { scene, reached } = await crashAt('die-after', 'manifest.putPart', 2);
    scene.forgetCounts();
    expect((await scene.recover()).parts).toEqual({ kept: 2, sent: 2 });
    expect([...scene.sentParts.keys()].sort()).toEqual([3, 4]);
    await scene.checkSettled();
    noteFault({ id: 'C04', injected: 'death after a part row', reached, outcome: 'went on at the next segment' });
  });

  it('C05: with all parts sends nothing but Complete', async () => {
    const { scene, reached } = await crashAt('die-after', 'manifest.putPart', -1);
    scene.forgetCounts();
    expect((await scene.recover()).parts).toEqual({ kept: parts, sent: 0 });
    expect(scene.sentParts.size).toBe(0);
    await scene.checkSettled();
    noteFault({ id: 'C05', injected: 'death between the last part and Complete', reached, outcome: 'Complete only' });
  });

  it('C06: whose Complete was not answered is settled by looking at the object', async () => {
    const { scene, outcome, reached } = await crashAt('lost-answer', 'store.completeMultipart');
    expect(outcome.result?.parts).toEqual({ kept: 0, sent: parts });
    await scene.checkSettled();
    // The same, but the object is somebody else's by then.
    const other = await crashAt('die-after', 'store.completeMultipart');
    await other.scene.options.store.put(sceneObject, new Uint8Array(100), {}, {}, calm);
    const again = await other.scene.put(new CrashPlan());
    expect(codeOf(again)).toBe('conflict');
    expect((await other.scene.options.store.head(sceneObject, calm)).sizeBytes).toBe(100);
    expect((await other.scene.recover()).resumed).toBe(false);
    await other.scene.checkSettled();
    noteFault({
      id: 'C06',
      injected: 'the answer to Complete is lost',
      reached: reached + other.reached,
      outcome: 'ours: success; somebody else’s: conflict',
    });
  });

  it('C07: that was completed and not written off is written off, and nothing is sent', async () => {
    const { scene, reached } = await crashAt('die-after', 'store.completeMultipart');
    const { etag } = await scene.options.store.head(sceneObject, calm);
    scene.forgetCounts();
    const { result } = await scene.put(new CrashPlan());
    expect(result).toMatchObject({ etag, resumed: true, parts: { kept: parts, sent: 0 } });
    expect(scene.sentParts.size).toBe(0);
    await scene.checkSettled();
    noteFault({ id: 'C07', injected: 'death after Complete', reached, outcome: 'reconciled, no part sent' });
  });

  it.each(crashKinds)('C08: is aborted in the end, wherever abort crashes (%s)', async (kind) => {
    let reached = 0;
    for (let step = 1; ; step++) {
      const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
      const [item] = await itemsOf(scene);
      const plan = new CrashPlan(step, kind);
      const { store, manifest } = scene.options;
      const dying = {
        store: withSteps(store, 'store', plan, ['close']),
        uploads: { manifest: withSteps(manifest, 'manifest', plan, ['close', 'lock']), takeOver: true },
      };
      await abortUpload({ ...dying, id: item!.id }, calm).catch(() => undefined);
      if (plan.reached === 0) break;
      reached++;
      const now = Date.now() + 3_600_000;
      await sweepUploads({ store, uploads: { manifest, clock: () => now }, olderThanMs: 0 }, calm);
      expect(await uploadsOf(scene)).toEqual([]);
      expect(await itemsOf(scene)).toEqual([]);
    }
    noteFault({ id: 'C08', injected: `${kind} at every step of abort`, reached, outcome: 'swept, nothing left' });
  });

  it('C10: is not gone on with when the source changed', async () => {
    let reached = 0;
    const changes: ((path: string) => Promise<void>)[] = [
      (path) => writeFile(path, sceneContent.slice(0, -1)),
      (path) => writeFile(path, randomLooking(sceneContent.length, 'another')),
      (path) => utimes(path, 1, 1),
    ];
    for (const change of changes) {
      const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
      await change(scene.sourcePath);
      const outcome = await scene.put(new CrashPlan());
      expect(codeOf(outcome)).toBe('source-changed');
      expect(await scene.committedParts()).toEqual([1, 2]);
      reached++;
      const anew = await scene.put(new CrashPlan(), { resume: false });
      expect(anew.result?.parts).toMatchObject({ kept: 0 });
      expect(await uploadsOf(scene)).toEqual([]);
    }
    noteFault({
      id: 'C10',
      injected: 'size, bytes or mtime change',
      reached,
      outcome: 'source-changed; anew when told',
    });
  });

  it('C10: is not gone on with when the source changed behind the same size and mtime, if it is compared', async () => {
    let reached = 0;
    // 20,000 lies in a committed segment, 40,000 in one that is not.
    for (const [position, verifySource, expected] of [
      [20_000, true, 'source-changed'],
      [40_000, true, undefined],
      [20_000, false, undefined],
    ] as const) {
      const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
      const { fingerprintTime } = await rewriteQuietly(scene, position);
      const outcome = await scene.put(new CrashPlan(), { verifySource });
      expect([fingerprintTime, outcome.error === undefined ? undefined : codeOf(outcome)]).toEqual([true, expected]);
      if (expected !== undefined) reached++;
    }
    noteFault({
      id: 'C10',
      injected: 'bytes change, mtime does not, --verify-source',
      reached,
      outcome: 'source-changed',
    });
  });

  it('C10: is not completed when the source of its FINAL segment changed quietly', async () => {
    const { scene, reached } = await crashAt('die-after', 'manifest.putPart', -1);
    await rewriteQuietly(scene, sceneContent.length - 1);
    expect(codeOf(await scene.put(new CrashPlan()))).toBe('source-changed');
    expect(await scene.checkVisible()).toBe(false);
    noteFault({ id: 'C10', injected: 'the last segment changed quietly', reached, outcome: 'source-changed' });
  });

  it('C11: keeps its sizes, whatever is asked for now, and begins anew for another cipher', async () => {
    const { scene, reached } = await crashAt('die-after', 'manifest.putPart', 2);
    const [item] = await itemsOf(scene);
    const { result } = await scene.put(new CrashPlan(), {}, { segmentSizeBytes: 2 ** 15 });
    expect(result?.parts).toEqual({ kept: 2, sent: 2 });
    expect(toHex(result!.streamId)).toBe(item!.id);
    await scene.checkSettled();
    const other = await crashAt('die-after', 'manifest.putPart', 2);
    const events: UploadEvent[] = [];
    const onEvent = (event: UploadEvent): unknown => events.push(event);
    const anew = await other.scene.put(new CrashPlan(), { onEvent }, { suite: 2 });
    expect(anew.result?.parts).toEqual({ kept: 0, sent: parts });
    expect(events[0]).toMatchObject({ kind: 'abandoned', reason: 'another cipher than then' });
    noteFault({
      id: 'C11',
      injected: 'other sizes, another cipher',
      reached: reached + other.reached,
      outcome: 'kept; anew',
    });
  });

  it('C12: is taken early at worst when clocks jump, and only one owner completes', async () => {
    let reached = 0;
    for (const jumpMs of [3_600_000, -3_600_000]) {
      const scene = await directoryScene();
      const gate = Promise.withResolvers<void>();
      const arrived = Promise.withResolvers<void>();
      const slow = new CrashPlan();
      const first = scene.put(slow, { leaseMs: 60_000 }, { store: gated(scene, gate.promise, arrived.resolve) });
      await arrived.promise;
      // Another host, which cannot see who lives, with a clock of its own.
      const clock = (): number => Date.now() + jumpMs;
      const manifest = blind(scene);
      const second = await scene.put(new CrashPlan(), { clock, manifest });
      gate.resolve();
      const outcomes = [codeOrDone(await first), codeOrDone(second)];
      expect(outcomes).toEqual(jumpMs > 0 ? ['owned', 'done'] : ['done', 'owned']);
      await scene.checkSettled();
      reached++;
    }
    noteFault({
      id: 'C12',
      injected: 'a clock that is an hour off',
      reached,
      outcome: 'one completes, the other is owned',
    });
  });
});

/** Changes a byte, and puts the time of the last change back. */
async function rewriteQuietly(scene: UploadScene, position: number): Promise<{ fingerprintTime: boolean }> {
  const before = await stat(scene.sourcePath, { bigint: true });
  const changed = sceneContent.slice();
  changed[position]! ^= 1;
  await writeFile(scene.sourcePath, changed);
  await setTimes(scene.sourcePath, before.mtimeNs);
  const after = await stat(scene.sourcePath, { bigint: true });
  return { fingerprintTime: after.mtimeNs === before.mtimeNs && after.size === before.size };
}

/** utimes takes seconds as a double, which has no room for nanoseconds: touch has. */
async function setTimes(path: string, mtimeNs: bigint): Promise<void> {
  const nanoseconds = String(mtimeNs % 1_000_000_000n).padStart(9, '0');
  await promisify(execFile)('touch', ['-d', `@${mtimeNs / 1_000_000_000n}.${nanoseconds}`, path]);
}
