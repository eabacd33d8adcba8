import { describe, expect, test } from 'vitest';
import { SealpartError } from '../../../src/errors.ts';
import { sweepRecords } from '../../../src/gateway/records/sweep-records.ts';
import { createMemoryManifest } from '../../../src/manifest/memory-manifest.ts';
import type { ObjectRecords } from '../../../src/manifest/object-records.ts';
import type { ListedVersion, VersionListRequest } from '../../../src/objects/bucket-store.ts';
import type { ListRequest, ObjectStore } from '../../../src/objects/object-store.ts';
import { newRecord } from '../../contracts/object-records.ts';
import { collect, expectCode, quiet } from '../../contracts/upload-manifest-ground.ts';
import { manifestPath, openDirectly, openManifest } from '../../manifest/manifest-file.ts';
import { fc } from '../../support/properties.ts';

const bucket = 'bucket';
const writtenBeforeMs = 1_000;

type States = readonly (readonly [key: string, etag: string])[];

/** A store that lists what it is told to, two at a time. */
function listing(states: States): ObjectStore {
  const list = async ({ startAfter }: ListRequest) => {
    const from = startAfter === undefined ? 0 : Number(startAfter);
    const objects = states.slice(from, from + 2).map(([key, etag]) => ({ key, etag, sizeBytes: 1, lastModifiedMs: 0 }));
    return from + 2 < states.length ? { objects, next: `${from + 2}` } : { objects };
  };
  return { name: 'fake:store', list } as unknown as ObjectStore;
}

function versions(states: States, marks: readonly string[] = []) {
  const listVersions = async ({ keyMarker }: VersionListRequest) => {
    const from = keyMarker === undefined ? 0 : Number(keyMarker);
    const page = states.slice(from, from + 2).map(([key, etag]): ListedVersion => {
      const common = { key, versionId: etag, isLatest: false, lastModifiedMs: 0 };
      return marks.includes(etag) ? { ...common, deleteMarker: true } : { ...common, etag, sizeBytes: 1 };
    });
    const next = from + 2 < states.length ? { next: { keyMarker: `${from + 2}` } } : {};
    return { versions: page, commonPrefixes: [], ...next };
  };
  const store = listing(states.slice(0, 1));
  return Object.assign(store, { listVersions });
}

async function recordsOf(states: States, writtenMs = 0): Promise<ObjectRecords> {
  const { records } = createMemoryManifest();
  for (const [key, etag] of states) await records.put(newRecord({ key, etag, writtenMs }), quiet);
  return records;
}

const left = async (records: ObjectRecords) =>
  (await collect(records.list({ bucket }, quiet))).map(({ key, etag }) => `${key} ${etag}`);

const byBytes = (states: States) => [...states].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

describe('sweeping', () => {
  test('forgets exactly the records of what is not stored any more', async () => {
    const state = fc.tuple(
      fc.constantFrom('', 'a', 'a/b', 'a0', 'é', '\u{1f600}', '\uffee', 'z'),
      fc.constantFrom('1', '2', '3'),
    );
    const some = fc.uniqueArray(state, { selector: ([key, etag]) => `${key} ${etag}`, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(some, some, fc.boolean(), async (recorded, stored, keepsVersions) => {
        const one = byBytes(stored);
        const seen = keepsVersions ? one : one.filter(([key], n) => one[n - 1]?.[0] !== key);
        const records = await recordsOf(recorded);
        const store = keepsVersions ? versions(seen) : listing(seen);
        const { swept, damage } = await sweepRecords({ records, store, bucket, prefix: '', writtenBeforeMs }, quiet);
        const kept = recorded.filter(([key, etag]) => seen.some((known) => known[0] === key && known[1] === etag));
        expect((await left(records)).sort()).toEqual(kept.map(([key, etag]) => `${key} ${etag}`).sort());
        expect(swept).toBe(recorded.length - kept.length);
        expect(damage).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  test('leaves records of versions alone, and forgets those that a deletion mark is all that is left of', async () => {
    const records = await recordsOf([
      ['a', 'new'],
      ['a', 'old'],
      ['b', 'gone'],
    ]);
    const store = versions(
      [
        ['a', 'new'],
        ['a', 'old'],
        ['b', 'mark'],
      ],
      ['mark'],
    );
    expect((await sweepRecords({ records, store, bucket, prefix: '', writtenBeforeMs }, quiet)).swept).toBe(1);
    expect(await left(records)).toEqual(['a new', 'a old']);
  });

  test('asks for the objects where a store has no versions', async () => {
    const records = await recordsOf([
      ['a', '1'],
      ['b', '2'],
    ]);
    const none = new SealpartError('bad-parameters', 'There are no versions here.', { said: 'NotImplemented' });
    const store = Object.assign(listing([['a', '1']]), { listVersions: () => Promise.reject(none) });
    expect((await sweepRecords({ records, store, bucket, prefix: '', writtenBeforeMs }, quiet)).swept).toBe(1);
    const denied = new SealpartError('denied', 'You may not.');
    const refusing = Object.assign(listing([]), { listVersions: () => Promise.reject(denied) });
    await expectCode(sweepRecords({ records, store: refusing, bucket, prefix: '', writtenBeforeMs }, quiet), 'denied');
    expect(await left(records)).toEqual(['a 1']);
  });

  test('leaves what is young, of another bucket, or under another prefix', async () => {
    const records = await recordsOf([
      ['p/old', '1'],
      ['q/old', '1'],
    ]);
    await records.put(newRecord({ key: 'p/young', writtenMs: 1_000, etag: '1' }), quiet);
    await records.put(newRecord({ bucket: 'other', key: 'p/old', writtenMs: 0 }), quiet);
    const store = listing([]);
    expect((await sweepRecords({ records, store, bucket, prefix: 'p/', writtenBeforeMs }, quiet)).swept).toBe(1);
    expect(await left(records)).toEqual(['p/young 1', 'q/old 1']);
    expect(await collect(records.list({ bucket: 'other' }, quiet))).toHaveLength(1);
  });

  test('believes no store that lists out of order', async () => {
    const records = await recordsOf([
      ['b', '1'],
      ['d', '1'],
    ]);
    const store = listing([
      ['c', '1'],
      ['b', '1'],
      ['d', '1'],
    ]);
    const sweeping = sweepRecords({ records, store, bucket, prefix: '', writtenBeforeMs }, quiet);
    expect((await expectCode(sweeping, 'store')).message).toContain('--no-sweep');
    expect(await left(records)).toEqual(['b 1', 'd 1']);
  });

  test('goes past records that are damaged, and tells of them', async () => {
    const path = await manifestPath();
    const { records } = await openManifest(path);
    for (let n = 0; n < 1_200; n++) await records.put(newRecord({ key: `${n}`, writtenMs: 0 }), quiet);
    openDirectly(path).exec("UPDATE records SET size_bytes = 1 WHERE key = CAST('7' AS BLOB)");
    const request = { records, store: listing([]), bucket, prefix: '', writtenBeforeMs };
    const { swept, damage } = await sweepRecords(request, quiet);
    expect([swept, damage?.code]).toEqual([1_199, 'manifest-corrupt']);
  });

  test('stops when it is cancelled', async () => {
    const records = await recordsOf([['b', '1']]);
    const request = { records, store: listing([]), bucket, prefix: '', writtenBeforeMs };
    await expectCode(sweepRecords(request, AbortSignal.abort()), 'aborted');
    expect(await left(records)).toEqual(['b 1']);
  });
});
