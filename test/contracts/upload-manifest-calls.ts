import { describe, expect, test } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import {
  collect,
  enter,
  expectCode,
  type ManifestGround,
  newClaim,
  newId,
  newPart,
  newUpload,
  plain,
  quiet,
} from './upload-manifest-ground.ts';

export function describeCancelling(ground: () => ManifestGround): void {
  test('no call begins when its signal has fired', async () => {
    const { manifest, storeName } = ground();
    const fired = AbortSignal.abort();
    const entered = await enter(manifest, { storeName });
    const { id } = entered;
    const part = newPart(1);
    await manifest.putPart(id, part, quiet);
    const fresh = newUpload({ storeName });
    await expectCode(manifest.create(fresh, newClaim(), 5, fired), 'aborted');
    await expectCode(manifest.find(id, fired), 'aborted');
    await expectCode(collect(manifest.list({}, fired)), 'aborted');
    await expectCode(manifest.change(id, 1, { state: 'aborting' }, 9, fired), 'aborted');
    await expectCode(manifest.takeOver(id, 1, newClaim('b'), 9, fired), 'aborted');
    await expectCode(manifest.putPart(id, newPart(1), fired), 'aborted');
    await expectCode(manifest.removePart(id, 1, 1, fired), 'aborted');
    await expectCode(collect(manifest.parts(id, fired)), 'aborted');
    await expectCode(manifest.remove(id, 1, fired), 'aborted');

    expect(plain(await collect(manifest.list({ storeName }, quiet)))).toEqual([plain(entered)]);
    expect(plain(await collect(manifest.parts(id, quiet)))).toEqual([plain(part)]);
  });

  test('a reason that is typed already is what the caller gets', async () => {
    const { manifest } = ground();
    const reason = new SealpartError('owned', 'Another process has taken the upload over.');
    await expect(manifest.find(newId(), AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test('a cancelled write happened or did not, never by half', async () => {
    const { manifest, other, storeName } = ground();
    const { id } = await enter(manifest, { storeName });
    for (let round = 1; round <= 20; round++) {
      const controller = new AbortController();
      const part = newPart(round, { segments: [] });
      const call = manifest.putPart(id, part, controller.signal);
      setTimeout(() => controller.abort(), round % 3);
      await call.catch((error: unknown) => expect(error).toMatchObject({ code: 'aborted' }));
      // A call that was given up may be carried out later, but before what is asked of the same manifest afterwards.
      const found = (await collect(manifest.parts(id, quiet))).filter(({ partNumber }) => partNumber === round);
      expect([[], [plain(part)]]).toContainEqual(plain(found));
      await other.putPart(id, part, quiet);
    }
    expect(await collect(manifest.parts(id, quiet))).toHaveLength(20);
  });

  test('a listing can be left at any point', async () => {
    const { manifest, storeName } = ground();
    const { id } = await enter(manifest, { storeName });
    await enter(manifest, { storeName });
    for (const number of [1, 2, 3]) await manifest.putPart(id, newPart(number), quiet);
    for await (const { partNumber } of manifest.parts(id, quiet)) {
      expect(partNumber).toBe(1);
      break;
    }
    for await (const item of manifest.list({ storeName }, quiet)) {
      expect(item.storeName).toBe(storeName);
      break;
    }
    expect(await collect(manifest.parts(id, quiet))).toHaveLength(3);
  });
}

export function describeClosing(ground: () => ManifestGround): void {
  test('a closed manifest can be closed again, and does nothing else', async () => {
    const { manifest } = ground();
    const { id } = await enter(manifest);
    await manifest.close();
    await manifest.close();
    const calls: (() => Promise<unknown>)[] = [
      () => manifest.create(newUpload(), newClaim(), 5, quiet),
      () => manifest.find(id, quiet),
      () => collect(manifest.list({}, quiet)),
      () => manifest.change(id, 1, { state: 'open' }, 9, quiet),
      () => manifest.takeOver(id, 1, newClaim(), 9, quiet),
      () => manifest.putPart(id, newPart(1), quiet),
      () => manifest.removePart(id, 1, 1, quiet),
      () => collect(manifest.parts(id, quiet)),
      () => manifest.remove(id, 1, quiet),
      () => manifest.lock(id, 1),
    ];
    for (const call of calls) expect((await expectCode(call(), 'manifest')).message).toContain('closed');
  });

  test('closing waits for what was asked before', async () => {
    const { manifest, other } = ground();
    const { id } = await enter(manifest);
    const writes = Array.from({ length: 50 }, (_, number) => manifest.putPart(id, newPart(number + 1), quiet));
    await manifest.close();
    await Promise.all(writes);
    if (other !== manifest) expect(await collect(other.parts(id, quiet))).toHaveLength(50);
  });
}

export function describeLocks(ground: () => ManifestGround): void {
  test('an upload is locked once, until the lock is released', async () => {
    const { manifest, other } = ground();
    const { id } = await enter(manifest);
    const lock = await manifest.lock(id, 1);
    expect(lock).toBeDefined();
    // A manifest that cannot tell who lives locks nothing.
    if (lock === 'unknown' || lock === undefined) return;
    expect(await manifest.lock(id, 1)).toBeUndefined();
    expect(await other.lock(id, 1)).toBeUndefined();
    const elsewhere = await other.lock(newId(), 1);
    expect(elsewhere).toBeDefined();
    lock.release();
    const second = await other.lock(id, 1);
    expect(second).toBeDefined();
    lock.release();
    expect(await manifest.lock(id, 1)).toBeUndefined();
    if (second !== 'unknown') second?.release();
    expect(await manifest.lock(id, 1)).toBeDefined();
  });

  describe('the lock of', () => {
    test('an upload that is not entered yet, has ended or is gone can be had and given back', async () => {
      const { manifest } = ground();
      const upload = newUpload();
      const take = async () => {
        const lock = await manifest.lock(upload.id, 1);
        expect(lock).toBeDefined();
        return lock;
      };
      const before = await take();
      await manifest.create(upload, newClaim(), 5, quiet);
      await manifest.change(upload.id, 1, { state: 'aborted' }, 6, quiet);
      if (before !== 'unknown') before?.release();
      const ended = await take();
      await manifest.remove(upload.id, 1, quiet);
      if (ended !== 'unknown') ended?.release();
      const gone = await take();
      if (gone !== 'unknown') gone?.release();
    });

    test('what is no id is refused', async () => {
      const { manifest } = ground();
      for (const id of ['', '..', '../'.repeat(10), 'x'.repeat(32)]) {
        const outcome = await manifest.lock(id, 1).catch((error: unknown) => error);
        if (outcome !== 'unknown') expect(outcome).toBeInstanceOf(RangeError);
      }
    });
  });

  test('closing releases what is locked', async () => {
    const { manifest, other } = ground();
    if (other === manifest) return;
    const { id } = await enter(manifest);
    if ((await manifest.lock(id, 1)) === 'unknown') return;
    await manifest.close();
    expect(await other.lock(id, 1)).toBeDefined();
  });
}
