import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import type { StoreLimits, UploadName } from '../../src/objects/object-store.ts';
import { putObject } from '../../src/pipelines/put-object.ts';
import { abortStoredUpload } from '../../src/pipelines/uploads/abort-stored-upload.ts';
import type { UploadEvent } from '../../src/pipelines/uploads/upload-options.ts';
import { createStreamSource } from '../../src/sources/stream-source.ts';
import { altered } from '../support/crash/altered.ts';
import { CrashPlan } from '../support/crash/crash-plan.ts';
import { directoryScene, orderedScene, sceneContent, sceneObject } from '../support/crash/directory-scene.ts';
import { codeOf, codeOrDone, crashAt, gated, itemsOf, uploadsOf } from '../support/crash/left-uploads.ts';
import type { UploadScene } from '../support/crash/upload-scene.ts';
import { noteFault } from '../support/fault-log.ts';
import { calm, inlinePool, kek } from '../support/streams.ts';

const parts = 4;

async function theUpload(scene: UploadScene): Promise<UploadName> {
  const [item] = await itemsOf(scene);
  return { ...sceneObject, uploadId: item!.uploadId! };
}

describe('what stores and others do to an upload', () => {
  it('S10: a part that a zombie wrote over ours is done again, and no object is mixed', async () => {
    // Once while nobody looks, so that resuming finds it; once between the last part and Complete.
    const { scene, reached } = await crashAt('die-after', 'manifest.putPart', -1);
    const upload = await theUpload(scene);
    await scene.options.store.uploadPart(upload, 2, new Uint8Array(5000).fill(7), calm);
    const { result } = await scene.put(new CrashPlan());
    // The FINAL segment's digest covers the one that is sealed again, so that it is sealed again too.
    expect(result?.parts).toEqual({ kept: 2, sent: 2 });
    await scene.checkSettled();

    const other = await orderedScene();
    const { store } = other.options;
    let overwritten = 0;
    const meddled = altered(store, {
      completeMultipart: async (name, list, condition, signal) => {
        if (overwritten++ === 0) await store.uploadPart(name, 3, new Uint8Array(6000).fill(8), calm);
        return store.completeMultipart(name, list, condition, signal);
      },
    });
    const again = await other.put(new CrashPlan(), {}, { store: meddled });
    expect(again.result?.parts).toEqual({ kept: 0, sent: parts + 2 });
    await other.checkSettled();
    noteFault({ id: 'S10', injected: 'a part is written over', reached: reached + overwritten, outcome: 'done again' });
  });

  it('S10: a FINAL segment is never kept beside a part that was done again after it', async () => {
    const { scene, reached } = await crashAt('die-after', 'manifest.putPart', -1);
    const upload = await theUpload(scene);
    await scene.options.store.uploadPart(upload, 2, new Uint8Array(5000).fill(7), calm);
    // The part is done again and written down, and then the process dies before it comes to the FINAL segment.
    await scene.put(new CrashPlan({ name: 'manifest.putPart', nth: 1 }, 'die-after'));
    expect(await scene.committedParts()).toEqual([1, 2, 3]);
    expect((await scene.recover()).parts).toEqual({ kept: 3, sent: 1 });
    await scene.checkSettled();
    noteFault({
      id: 'S10',
      injected: 'death between a part done again and FINAL',
      reached,
      outcome: 'FINAL done again',
    });
  });

  it('S10: who keeps writing over parts is not fought for ever', async () => {
    const scene = await orderedScene();
    const { store } = scene.options;
    let overwritten = 0;
    const meddled = altered(store, {
      completeMultipart: async (name, list, condition, signal) => {
        overwritten++;
        await store.uploadPart(name, 1, new Uint8Array(6000).fill(overwritten), calm);
        return store.completeMultipart(name, list, condition, signal);
      },
    });
    expect(codeOf(await scene.put(new CrashPlan(), {}, { store: meddled }))).toBe('invalid-part');
    expect(await uploadsOf(scene)).toEqual([]);
    noteFault({
      id: 'S10',
      injected: 'a part is written over again and again',
      reached: overwritten,
      outcome: 'gives up',
    });
  });

  it('S11: of two uploads to one key, with a condition, one wins and the other cleans up', async () => {
    const scene = await directoryScene();
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const condition = { ifNoneMatch: '*' } as const;
    const store = gated(scene, gate.promise, arrived.resolve);
    // Without a common manifest, as on two hosts.
    const slow = scene.put(new CrashPlan(), {}, { store, condition, uploads: undefined });
    await arrived.promise;
    const fast = await scene.put(new CrashPlan(), {}, { condition, uploads: undefined });
    gate.resolve();
    expect([codeOrDone(await slow), codeOrDone(fast)]).toEqual(['precondition', 'done']);
    await scene.checkSettled();
    noteFault({ id: 'S11', injected: 'two uploads to one key', reached: 1, outcome: 'one wins, the other is 412' });
  });

  it('S11: of two on one manifest the second is told who is at it', async () => {
    const scene = await directoryScene();
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const slow = scene.put(
      new CrashPlan(),
      { owner: 'somebody' },
      { store: gated(scene, gate.promise, arrived.resolve) },
    );
    await arrived.promise;
    const second = await scene.put(new CrashPlan());
    gate.resolve();
    expect(codeOf(second)).toBe('owned');
    expect(String(second.error)).toContain('somebody is uploading');
    expect(codeOrDone(await slow)).toBe('done');
    await scene.checkSettled();
    noteFault({ id: 'S11', injected: 'two uploads on one manifest', reached: 1, outcome: 'the second is owned' });
  });

  it('S12: a Complete that meets a conflict begins anew as a new stream', async () => {
    const scene = await orderedScene();
    const { store } = scene.options;
    let conflicts = 0;
    const events: UploadEvent[] = [];
    const busy = altered(store, {
      completeMultipart: async (...call) => {
        if (conflicts++ === 0) throw new SealpartError('conflict', 'ConditionalRequestConflict');
        return store.completeMultipart(...call);
      },
    });
    const onEvent = (event: UploadEvent): unknown => events.push(event);
    const { result } = await scene.put(new CrashPlan(), { onEvent }, { store: busy, condition: { ifNoneMatch: '*' } });
    expect(result?.parts).toEqual({ kept: 0, sent: parts });
    expect(events.map(({ kind }) => kind)).toEqual(['begun', 'restarted', 'begun']);
    const [first, , second] = events as { id: string }[];
    expect(first!.id).not.toBe(second!.id);
    await scene.checkSettled();
    noteFault({ id: 'S12', injected: '409 on Complete', reached: conflicts, outcome: 'begun anew as a new stream' });
  });

  it.each([1, 3])('S13: an upload that the store aborts meanwhile begins anew (part %i)', async (lostPart) => {
    const scene = await orderedScene();
    const { store } = scene.options;
    let aborted = 0;
    const expiring = altered(store, {
      uploadPart: async (upload, partNumber, body, signal) => {
        if (partNumber === lostPart && aborted++ === 0) await store.abortMultipart(upload, calm);
        return store.uploadPart(upload, partNumber, body, signal);
      },
    });
    const { result } = await scene.put(new CrashPlan(), {}, { store: expiring });
    expect(result?.parts).toEqual({ kept: 0, sent: parts });
    await scene.checkSettled();
    noteFault({ id: 'S13', injected: 'NoSuchUpload from UploadPart', reached: aborted, outcome: 'begun anew' });
  });

  it('S13: an upload that is gone when it shall be resumed begins anew', async () => {
    const { scene, reached } = await crashAt('die-after', 'manifest.putPart', 2);
    await scene.options.store.abortMultipart(await theUpload(scene), calm);
    const events: UploadEvent[] = [];
    const { result } = await scene.put(new CrashPlan(), { onEvent: (event) => void events.push(event) });
    expect(result?.parts).toEqual({ kept: 0, sent: parts });
    expect(events[0]).toMatchObject({ kind: 'restarted' });
    await scene.checkSettled();
    noteFault({ id: 'S13', injected: 'NoSuchUpload when resumed', reached, outcome: 'begun anew' });
  });

  it('S14: an abort is repeated until no part is left', async () => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 1);
    const { store } = scene.options;
    const upload = await theUpload(scene);
    let aborts = 0;
    // A part under way arrives behind the first two aborts, as S3 warns.
    const racing = altered(store, {
      abortMultipart: async (name, signal) => {
        if (++aborts > 2) await store.abortMultipart(name, signal);
      },
    });
    await abortStoredUpload(racing, upload, calm);
    expect([aborts, await uploadsOf(scene)]).toEqual([3, []]);
    const never = altered(store, { abortMultipart: async () => undefined });
    const { scene: second } = await crashAt('die-after', 'manifest.putPart', 1);
    const stubborn = altered(second.options.store, { abortMultipart: never.abortMultipart });
    await expect(abortStoredUpload(stubborn, await theUpload(second), calm)).rejects.toMatchObject({ code: 'store' });
    noteFault({ id: 'S14', injected: 'parts that arrive behind an abort', reached: aborts, outcome: 'aborted again' });
  });

  it('S16: a part that the list does not have is sent again, whatever the manifest says', async () => {
    const { scene, reached } = await crashAt('die-after', 'manifest.putPart', 3);
    const { store } = scene.options;
    const stale = altered(store, {
      listParts: async function* (upload, signal) {
        for await (const part of store.listParts(upload, signal)) if (part.partNumber !== 3) yield part;
      },
    });
    const { result } = await scene.put(new CrashPlan(), {}, { store: stale });
    expect(result?.parts).toEqual({ kept: 2, sent: 2 });
    await scene.checkSettled();
    noteFault({ id: 'S16', injected: 'ListParts without the last part', reached, outcome: 'sent again' });
  });

  it('S17: what needs more parts, or more memory, than there are is refused before anything is sent', async () => {
    const scene = await directoryScene();
    const { store } = scene.options;
    let asked = 0;
    const watched = altered(store, {
      createMultipart: async (...call) => {
        asked++;
        return store.createMultipart(...call);
      },
    });
    const huge = (size: number) => ({ name: 'huge', size, read: async () => 0, close: async () => undefined });
    const common = { recipients: [keyFileRecipient(kek)], store: watched, object: sceneObject, workers: 0 };
    let refused = 0;
    for (const [request, text] of [
      [{ source: huge(10_000 * 2 ** 30) }, 'Split the source'],
      [{ source: huge(90_000 * 2 ** 20), segmentSizeBytes: 2 ** 23 }, 'take larger segments'],
      [{ source: huge(2 ** 40), memoryBytes: 2 ** 26 }, 'Take smaller segments or more memory'],
    ] as const) {
      await expect(putObject({ ...common, ...request }, calm)).rejects.toMatchObject({
        code: 'bad-parameters',
        message: expect.stringContaining(text),
      });
      refused++;
    }
    expect(asked).toBe(0);
    noteFault({
      id: 'S17',
      injected: 'content that does not fit',
      reached: refused,
      outcome: 'refused before the store is asked',
    });
  });

  it('S18: a producer that gives bytes in drops makes no small part', async () => {
    const scene = await directoryScene();
    const pieces = Array.from({ length: Math.ceil(sceneContent.length / 777) }, (_, i) =>
      Buffer.from(sceneContent.subarray(i * 777, (i + 1) * 777)),
    );
    const source = createStreamSource(Readable.from(pieces), { name: 'drops' });
    const { result } = await scene.put(new CrashPlan(), {}, { source });
    expect(result?.parts.sent).toBe(parts);
    const { partSizesBytes } = await scene.options.store.head(sceneObject, calm);
    expect(new Set(partSizesBytes!.slice(0, -1)).size).toBe(1);
    await scene.checkSettled();
    noteFault({
      id: 'S18',
      injected: 'a slow producer',
      reached: pieces.length,
      outcome: 'all parts but the last are full',
    });
  });

  it('S20: a store that heeds no conditions is not asked to create safely', async () => {
    const scene = await directoryScene();
    let refused = 0;
    for (const missing of [{ conditionalPut: false }, { conditionalComplete: false }]) {
      const limits: StoreLimits = { ...scene.options.store.limits, ...missing };
      const store = altered(scene.options.store, { limits });
      const outcome = await scene.put(new CrashPlan(), {}, { store, condition: { ifNoneMatch: '*' } });
      expect(codeOf(outcome)).toBe('bad-parameters');
      refused++;
    }
    expect(await scene.checkVisible()).toBe(false);
    noteFault({ id: 'S20', injected: 'a store without conditions', reached: refused, outcome: 'refused' });
  });

  it('S23: a store that wants equal parts gets them, also when an upload is resumed', async () => {
    const scene = await orderedScene();
    const { store } = scene.options;
    const strict = new Map<string, number>();
    let judged = 0;
    const equal = altered(store, {
      limits: { ...store.limits, equalParts: true },
      uploadPart: async (upload, partNumber, body, signal) => {
        const stored = await store.uploadPart(upload, partNumber, body, signal);
        const sizes: number[] = [];
        for await (const part of store.listParts(upload, calm)) sizes[part.partNumber - 1] = part.sizeBytes;
        const first = strict.get(upload.uploadId) ?? sizes[partNumber - 1]!;
        strict.set(upload.uploadId, first);
        if (partNumber < parts) expect(sizes[partNumber - 1]).toBe(first);
        judged++;
        return stored;
      },
    });
    const plan = new CrashPlan(16, 'die-after');
    await scene.put(plan, {}, { store: equal });
    const { result } = await scene.put(new CrashPlan(), {}, { store: equal, segmentSizeBytes: 2 ** 15 });
    expect(result?.contentLength).toBe(sceneContent.length);
    await scene.checkSettled();
    const growing = await scene.put(new CrashPlan(), {}, { store: equal, growEvery: 2 });
    expect(codeOf(growing)).toBe('bad-parameters');
    noteFault({
      id: 'S23',
      injected: 'a store of equal parts',
      reached: judged,
      outcome: 'all parts but the last are equal',
    });
  });
});

describe('what a run that cannot be resumed leaves', () => {
  it('is nothing, with a manifest and without', async () => {
    for (const uploads of [{}, undefined]) {
      const scene = await orderedScene();
      const { store } = scene.options;
      const source = createStreamSource(Readable.from([Buffer.from(sceneContent)]), { name: 'pipe' });
      const failing = altered(store, {
        uploadPart: async (upload, partNumber, body, signal) => {
          if (partNumber === 3) throw new SealpartError('store', 'no answer');
          return store.uploadPart(upload, partNumber, body, signal);
        },
      });
      const more = { source, store: failing, pool: inlinePool() };
      const outcome = await scene.put(new CrashPlan(), {}, uploads === undefined ? { ...more, uploads } : more);
      expect(codeOf(outcome)).toBe('store');
      expect([await uploadsOf(scene), await itemsOf(scene)]).toEqual([[], []]);
    }
  });
});
