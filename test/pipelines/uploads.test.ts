import { stat, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { passphraseIdentity, passphraseRecipient } from '../../src/keys/passphrase.ts';
import { x25519Identity, x25519Recipient } from '../../src/keys/x25519.ts';
import { generateX25519Key, x25519PublicBytes } from '../../src/keys/x25519-keys.ts';
import { openHostKeys } from '../../src/manifest/open-host-keys.ts';
import { getObject } from '../../src/pipelines/get-object.ts';
import { abortUpload } from '../../src/pipelines/uploads/abort-upload.ts';
import { type ResumeRequest, resumeUpload } from '../../src/pipelines/uploads/resume-upload.ts';
import type { UploadEvent } from '../../src/pipelines/uploads/upload-options.ts';
import { MemorySink } from '../../src/sinks/memory-sink.ts';
import { openSeekableFile } from '../../src/sources/file-source.ts';
import { randomLooking } from '../support/content.ts';
import { CrashPlan, type StepPlace } from '../support/crash/crash-plan.ts';
import { orderedScene, sceneContent, sceneObject } from '../support/crash/directory-scene.ts';
import { codeOf, codeOrDone, crashAt, itemsOf, uploadsOf } from '../support/crash/left-uploads.ts';
import { access, calm, inlinePool, kek } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const parts = 4;
const pool = inlinePool();

/** Behind the n-th part that is written down. */
function afterPart(nth: number): StepPlace {
  return { name: 'manifest.putPart', nth };
}

describe('an upload that is resumed by its id', () => {
  it('goes on from its recorded source, and ends', async () => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
    const [item] = await itemsOf(scene);
    expect(item).toMatchObject({ sourcePath: scene.sourcePath, state: 'open', epoch: 1 });
    const events: UploadEvent[] = [];
    const { store, manifest } = scene.options;
    const result = await resumeUpload(
      {
        store,
        id: item!.id,
        source: await openSeekableFile(item!.sourcePath),
        pool,
        uploads: { manifest, access, onEvent: (event) => void events.push(event) },
      },
      calm,
    );
    expect(result).toMatchObject({ resumed: true, parts: { kept: 2, sent: 2 }, contentLength: sceneContent.length });
    expect(events).toEqual([{ kind: 'resumed', id: item!.id, keptParts: 2, keptContentBytes: expect.any(Number) }]);
    await scene.checkSettled();
  });

  it('is refused for another id, another store, another source, a lost upload', async () => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
    const [item] = await itemsOf(scene);
    const { store, manifest } = scene.options;
    const id = item!.id;
    const attempt = async (changes: Partial<ResumeRequest>): Promise<unknown> => {
      const source = changes.source ?? (await openSeekableFile(scene.sourcePath));
      const request = { store, id, pool, uploads: { manifest, access }, ...changes, source };
      return await resumeUpload(request, calm).then(
        () => 'done',
        (error: { code?: string }) => error.code,
      );
    };
    const { scene: elsewhere } = await crashAt('die-after', 'manifest.putPart', 2);
    expect(await attempt({ id: 'f'.repeat(32) })).toBe('not-found');
    expect(await attempt({ store: elsewhere.options.store })).toBe('bad-parameters');
    expect(await attempt({ source: await openSeekableFile(elsewhere.sourcePath) })).toBe('source-changed');
    const pipe = { name: 'pipe', size: sceneContent.length, readAt: async () => 0, close: async () => undefined };
    expect(await attempt({ source: pipe })).toBe('bad-parameters');
    await store.abortMultipart({ ...sceneObject, uploadId: item!.uploadId! }, calm);
    expect(await attempt({})).toBe('not-found');
    expect(await itemsOf(scene)).toEqual([]);
  });

  it('can be aborted instead', async () => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
    const [item] = await itemsOf(scene);
    const { store, manifest } = scene.options;
    await abortUpload({ store, uploads: { manifest }, id: item!.id }, calm);
    expect([await itemsOf(scene), await uploadsOf(scene)]).toEqual([[], []]);
  });
});

