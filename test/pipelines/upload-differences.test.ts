import { generateKeySync } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { createMemoryManifest } from '../../src/manifest/memory-manifest.ts';
import { openHostKeys } from '../../src/manifest/open-host-keys.ts';
import { hostProof, requireHostProof } from '../../src/pipelines/uploads/host-proof.ts';
import { OwnedUpload, ownershipOf } from '../../src/pipelines/uploads/owned-upload.ts';
import { sweepUploads } from '../../src/pipelines/uploads/sweep-uploads.ts';
import { encodeIntent, intentOf } from '../../src/pipelines/uploads/upload-intent.ts';
import type { UploadEvent } from '../../src/pipelines/uploads/upload-options.ts';
import { altered } from '../support/crash/altered.ts';
import { CrashPlan } from '../support/crash/crash-plan.ts';
import { orderedScene, sceneObject } from '../support/crash/directory-scene.ts';
import { blind, codeOf, crashAt, itemsOf } from '../support/crash/left-uploads.ts';
import { calm, kek } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const intent = { store: 's', path: '/p', source: 'f', attributes: 'a', condition: {}, proof: '' } as const;
const upload = {
  id: 'cd'.repeat(16),
  storeName: 'dir:/store',
  ...sceneObject,
  streamHeader: new Uint8Array(512),
  sourceFingerprint: '',
  sourcePath: '',
  createdMs: 1,
};

describe('what an upload was begun for', () => {
  it.each([
    ['another digest', { digestAlg: 2 }],
    ['another compression', { zstd: true }],
    ['other recipients', { recipients: [keyFileRecipient(generateKeySync('hmac', { length: 256 }))] }],
    ['another origin', { originKey: generateKeySync('hmac', { length: 256 }) }],
  ] as const)('%s than then: begins anew', async (reason, asked) => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
    const events: UploadEvent[] = [];
    const { result } = await scene.put(new CrashPlan(), { onEvent: (event) => void events.push(event) }, asked);
    expect(result?.parts.kept).toBe(0);
    expect(events[0]).toMatchObject({ kind: 'abandoned', reason: `${reason} than then` });
  });

  it('with defaults is the same as with what they stand for', async () => {
    const scene = await orderedScene();
    const plain = { digestAlg: undefined, suite: undefined, zstd: undefined };
    await scene.put(new CrashPlan({ name: 'manifest.putPart', nth: 2 }, 'die-after'), {}, plain);
    const same = { digestAlg: 2, suite: 1, zstd: false } as const;
    expect((await scene.put(new CrashPlan(), {}, same)).result?.resumed).toBe(true);
  });

  it('is read back as it was written, and else not at all', () => {
    const written = { ...intent, condition: { ifNoneMatch: '*' } as const, proof: 'ab' };
    expect(intentOf({ sourceFingerprint: encodeIntent(written) })).toEqual(written);
    expect(intentOf({ sourceFingerprint: encodeIntent(intent) })).toEqual(intent);
    for (const text of ['', '{', '{}', '[]', '[1]', '[2,"s","p","f","a","",""]', '[1,"s","p","f","a","",7]']) {
      expect(intentOf({ sourceFingerprint: text })).toBeUndefined();
    }
  });
});

describe('a host', () => {
  it('knows what it began itself, and nothing else', async () => {
    const mine = openHostKeys(await temporaryDirectory());
    const other = openHostKeys(await temporaryDirectory());
    const whose = { manifest: { name: 'm' } };
    const itemWith = (sourceFingerprint: string) => ({
      ...upload,
      sourceFingerprint,
      state: 'open' as const,
      epoch: 1,
      owner: 'o',
      leaseUntilMs: 0,
      updatedMs: 0,
    });
    const proof = await hostProof(mine, upload, intent, calm);
    const good = itemWith(encodeIntent({ ...intent, proof }));
    await requireHostProof(mine, good, whose, calm);
    // Once more by the same key, which is kept.
    expect(await hostProof(mine, upload, intent, calm)).toBe(proof);
    const corrupt = { code: 'manifest-corrupt' };
    await expect(requireHostProof(other, good, whose, calm)).rejects.toMatchObject(corrupt);
    await hostProof(other, upload, intent, calm);
    await expect(requireHostProof(other, good, whose, calm)).rejects.toMatchObject(corrupt);
    for (const bad of [itemWith(''), itemWith(encodeIntent(intent)), { ...good, key: 'another' }]) {
      await expect(requireHostProof(mine, bad, whose, calm)).rejects.toMatchObject(corrupt);
    }
  });

  it('has one key, whichever of its runs made it', async () => {
    const kept = openHostKeys(await temporaryDirectory());
    let looked = 0;
    // The first look is before another run has kept its key, the second behind that.
    const late = {
      ...withMethods(kept),
      find: async (id: string) => (looked++ === 0 ? undefined : kept.find(id, calm)),
    };
    const first = await hostProof(kept, upload, intent, calm);
    expect(await hostProof(late, upload, intent, calm)).toBe(first);
    const broken = {
      ...withMethods(kept),
      find: async () => undefined,
      keep: async () => {
        throw new SealpartError('manifest', 'read-only');
      },
    };
    await expect(hostProof(broken, upload, intent, calm)).rejects.toMatchObject({ code: 'manifest' });
  });
});

