import { expect, test } from 'vitest';
import { uploadStates } from '../../src/manifest/upload-manifest.ts';
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
  race,
} from './upload-manifest-ground.ts';

export function describeHeads(ground: () => ManifestGround): void {
  test('an upload is entered in state creating and epoch 1, and found as it was entered', async () => {
    const { manifest, other } = ground();
    const upload = newUpload({ resumeItem: new Uint8Array(68).fill(7) });
    const entered = await manifest.create(upload, newClaim('ada'), 5, quiet);
    const expected = { ...plain(upload), ...newClaim('ada'), state: 'creating', epoch: 1, updatedMs: 5 };
    expect(plain(entered)).toEqual(expected);
    expect(plain(await manifest.find(upload.id, quiet))).toEqual(expected);
    expect(plain(await other.find(upload.id, quiet))).toEqual(expected);
    expect(entered).not.toHaveProperty('uploadId');
    expect(entered).not.toHaveProperty('mac');
    expect(await manifest.find(newId(), quiet)).toBeUndefined();
    expect(await manifest.find('no id at all', quiet)).toBeUndefined();
  });

  test('an upload is entered once', async () => {
    const { manifest, other } = ground();
    const upload = newUpload();
    const { won, lost } = await race(
      ['a', 'b', 'c', 'd'].map((name, number) =>
        (number % 2 === 0 ? manifest : other).create(upload, newClaim(name), 5, quiet),
      ),
    );
    expect(won).toHaveLength(1);
    expect(lost.map((error) => (error as { code: string }).code)).toEqual(['exists', 'exists', 'exists']);
    expect(plain(await manifest.find(upload.id, quiet))).toEqual(plain(won[0]));
    await expectCode(manifest.create({ ...upload, key: 'another' }, newClaim(), 6, quiet), 'exists');
    expect(plain(await manifest.find(upload.id, quiet))).toEqual(plain(won[0]));
  });

  test('what cannot be kept as it is, is refused', async () => {
    const { manifest } = ground();
    const create = (told: object) => manifest.create(newUpload(told), newClaim(), 5, quiet);
    await expect(create({ id: '../../etc/passwd' })).rejects.toThrow(RangeError);
    await expect(create({ id: newId().toUpperCase().replace(/\d/g, 'A') })).rejects.toThrow(RangeError);
    await expect(create({ key: 'half of a pair: \ud83d' })).rejects.toThrow(/key .*well-formed/);
    await expect(create({ createdMs: 0.5 })).rejects.toThrow(/createdMs .*integer/);
  });

  test('a change is seen at once and leaves the rest as it is', async () => {
    const { manifest, other } = ground();
    const entered = await enter(manifest);
    let expected = plain(entered);
    const created = { uploadId: 'id/of+the store"s', mac: new Uint8Array(32).fill(9) };
    expected = { ...expected, ...created, state: 'open', updatedMs: 10 };
    expect(plain(await manifest.change(entered.id, 1, { state: 'open', created }, 10, quiet))).toEqual(expected);
    expect(plain(await other.find(entered.id, quiet))).toEqual(expected);

    expected = { ...expected, leaseUntilMs: 99, updatedMs: 11 };
    expect(plain(await other.change(entered.id, 1, { leaseUntilMs: 99 }, 11, quiet))).toEqual(expected);
    // What an owner sends whose first answer was lost.
    expect(plain(await manifest.change(entered.id, 1, { created }, 11, quiet))).toEqual(expected);
    for (const state of uploadStates) {
      expect((await manifest.change(entered.id, 1, { state }, 12, quiet)).state).toBe(state);
      expect((await other.find(entered.id, quiet))?.state).toBe(state);
    }
  });

  test('a change needs the epoch of the day', async () => {
    const { manifest } = ground();
    const entered = await enter(manifest);
    for (const epoch of [0, 2]) {
      await expectCode(manifest.change(entered.id, epoch, { state: 'aborting' }, 10, quiet), 'owned');
      await expectCode(manifest.takeOver(entered.id, epoch, newClaim('b'), 10, quiet), 'owned');
      await expectCode(manifest.remove(entered.id, epoch, quiet), 'owned');
    }
    expect(plain(await manifest.find(entered.id, quiet))).toEqual(plain(entered));
    await expectCode(manifest.change(newId(), 1, { state: 'open' }, 10, quiet), 'not-found');
    await expectCode(manifest.takeOver(newId(), 1, newClaim('b'), 10, quiet), 'not-found');
  });

  test('taking over raises the epoch and ends what the owner before may do', async () => {
    const { manifest, other } = ground();
    const entered = await enter(manifest);
    const claim = { owner: 'grace:2:0b', leaseUntilMs: 77 };
    const taken = await other.takeOver(entered.id, 1, claim, 20, quiet);
    expect(plain(taken)).toEqual({ ...plain(entered), ...claim, epoch: 2, updatedMs: 20 });
    expect(plain(await manifest.find(entered.id, quiet))).toEqual(plain(taken));
    const error = await expectCode(manifest.change(entered.id, 1, { state: 'completing' }, 21, quiet), 'owned');
    expect(error.message).toContain(entered.id);
    await expectCode(manifest.remove(entered.id, 1, quiet), 'owned');
    expect((await other.change(entered.id, 2, { state: 'completing' }, 22, quiet)).epoch).toBe(2);
  });

  test('of several that take over at once, exactly one does', async () => {
    const { manifest, other } = ground();
    const { id } = await enter(manifest);
    for (let epoch = 1; epoch <= 10; epoch++) {
      const contenders = Array.from({ length: 8 }, (_, number) => `owner ${number}`);
      const { won, lost } = await race(
        contenders.map((owner, number) =>
          (number % 2 === 0 ? manifest : other).takeOver(id, epoch, newClaim(owner), epoch, quiet),
        ),
      );
      expect(won).toHaveLength(1);
      expect(new Set(lost.map((error) => (error as { code: string }).code))).toEqual(new Set(['owned']));
      expect(plain(await manifest.find(id, quiet))).toEqual(plain(won[0]));
      expect(won[0]!.epoch).toBe(epoch + 1);
    }
  });

  test('a removed upload is gone with its parts', async () => {
    const { manifest, other } = ground();
    const { id } = await enter(manifest);
    const neighbour = await enter(manifest);
    await manifest.putPart(id, newPart(1), quiet);
    await manifest.putPart(neighbour.id, newPart(1), quiet);
    await manifest.takeOver(id, 1, newClaim('b'), 9, quiet);
    await manifest.remove(id, 2, quiet);
    await manifest.remove(id, 2, quiet);
    await manifest.remove(newId(), 1, quiet);
    expect(await other.find(id, quiet)).toBeUndefined();
    expect(await collect(other.parts(id, quiet))).toEqual([]);
    await expectCode(manifest.change(id, 2, { state: 'open' }, 10, quiet), 'not-found');
    await expectCode(manifest.takeOver(id, 2, newClaim('c'), 10, quiet), 'not-found');
    expect(plain(await other.find(neighbour.id, quiet))).toEqual(plain(neighbour));
    expect(await collect(other.parts(neighbour.id, quiet))).toHaveLength(1);
  });

  test('uploads are listed in the order of their creation, whatever the order they were entered in', async () => {
    const { manifest, other, storeName } = ground();
    const times = Array.from({ length: 130 }, (_, number) => 1_000 + ((number * 37) % 130));
    await Promise.all(times.map((createdMs) => enter(manifest, { storeName, createdMs })));
    // Two at one moment are both there.
    await enter(manifest, { storeName, createdMs: 1_000 });
    const listed = await collect(other.list({ storeName }, quiet));
    expect(listed.map(({ createdMs }) => createdMs)).toEqual([...times, 1_000].sort((a, b) => a - b));
    expect(new Set(listed.map(({ id }) => id)).size).toBe(131);
  });

  test('uploads are listed by store, bucket and key, to the byte', async () => {
    const { manifest, storeName } = ground();
    const keys = [
      'key',
      'KEY',
      'key ',
      'caf\u00e9',
      'cafe\u0301',
      '\u{1f600}'.repeat(256),
      '日'.repeat(341),
      '%_',
      "'",
    ];
    const ids = new Map<string, string>();
    for (const key of keys) ids.set(key, (await enter(manifest, { storeName, key })).id);
    await enter(manifest, { storeName, bucket: 'other', key: 'key' });
    await enter(manifest, { storeName: `${storeName}-other`, key: 'key' });
    for (const key of keys) {
      const listed = await collect(manifest.list({ storeName, bucket: 'bucket', key }, quiet));
      expect(listed.map((item) => [item.id, item.key])).toEqual([[ids.get(key), key]]);
    }
    const count = async (query: object) => (await collect(manifest.list(query, quiet))).length;
    expect(await count({ storeName })).toBe(keys.length + 1);
    expect(await count({ storeName, bucket: 'bucket' })).toBe(keys.length);
    expect(await count({ storeName, key: 'key' })).toBe(2);
    expect(await count({ storeName, bucket: 'none' })).toBe(0);
    expect(await count({})).toBeGreaterThanOrEqual(keys.length + 2);
  });
}
