import { generateKeySync } from 'node:crypto';
import { cp, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { uploadMac } from '../../src/crypto/manifest-records.ts';
import { parseStreamHeader } from '../../src/format/stream-header.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { openHeader } from '../../src/keys/open-header.ts';
import { passphraseIdentity, passphraseRecipient } from '../../src/keys/passphrase.ts';
import { rewriteHeader } from '../../src/keys/rewrite-header.ts';
import { x25519Recipient } from '../../src/keys/x25519.ts';
import { generateX25519Key, x25519PublicBytes } from '../../src/keys/x25519-keys.ts';
import { openHostKeys } from '../../src/manifest/open-host-keys.ts';
import type { UploadItem, UploadManifest } from '../../src/manifest/upload-manifest.ts';
import { resumeUpload } from '../../src/pipelines/uploads/resume-upload.ts';
import { encodeIntent, intentFor, intentOf } from '../../src/pipelines/uploads/upload-intent.ts';
import type { UploadEvent } from '../../src/pipelines/uploads/upload-options.ts';
import { openSeekableFile } from '../../src/sources/file-source.ts';
import { randomLooking } from '../support/content.ts';
import { altered } from '../support/crash/altered.ts';
import { CrashPlan } from '../support/crash/crash-plan.ts';
import { orderedScene, sceneContent, sceneObject } from '../support/crash/directory-scene.ts';
import { codeOf, codeOrDone, crashAt, itemsOf } from '../support/crash/left-uploads.ts';
import { access, calm, inlinePool, kek } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const parts = 4;
const pool = inlinePool();
const afterPart = { name: 'manifest.putPart', nth: 2 } as const;

/** A manifest whose items somebody has changed. */
function changed(manifest: UploadManifest, changes: Partial<UploadItem>): UploadManifest {
  return altered(manifest, {
    find: async (...call) => {
      const item = await manifest.find(...call);
      return item && { ...item, ...changes };
    },
    takeOver: async (...call) => ({ ...(await manifest.takeOver(...call)), ...changes }),
  });
}

describe('who writes the manifest', () => {
  it('cannot have another file sent for the rest of ours', async () => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
    const [item] = await itemsOf(scene);
    const theirs = `${scene.sourcePath}.theirs`;
    await cp(scene.sourcePath, theirs, { preserveTimestamps: true });
    await writeFile(theirs, randomLooking(sceneContent.length, 'theirs'));
    const ours = await openSeekableFile(scene.sourcePath);
    await utimes(theirs, new Date(), new Date());
    const source = { ...(await openAs(theirs, ours.fingerprint)) };
    await ours.close();
    const { store, manifest } = scene.options;
    const attempt = resumeUpload(
      { store, id: item!.id, source, pool, uploads: { manifest: changed(manifest, { sourcePath: theirs }), access } },
      calm,
    );
    await expect(attempt).rejects.toMatchObject({ code: 'manifest-corrupt' });
    await scene.recover();
    await scene.checkSettled();
  });

  it('cannot send us to another store', async () => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
    const { scene: elsewhere } = await crashAt('die-after', 'manifest.putPart', 2);
    const [item] = await itemsOf(scene);
    const { manifest } = scene.options;
    const { store } = elsewhere.options;
    const source = await openSeekableFile(scene.sourcePath);
    const uploads = { manifest: changed(manifest, { storeName: store.name }), access };
    await expect(resumeUpload({ store, id: item!.id, source, pool, uploads }, calm)).rejects.toMatchObject({
      code: 'manifest-corrupt',
    });
  });
});

/** A file that says of itself what another one says. */
async function openAs(path: string, fingerprint: string) {
  const file = await openSeekableFile(path);
  return {
    name: file.name,
    size: file.size,
    fingerprint,
    readAt: file.readAt.bind(file),
    close: file.close.bind(file),
  };
}

describe('a former co-recipient who writes the manifest', () => {
  it('cannot have us go on with a stream of then, whose key they know', async () => {
    const hostKeys = openHostKeys(await temporaryDirectory());
    // Then: a stream for both of us, to another name. They could open it, and so know its data key.
    const then = await orderedScene();
    const theirs = generateX25519Key();
    const both = [keyFileRecipient(kek), x25519Recipient(x25519PublicBytes(theirs))];
    await then.put(
      new CrashPlan(afterPart, 'die-after'),
      { hostKeys },
      { recipients: both, object: { bucket: 'bucket', key: 'old' } },
    );
    const [old] = await itemsOf(then);
    const opened = await openHeader(parseStreamHeader(old!.streamHeader), access, calm);
    // Now: they write a header of that stream for our key alone and today's name, and a head with a right MAC.
    const own = opened.header.fields.filter((field) => field.kind === 'keyFile');
    const forged = await rewriteHeader(opened, { recipients: own, objectName: sceneObject }, calm);
    const { scene } = await crashAt('die-after', 'store.createMultipart');
    const { store, manifest } = scene.options;
    await scene.recover();
    const { uploadId } = await store.createMultipart(sceneObject, {}, calm);
    const source = await openSeekableFile(scene.sourcePath);
    await source.close();
    const target = { store, object: sceneObject, attributes: {}, condition: {} };
    for (const proof of ['', intentOf(old!)!.proof]) {
      const intent = { ...intentFor(target, source.fingerprint, scene.sourcePath), proof };
      const { id, createdMs } = old!;
      const head = {
        id,
        createdMs,
        ...sceneObject,
        storeName: store.name,
        streamHeader: forged.header.bytes,
        sourceFingerprint: encodeIntent(intent),
        sourcePath: scene.sourcePath,
      };
      const entered = await manifest.create(head, { owner: 'they', leaseUntilMs: 0 }, 1, calm);
      const mac = uploadMac(opened.keys.manifestKey(), opened.coreHash, { ...head, uploadId });
      await manifest.change(head.id, entered.epoch, { state: 'open', created: { uploadId, mac } }, 2, calm);
      expect(codeOf(await scene.put(new CrashPlan(), { hostKeys }))).toBe('manifest-corrupt');
      // Without keys of this host nothing tells it from ours: that is what they are for.
      await manifest.remove(head.id, (await manifest.find(head.id, calm))!.epoch, calm);
    }
  });

  it('does not keep this host from going on with its own', async () => {
    const hostKeys = openHostKeys(await temporaryDirectory());
    const scene = await orderedScene();
    await scene.put(new CrashPlan(afterPart, 'die-after'), { hostKeys });
    expect((await scene.put(new CrashPlan(), { hostKeys })).result?.parts).toEqual({ kept: 2, sent: 2 });
  });
});

