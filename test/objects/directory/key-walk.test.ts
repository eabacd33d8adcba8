import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeyListRequest, KeyPage, KeyPosition } from '../../../src/objects/bucket-store.ts';
import { walkKeys } from '../../../src/objects/directory/key-walk.ts';
import { decodeToken, encodeToken } from '../../../src/objects/directory/list-token.ts';
import { endOfPrefix, type ObjectTable } from '../../../src/objects/directory/object-table.ts';
import { quiet } from '../../contracts/object-store/bytes.ts';
import { changeCatalogue, openStore, temporaryFolder } from '../store-folder.ts';

const bucket = 'bucket';

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** The items of a listing, worked out from all keys in the plainest way. */
function expectedItems(keys: readonly string[], { prefix, delimiter = '', from }: KeyListRequest): string[] {
  const items: string[] = [];
  for (const key of keys.toSorted(compareBytes)) {
    if (!key.startsWith(prefix)) continue;
    const index = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = index < 0 ? undefined : key.slice(0, index + delimiter.length);
    if (from?.kind === 'after' && (compareBytes(key, from.key) <= 0 || common === from.key)) continue;
    if (from?.kind === 'marker') {
      if (compareBytes(key, from.marker) <= 0) continue;
      if (common !== undefined && from.marker.startsWith(common)) continue;
    }
    const item = common === undefined ? key : `+${common}`;
    if (items.at(-1) !== item) items.push(item);
  }
  return items;
}

function itemsOf({ objects, commonPrefixes }: KeyPage): string[] {
  return [...objects.map(({ key }) => key), ...commonPrefixes.map((prefix) => `+${prefix}`)];
}

/** In the order of keys and common prefixes together. */
function merged(items: readonly string[]): string[] {
  return items.toSorted((a, b) => compareBytes(a.replace(/^\+/, ''), b.replace(/^\+/, '')));
}

test('any listing of any keys is what all keys say, in pages of any size', async () => {
  const store = await openStore(await temporaryFolder());
  // Few letters, so that keys share beginnings; one of two UTF-16 units, and one that comes after it by those only.
  const text = (maxLength: number) =>
    fc.array(fc.constantFrom('a', 'b', '/', '-', '\u{10000}', '\uffee'), { maxLength }).map((parts) => parts.join(''));
  const position = fc.option(
    fc.oneof(
      text(5).map((key): KeyPosition => ({ kind: 'after', key })),
      text(5).map((marker): KeyPosition => ({ kind: 'marker', marker })),
    ),
    { nil: undefined },
  );
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(
        text(6).filter((key) => key !== ''),
        { maxLength: 25 },
      ),
      text(3),
      text(2),
      position,
      fc.integer({ min: 1, max: 6 }),
      async (keys, prefix, delimiter, start, limit) => {
        runs += 1;
        const name = `${bucket}-${runs}`;
        await store.createBucket(name, quiet);
        await Promise.all(keys.map((key) => store.put({ bucket: name, key }, new Uint8Array(0), {}, {}, quiet)));
        const request = { bucket: name, prefix, delimiter, from: start };
        const expected = expectedItems(keys, { ...request, limit });
        for (const how of ['token', 'marker'] as const) {
          const found: string[] = [];
          for (let from = start, pages = 0; pages <= expected.length; pages++) {
            const page = await store.listKeys({ ...request, from, limit }, quiet);
            found.push(...merged(itemsOf(page)));
            if (page.next === undefined) break;
            expect(page.objects.length + page.commonPrefixes.length).toBe(limit);
            const { token, marker } = page.next;
            from = how === 'token' ? { kind: 'token', token } : { kind: 'marker', marker };
          }
          expect(found).toEqual(expected);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a folder is passed over, however much it holds', async () => {
  const root = await temporaryFolder();
  const store = await openStore(root);
  await store.createBucket(bucket, quiet);
  const [folders, each] = [20, 2000];
  changeCatalogue(
    root,
    `WITH RECURSIVE series (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM series WHERE value < ${folders * each})
      INSERT INTO contents SELECT value FROM series;
    WITH RECURSIVE series (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM series WHERE value < ${folders * each})
      INSERT INTO objects (bucket, key, content, etag, size_bytes, modified_ms, metadata, tags)
        SELECT '${bucket}', CAST(printf('%02d/%05d', value % ${folders}, value) AS BLOB), value, 'etag', 1, 0, '{}', '{}'
        FROM series;`,
  );
  const page = await store.listKeys({ bucket, prefix: '', delimiter: '/', limit: 1000 }, quiet);
  expect(page.commonPrefixes).toHaveLength(folders);
  expect(page.objects).toEqual([]);

  // The same walk over a table that counts what it gives.
  let rows = 0;
  const keys = Array.from({ length: folders * each }, (_, i) =>
    Buffer.from(`${String(i % folders).padStart(2, '0')}/${String(i).padStart(5, '0')}`),
  ).sort(Buffer.compare);
  const table = {
    *from(_: string, first: Uint8Array, end: Uint8Array) {
      for (const key of keys) {
        if (Buffer.compare(key, first) < 0 || Buffer.compare(key, end) >= 0) continue;
        rows += 1;
        yield { key, etag: 'etag', sizeBytes: 1, lastModifiedMs: 0 };
      }
    },
  } as unknown as ObjectTable;
  const empty = new Uint8Array(0);
  const selection = { bucket, prefix: empty, delimiter: Buffer.from('/'), first: empty, limit: 1000 };
  expect(walkKeys(table, selection).commonPrefixes).toHaveLength(folders);
  expect(rows).toBe(folders);
});

test('a token says where it leads, and one that was changed anywhere leads nowhere', () => {
  const last = fc.record({
    kind: fc.constantFrom('key' as const, 'prefix' as const),
    text: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  });
  fc.assert(
    fc.property(last, fc.nat(), fc.constantFrom('A', 'B', '-', '_', '=', ' ', '\u00e9'), (item, at, letter) => {
      const token = encodeToken(item);
      expect(token).toMatch(/^[\w-]+$/);
      const { kind, bytes } = decodeToken(token);
      expect({ kind, text: Buffer.from(bytes).toString() }).toEqual(item);
      const index = at % token.length;
      const changed = token.slice(0, index) + letter + token.slice(index + 1);
      if (changed !== token) expect(() => decodeToken(changed)).toThrow(/InvalidArgument/);
      expect(() => decodeToken(token.slice(0, index))).toThrow(/InvalidArgument/);
    }),
  );
});

test('bytes after a prefix are after all that have it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 10 }),
      fc.string({ unit: 'binary', maxLength: 5 }),
      (text, more) => {
        const end = endOfPrefix(Buffer.from(text));
        expect(Buffer.compare(Buffer.from(text + more), end)).toBe(-1);
      },
    ),
  );
});

test('a limit that no page has is the caller’s mistake', async () => {
  const store = await openStore(await temporaryFolder());
  for (const limit of [-1, 1.5, 1001, Number.NaN]) {
    await expect(store.listKeys({ bucket, prefix: '', limit }, quiet)).rejects.toThrow(RangeError);
    await expect(store.listVersions({ bucket, prefix: '', limit }, quiet)).rejects.toThrow(RangeError);
  }
  const marked = store.listVersions({ bucket, prefix: '', limit: 1, versionIdMarker: 'null' }, quiet);
  await expect(marked).rejects.toMatchObject({ code: 'bad-parameters', said: 'InvalidArgument' });
  await expect(store.listBuckets({ limit: 0 }, quiet)).rejects.toThrow(RangeError);
});
