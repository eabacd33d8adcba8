import { expect, test } from 'vitest';
import type { ListRequest } from '../../../src/objects/object-store.ts';
import { patternBytes, putBytes, quiet } from './bytes.ts';
import { expectCode, type StoreGround } from './ground.ts';

/** In the order of their UTF-8 bytes, which is not that of their UTF-16 units. */
const sortedKeys = [
  'A',
  'Z',
  'a',
  'a!',
  'a/',
  'a/b',
  'a/c',
  'a0',
  'b',
  '\u007f',
  '\u00e9',
  '\uffee',
  '\u{10000}',
  '\u{10ffff}',
];

/** A server that keeps objects in files of their names cannot hold these beside the others. */
const namesOfFolders = ['a', 'a/'];

export function describeListing(ground: () => StoreGround): void {
  const listable = () =>
    ground().deviates('keys-are-paths') ? sortedKeys.filter((key) => !namesOfFolders.includes(key)) : sortedKeys;
  const putAll = async () => {
    const { store, bucket } = ground();
    for (const key of listable().toReversed()) await putBytes(store, { bucket, key }, patternBytes(key.length, 1));
  };
  const keysOf = async (request: Omit<ListRequest, 'bucket'>) => {
    const { store, bucket } = ground();
    return (await store.list({ bucket, ...request }, quiet)).objects.map((object) => object.key);
  };

  test('an empty bucket has an empty list', async () => {
    const { store, bucket } = ground();
    expect(await store.list({ bucket }, quiet)).toEqual({ objects: [] });
  });

  test('objects are listed in byte order, with what head says of them', async () => {
    await putAll();
    const { store, bucket } = ground();
    const page = await store.list({ bucket }, quiet);
    expect(page.next).toBeUndefined();
    expect(page.objects.map((object) => object.key)).toEqual(listable());
    for (const object of page.objects) {
      const { etag, sizeBytes, lastModifiedMs } = await store.head({ bucket, key: object.key }, quiet);
      expect(object).toMatchObject({ etag, sizeBytes });
      // A header tells whole seconds where a listing may tell milliseconds.
      expect(Math.abs(object.lastModifiedMs - lastModifiedMs)).toBeLessThan(1000);
    }
  });

  test('prefix and startAfter choose a stretch', async () => {
    await putAll();
    expect(await keysOf({ prefix: 'a/' })).toEqual(listable().filter((key) => key.startsWith('a/')));
    expect(await keysOf({ prefix: 'a/', startAfter: 'a/' })).toEqual(['a/b', 'a/c']);
    expect(await keysOf({ prefix: 'a/', startAfter: 'b' })).toEqual([]);
    expect(await keysOf({ prefix: 'b', startAfter: 'A' })).toEqual(['b']);
    expect(await keysOf({ startAfter: 'a0' })).toEqual(sortedKeys.slice(sortedKeys.indexOf('b')));
    expect(await keysOf({ startAfter: 'a/bb' })).toEqual(sortedKeys.slice(sortedKeys.indexOf('a/c')));
    expect(await keysOf({ prefix: '\u{10ffff}' })).toEqual(['\u{10ffff}']);
    expect(await keysOf({ prefix: 'none' })).toEqual([]);
    expect(await keysOf({ prefix: '%' })).toEqual([]);
    expect(await keysOf({ startAfter: '\u{10ffff}' })).toEqual([]);
  });

  test.each([1, 2, 5, sortedKeys.length])('pages of %i follow one another without gap or overlap', async (limit) => {
    await putAll();
    const { store, bucket } = ground();
    const found: string[] = [];
    let startAfter: string | undefined;
    let pageCount = 0;
    do {
      const page = await store.list({ bucket, limit, ...(startAfter === undefined ? {} : { startAfter }) }, quiet);
      expect(page.objects.length).toBeLessThanOrEqual(limit);
      found.push(...page.objects.map((object) => object.key));
      startAfter = page.next;
      pageCount += 1;
    } while (startAfter !== undefined && pageCount <= sortedKeys.length);
    expect(found).toEqual(listable());
    expect(pageCount).toBe(Math.ceil(listable().length / limit));
  });

  test('a text that is no part of a key is refused', async () => {
    const { store, bucket } = ground();
    await expectCode(store.list({ bucket, prefix: '\ud800' }, quiet), 'bad-name');
    await expectCode(store.list({ bucket, startAfter: 'a\udfff' }, quiet), 'bad-name');
  });
}