describe('what is asked for now counts', () => {
  it('a copy with the same size and time is another source', async () => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
    const copy = `${scene.sourcePath}.copy`;
    await cp(scene.sourcePath, copy, { preserveTimestamps: true });
    const outcome = await scene.put(new CrashPlan(), { sourcePath: copy }, { source: await openSeekableFile(copy) });
    expect(codeOf(outcome)).toBe('source-changed');
  });

  it('another passphrase beside the same key file', async () => {
    const first = [keyFileRecipient(kek), passphraseRecipient('first', { log2N: 17 })];
    const second = [keyFileRecipient(kek), passphraseRecipient('second', { log2N: 17 })];
    const scene = await orderedScene();
    await scene.put(new CrashPlan(afterPart, 'die-after'), {}, { recipients: first });
    const both = { identities: [...access.identities, passphraseIdentity('second')] };
    expect(codeOf(await scene.put(new CrashPlan(), { access: both }, { recipients: second }))).toBe('header-auth');
    const mine = { identities: [...access.identities, passphraseIdentity('first')] };
    expect((await scene.put(new CrashPlan(), { access: mine }, { recipients: first })).result?.resumed).toBe(true);
  });

  it('another origin key', async () => {
    const originKey = generateKeySync('hmac', { length: 256 });
    const scene = await orderedScene();
    await scene.put(new CrashPlan(afterPart, 'die-after'), {}, { originKey });
    const other = { originKey: generateKeySync('hmac', { length: 256 }) };
    expect(codeOf(await scene.put(new CrashPlan(), {}, other))).toBe('header-auth');
    expect((await scene.put(new CrashPlan(), {}, { originKey })).result?.resumed).toBe(true);
  });

  it.each([
    ['metadata', { attributes: { metadata: { a: '2' } } }, 'other metadata or tags than then'],
    ['tags', { attributes: { metadata: { a: '1' }, tags: { b: '2' } } }, 'other metadata or tags than then'],
    ['context', { attributes: { metadata: { a: '1' } }, context: { c: '2' } }, 'another context than then'],
  ])('other %s: begins anew', async (_what, asked, reason) => {
    const scene = await orderedScene();
    await scene.put(new CrashPlan(afterPart, 'die-after'), {}, { attributes: { metadata: { a: '1' } } });
    const events: UploadEvent[] = [];
    const { result } = await scene.put(new CrashPlan(), { onEvent: (event) => void events.push(event) }, asked);
    expect(result?.parts).toEqual({ kept: 0, sent: parts });
    expect(events[0]).toMatchObject({ kind: 'abandoned', reason });
  });

  it('the condition that an upload was begun with holds also when it is resumed by its id', async () => {
    const scene = await orderedScene();
    await scene.put(new CrashPlan(afterPart, 'die-after'), {}, { condition: { ifNoneMatch: '*' } });
    const [item] = await itemsOf(scene);
    const { store, manifest } = scene.options;
    await store.put(sceneObject, new Uint8Array(100), {}, {}, calm);
    const source = await openSeekableFile(scene.sourcePath);
    await expect(
      resumeUpload({ store, id: item!.id, source, pool, uploads: { manifest, access } }, calm),
    ).rejects.toMatchObject({ code: 'precondition' });
    expect((await store.head(sceneObject, calm)).sizeBytes).toBe(100);
  });
});

describe('a store that does not compare ETags', () => {
  it('has no upload taken over, and has its parts compared before Complete', async () => {
    const scene = await orderedScene();
    const limits = { ...scene.options.store.limits, checksEtags: false };
    const loose = altered(scene.options.store, { limits });
    await scene.put(new CrashPlan(afterPart, 'die-after'), {}, { store: loose });
    const anew = await scene.put(new CrashPlan(), {}, { store: loose });
    expect(anew.result?.parts).toEqual({ kept: 0, sent: parts });

    const { store } = scene.options;
    let meddled = 0;
    const careless = altered(store, {
      limits,
      listParts: async function* (upload, signal) {
        // Between the last part and Complete, somebody writes over one.
        if (meddled++ === 0) await store.uploadPart(upload, 2, new Uint8Array(5000), signal);
        yield* store.listParts(upload, signal);
      },
    });
    expect(codeOrDone(await scene.put(new CrashPlan(), {}, { store: careless }))).toBe('done');
    expect(meddled).toBeGreaterThan(1);
    await scene.checkSettled();
  });
});