function withMethods(keys: ReturnType<typeof openHostKeys>) {
  return { keep: keys.keep.bind(keys), find: keys.find.bind(keys), erase: keys.erase.bind(keys) };
}

describe('a lease', () => {
  it('is prolonged, survives a manifest that is locked for a moment, and is lost for good when it is over', async () => {
    const manifest = createMemoryManifest();
    let fails = false;
    const shaky = altered(manifest, {
      change: async (...call) => {
        if (fails) throw new SealpartError('manifest', 'locked');
        return manifest.change(...call);
      },
    });
    const owned = await OwnedUpload.create(ownershipOf({ manifest: shaky, leaseMs: 300 }), upload, calm);
    const begun = owned.item.leaseUntilMs;
    while (owned.item.leaseUntilMs === begun) await delay(10);
    fails = true;
    while (!owned.lost.aborted) await delay(10);
    expect(owned.lost.reason).toMatchObject({ code: 'manifest' });
    await owned.giveBack(calm);
  });

  it('is lost at once when another has taken over', async () => {
    const manifest = createMemoryManifest();
    const owned = await OwnedUpload.create(ownershipOf({ manifest, leaseMs: 150 }), upload, calm);
    const other = await OwnedUpload.takeOver(ownershipOf({ manifest, takeOver: true }), owned.item, calm);
    while (!owned.lost.aborted) await delay(10);
    expect(owned.lost.reason).toMatchObject({ code: 'owned' });
    await owned.letGo();
    await other.letGo();
  });
});

describe('a sweep', () => {
  it('says what it would sweep, by leases where it cannot see who lives, and only in its bucket', async () => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
    const { store, manifest } = scene.options;
    const dry = { store, olderThanMs: -1, dryRun: true };
    const seen = await sweepUploads({ ...dry, uploads: { manifest } }, calm);
    expect([seen.swept.length, seen.owned.length]).toEqual([1, 0]);
    const byLease = await sweepUploads({ ...dry, uploads: { manifest: blind(scene) } }, calm);
    expect([byLease.swept.length, byLease.owned.length]).toEqual([0, 1]);
    const elsewhere = await sweepUploads({ ...dry, uploads: { manifest }, bucket: 'other' }, calm);
    expect(elsewhere.swept).toEqual([]);
    const young = await sweepUploads({ store, olderThanMs: 3_600_000, uploads: { manifest } }, calm);
    expect([young.swept, await itemsOf(scene)]).toMatchObject([[], [{ state: 'open' }]]);
  });

  it('stops when the manifest fails', async () => {
    const { scene } = await crashAt('die-after', 'manifest.putPart', 2);
    const { store } = scene.options;
    const manifest = altered(scene.options.manifest, {
      takeOver: async () => {
        throw new SealpartError('manifest', 'disk full');
      },
    });
    await expect(sweepUploads({ store, uploads: { manifest }, olderThanMs: -1 }, calm)).rejects.toMatchObject({
      code: 'manifest',
    });
  });
});

describe('a whole object in one request', () => {
  it('that was stored and not answered for is found; another one is not taken for it', async () => {
    for (const [stored, expected] of [
      [true, 'undefined'],
      [false, 'store'],
    ] as const) {
      const scene = await orderedScene();
      await scene.writeSource(new Uint8Array(100).fill(7));
      const { store } = scene.options;
      const silent = altered(store, {
        put: async (...call) => {
          if (stored) await store.put(...call);
          throw new SealpartError('store', 'no answer');
        },
      });
      expect(codeOf(await scene.put(new CrashPlan(), {}, { store: silent }))).toBe(expected);
    }
    const denied = await orderedScene();
    await denied.writeSource(new Uint8Array(100));
    const refusing = altered(denied.options.store, {
      put: async () => {
        throw new SealpartError('denied', 'no');
      },
    });
    expect(
      codeOf(await denied.put(new CrashPlan(), {}, { store: refusing, recipients: [keyFileRecipient(kek)] })),
    ).toBe('denied');
  });
});