describe('who can resume', () => {
  it('a host that can open no recipient, with its own key, which is erased at the end', async () => {
    const identity = generateX25519Key();
    const recipients = [x25519Recipient(x25519PublicBytes(identity))];
    const hostKeys = openHostKeys(await temporaryDirectory());
    const scene = await orderedScene();
    const dying = await scene.put(
      new CrashPlan(afterPart(1), 'die-after'),
      { access: undefined, hostKeys },
      { recipients },
    );
    expect(dying.result).toBeUndefined();
    const [item] = await itemsOf(scene);
    expect(item!.resumeItem).toHaveLength(68);
    expect(await hostKeys.find(item!.id, calm)).toBeDefined();
    const { result } = await scene.put(new CrashPlan(), { access: undefined, hostKeys }, { recipients });
    expect(result).toMatchObject({ resumed: true, parts: { kept: expect.any(Number) } });
    expect(result!.parts.kept).toBeGreaterThan(0);
    expect(await hostKeys.find(item!.id, calm)).toBeUndefined();
    const sink = new MemorySink();
    await getObject(
      { store: scene.options.store, object: sceneObject, sink, access: { identities: [x25519Identity(identity)] } },
      calm,
    );
    expect(Buffer.compare(sink.bytes(), sceneContent)).toBe(0);
  });

  it('not a host that has no key for it: not even with the X25519 identity, to which anyone can seal', async () => {
    const identity = generateX25519Key();
    const recipients = [x25519Recipient(x25519PublicBytes(identity))];
    const hostKeys = openHostKeys(await temporaryDirectory());
    const scene = await orderedScene();
    await scene.put(new CrashPlan(afterPart(1), 'die-after'), { access: undefined, hostKeys }, { recipients });
    const elsewhere = {
      access: { identities: [x25519Identity(identity)] },
      hostKeys: openHostKeys(await temporaryDirectory()),
    };
    const outcome = await scene.put(new CrashPlan(), elsewhere, { recipients });
    expect(codeOf(outcome)).toBe('no-recipient');
    expect(String(outcome.error)).toContain('--no-resume');
    const anew = await scene.put(new CrashPlan(), { ...elsewhere, resume: false }, { recipients });
    expect(anew.result?.parts).toEqual({ kept: 0, sent: parts });
  });

  it('not who puts for other recipients: that begins anew', async () => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
    const other = x25519Recipient(x25519PublicBytes(generateX25519Key()));
    const { result } = await scene.put(new CrashPlan(), {}, { recipients: [keyFileRecipient(kek), other] });
    expect(result?.parts).toEqual({ kept: 0, sent: parts });
  });

  it('who knows the passphrase', async () => {
    const passphrase = 'correct horse';
    const recipients = [passphraseRecipient(passphrase, { log2N: 17 })];
    const scene = await orderedScene();
    const mine = { access: { identities: [passphraseIdentity(passphrase)] } };
    await scene.put(new CrashPlan(afterPart(1), 'die-after'), mine, { recipients });
    const wrong = { access: { identities: [passphraseIdentity('wrong')] } };
    expect(codeOf(await scene.put(new CrashPlan(), wrong, { recipients }))).toBe('header-auth');
    expect((await scene.put(new CrashPlan(), mine, { recipients })).result?.resumed).toBe(true);
  });
});

describe('what stood already, compared again', () => {
  it('matches, also compressed, with segments that grow, and with the FINAL one', async () => {
    const half = new Uint8Array(sceneContent.length);
    half.set(sceneContent.subarray(0, 30_000));
    for (const more of [{ zstd: true }, { growEvery: 1, pool: inlinePool() }, {}]) {
      for (const nth of [1, 2]) {
        const scene = await orderedScene();
        await writeFile(scene.sourcePath, half);
        await scene.put(new CrashPlan(afterPart(nth), 'die-after'), {}, more);
        const committed = (await scene.committedParts()).length;
        const { result, error } = await scene.put(new CrashPlan(), { verifySource: true }, more);
        expect(error).toBeUndefined();
        expect([committed, result?.parts.kept]).toEqual([nth, nth]);
        const sink = new MemorySink();
        await getObject({ store: scene.options.store, object: sceneObject, sink, access, pool: inlinePool() }, calm);
        expect(Buffer.compare(sink.bytes(), half)).toBe(0);
      }
    }
  });

  it('or not, also compressed', async () => {
    const half = new Uint8Array(sceneContent.length);
    half.set(sceneContent.subarray(0, 30_000));
    const scene = await orderedScene();
    await writeFile(scene.sourcePath, half);
    await scene.put(new CrashPlan(afterPart(2), 'die-after'), {}, { zstd: true });
    expect((await scene.committedParts()).length).toBeGreaterThan(0);
    const path = scene.sourcePath;
    const { mtime, atime } = await stat(path);
    await writeFile(path, randomLooking(half.length, 'other'));
    await utimes(path, atime, mtime);
    expect(codeOrDone(await scene.put(new CrashPlan(), { verifySource: true }, { zstd: true }))).toBe('source-changed');
  });
});
