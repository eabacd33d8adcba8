import { expect, test } from 'vitest';
import {
  collect,
  enter,
  expectCode,
  type ManifestGround,
  newClaim,
  newId,
  newPart,
  newSegment,
  plain,
  quiet,
  race,
} from './upload-manifest-ground.ts';

export function describeParts(ground: () => ManifestGround): void {
  test('parts are given in the order of their numbers, whatever the order they were entered in', async () => {
    const { manifest, other } = ground();
    const { id } = await enter(manifest);
    const neighbour = await enter(manifest);
    const parts = [7, 2, 10_000, 1, 999].map((number) => newPart(number));
    for (const part of parts) await manifest.putPart(id, part, quiet);
    await manifest.putPart(neighbour.id, newPart(3), quiet);
    const ordered = parts.toSorted((a, b) => a.partNumber - b.partNumber);
    expect(plain(await collect(manifest.parts(id, quiet)))).toEqual(plain(ordered));
    expect(plain(await collect(other.parts(id, quiet)))).toEqual(plain(ordered));
    expect(await collect(manifest.parts(newId(), quiet))).toEqual([]);
  });

  test('a part may list no segment, one or thousands', async () => {
    const { manifest } = ground();
    const { id } = await enter(manifest);
    const parts = [0, 1, 3_000].map((count, number) =>
      newPart(number + 1, { segments: Array.from({ length: count }, (_, index) => newSegment(index)) }),
    );
    for (const part of parts) await manifest.putPart(id, part, quiet);
    expect(plain(await collect(manifest.parts(id, quiet)))).toEqual(plain(parts));
  });

  test('a part is entered anew by its owner and by the owners after it', async () => {
    const { manifest, other } = ground();
    const { id } = await enter(manifest);
    await manifest.putPart(id, newPart(1), quiet);
    await manifest.putPart(id, newPart(1), quiet);
    await other.takeOver(id, 1, newClaim('b'), 9, quiet);
    const newer = newPart(1, { epoch: 2 });
    await other.putPart(id, newer, quiet);
    expect(plain(await collect(manifest.parts(id, quiet)))).toEqual([plain(newer)]);
  });

  test('an owner of yesterday changes no part of a newer one', async () => {
    const { manifest, other } = ground();
    const { id } = await enter(manifest);
    await other.takeOver(id, 1, newClaim('b'), 9, quiet);
    const newer = newPart(1, { epoch: 2 });
    await other.putPart(id, newer, quiet);
    const error = await expectCode(manifest.putPart(id, newPart(1, { epoch: 1 }), quiet), 'owned');
    expect(error.message).toContain(id);
    await expectCode(manifest.removePart(id, 1, 1, quiet), 'owned');
    // Where there is none of its number nobody compares: a part speaks for its own attempt only.
    await manifest.putPart(id, newPart(2, { epoch: 1 }), quiet).catch((stale: unknown) => {
      expect(stale).toMatchObject({ code: 'owned' });
    });
    const left = await collect(other.parts(id, quiet));
    expect(plain(left.filter(({ partNumber }) => partNumber === 1))).toEqual([plain(newer)]);
  });

  test('of two epochs at one part, the higher one stays', async () => {
    const { manifest, other } = ground();
    const { id } = await enter(manifest);
    await other.takeOver(id, 1, newClaim('b'), 9, quiet);
    for (let number = 1; number <= 20; number++) {
      const parts = [1, 2].map((epoch) => newPart(number, { epoch }));
      const { lost } = await race([manifest.putPart(id, parts[0]!, quiet), other.putPart(id, parts[1]!, quiet)]);
      for (const error of lost) expect(error).toMatchObject({ code: 'owned' });
      const found = await collect(manifest.parts(id, quiet));
      expect(plain(found.at(-1))).toEqual(plain(parts[1]));
    }
  });

  test('a part is forgotten by its owner or a newer one, and may be gone already', async () => {
    const { manifest } = ground();
    const { id } = await enter(manifest);
    for (const number of [1, 2, 3]) await manifest.putPart(id, newPart(number), quiet);
    await manifest.removePart(id, 1, 1, quiet);
    await manifest.removePart(id, 2, 5, quiet);
    await manifest.removePart(id, 2, 5, quiet);
    await manifest.removePart(newId(), 1, 1, quiet);
    expect((await collect(manifest.parts(id, quiet))).map(({ partNumber }) => partNumber)).toEqual([3]);
  });

  test('a part of an upload that is gone is never seen', async () => {
    const { manifest, other } = ground();
    const gone = await enter(manifest);
    await manifest.remove(gone.id, 1, quiet);
    for (const id of [gone.id, newId()]) {
      await manifest.putPart(id, newPart(1), quiet).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'not-found' });
      });
      expect(await collect(other.parts(id, quiet))).toEqual([]);
      expect(await other.find(id, quiet)).toBeUndefined();
    }
  });

  test('10,000 parts', async () => {
    const { manifest, other } = ground();
    const { id } = await enter(manifest, { key: '\u{1f600}'.repeat(256), streamHeader: new Uint8Array(60_000) });
    const parts = Array.from({ length: 10_000 }, (_, number) => newPart(number + 1));
    let next = 0;
    const enterParts = async () => {
      // Not with `quiet`: thousands of calls that listen to one signal would be what is measured.
      const { signal } = new AbortController();
      while (next < parts.length) await manifest.putPart(id, parts[next++]!, signal);
    };
    await Promise.all(Array.from({ length: 64 }, enterParts));
    const found = await collect(other.parts(id, quiet));
    expect(found.map(({ partNumber }) => partNumber)).toEqual(parts.map(({ partNumber }) => partNumber));
    const differing = found.filter((part, number) => Buffer.compare(part.mac, parts[number]!.mac) !== 0);
    expect(differing).toEqual([]);
    expect(plain(found[9_876])).toEqual(plain(parts[9_876]));
    await manifest.change(id, 1, { state: 'completing' }, 12, quiet);
    await manifest.remove(id, 1, quiet);
    expect(await collect(other.parts(id, quiet))).toEqual([]);
  });
}
