import { expect, test } from 'vitest';
import { quiet } from '../object-store/bytes.ts';
import { expectCode, newBucketName } from '../object-store/ground.ts';
import { type BucketGround, expectSaid, itemsOf, type ListWords, listKeys, putKeys } from './ground.ts';

/** In the order of their UTF-8 bytes, which is not that of their UTF-16 units. */
const tree = [
  'Z',
  'a!',
  'a/b/c/d',
  'a/b/e',
  'a/f',
  'a0',
  'b',
  'c/',
  'c/d',
  'd-x-1',
  'd-x-2',
  'd-y',
  '\u00e9/1',
  '\uffee',
  '\u{10000}/x',
  '\u{10000}/y',
  '\u{10ffff}',
];

/** A listing: what is asked for, and the items that the answer must have. */
const listings: readonly (readonly [ListWords, readonly string[]])[] = [
  [{}, tree],
  [{ delimiter: '' }, tree],
  [{ prefix: 'a/' }, ['a/b/c/d', 'a/b/e', 'a/f']],
  [{ prefix: 'a/b' }, ['a/b/c/d', 'a/b/e']],
  [{ prefix: 'none' }, []],
  [{ prefix: '%' }, []],
  [{ prefix: '\u{10ffff}' }, ['\u{10ffff}']],
  [
    { delimiter: '/' },
    ['Z', 'a!', 'a0', 'b', 'd-x-1', 'd-x-2', 'd-y', '\uffee', '\u{10ffff}', '+a/', '+c/', '+\u00e9/', '+\u{10000}/'],
  ],
  [{ prefix: 'a', delimiter: '/' }, ['a!', 'a0', '+a/']],
  [{ prefix: 'a/', delimiter: '/' }, ['a/f', '+a/b/']],
  [{ prefix: 'a/b', delimiter: '/' }, ['+a/b/']],
  [{ prefix: 'a/b/', delimiter: '/' }, ['a/b/e', '+a/b/c/']],
  [{ prefix: 'c/', delimiter: '/' }, ['c/', 'c/d']],
  [{ prefix: 'none/', delimiter: '/' }, []],
  // Where to begin: after a key, whose own folder comes again, and after a marker, whose folder does not.
  [{ from: { kind: 'after', key: '\uffee' } }, tree.slice(-3)],
  [{ from: { kind: 'after', key: 'not there' } }, tree.slice(-5)],
  [{ from: { kind: 'after', key: '\u{10ffff}' } }, []],
  [{ prefix: 'a/', from: { kind: 'after', key: 'a/b/c/d' } }, ['a/b/e', 'a/f']],
  [{ prefix: 'a/', from: { kind: 'after', key: 'Z' } }, ['a/b/c/d', 'a/b/e', 'a/f']],
  [{ prefix: 'a/', from: { kind: 'after', key: 'b' } }, []],
  [{ from: { kind: 'marker', marker: 'd-x-2' } }, tree.slice(-6)],
  [{ from: { kind: 'marker', marker: '' } }, tree],
  [{ prefix: 'd', from: { kind: 'marker', marker: 'd-x-1' } }, ['d-x-2', 'd-y']],
  [{ prefix: 'd', delimiter: '/', from: { kind: 'marker', marker: 'c/' } }, ['d-x-1', 'd-x-2', 'd-y']],
  [{ prefix: 'a', delimiter: '/', from: { kind: 'marker', marker: 'a!' } }, ['a0', '+a/']],
  [{ prefix: 'a', delimiter: '/', from: { kind: 'marker', marker: 'a/' } }, ['a0']],
  [{ prefix: 'a', delimiter: '/', from: { kind: 'marker', marker: 'a/b/e' } }, ['a0']],
  [{ prefix: 'a/', delimiter: '/', from: { kind: 'marker', marker: 'a/b/' } }, ['a/f']],
];

/** With delimiters that are no slash. */
const oddDelimiters: readonly (readonly [ListWords, readonly string[]])[] = [
  [{ prefix: 'd', delimiter: '-' }, ['+d-']],
  [{ prefix: 'd-', delimiter: '-' }, ['d-y', '+d-x-']],
  [{ prefix: 'd', delimiter: '-x-' }, ['d-y', '+d-x-']],
  [{ prefix: 'a', delimiter: '/b/' }, ['a!', 'a/f', 'a0', '+a/b/']],
  [{ prefix: 'd', delimiter: 'zz' }, ['d-x-1', 'd-x-2', 'd-y']],
  [{ prefix: '\u{10000}', delimiter: '\u{10000}' }, ['\u{10000}/x', '\u{10000}/y']],
  [{ prefix: '\uffee', delimiter: '\uffee' }, ['\uffee']],
  [{ delimiter: '\u{10000}', from: { kind: 'after', key: '\uffee' } }, ['\u{10ffff}', '+\u{10000}']],
];

/** Beginning after a key that is in a folder. */
const insideFolders: readonly (readonly [ListWords, readonly string[]])[] = [
  [{ prefix: 'a', delimiter: '/', from: { kind: 'after', key: 'a/b/c/d' } }, ['a0', '+a/']],
  [{ prefix: 'a', delimiter: '/', from: { kind: 'after', key: 'a/f' } }, ['a0']],
  [{ prefix: 'c', delimiter: '/', from: { kind: 'after', key: 'c/' } }, []],
];

/** A server that keeps objects in files of their names cannot hold these. */
const unholdable = ['a/f/', 'b/'];

/** Which keys a listing tells of. */
export function describeKeyListing(ground: () => BucketGround): void {
  /** Some servers begin nowhere but at what they could list. */
  const canBeAsked = ({ prefix = '', from }: ListWords) => {
    if (!ground().deviates('markers-have-prefix') || from === undefined || from.kind === 'token') return true;
    return (from.kind === 'after' ? from.key : from.marker).startsWith(prefix);
  };
  const expectListings = async (cases: readonly (readonly [ListWords, readonly string[]])[]) => {
    await putKeys(ground(), tree.toReversed());
    for (const [words, expected] of cases.filter(([asked]) => canBeAsked(asked))) {
      const page = await listKeys(ground(), words);
      expect(itemsOf(page), JSON.stringify(words)).toEqual(expected);
      expect(page.next).toBeUndefined();
    }
  };

  test('an empty bucket has an empty list', async () => {
    expect(await listKeys(ground(), {})).toEqual({ objects: [], commonPrefixes: [] });
    expect(await listKeys(ground(), { prefix: 'a', delimiter: '/' })).toEqual({ objects: [], commonPrefixes: [] });
  });

  test('prefix, delimiter and position choose keys and common prefixes', () => expectListings(listings));

  test('a delimiter is any text', ({ skip }) => {
    skip(ground().deviates('one-letter-delimiters'), 'the server takes a slash for a delimiter only');
    return expectListings(oddDelimiters);
  });

  test('after a key of a folder, the folder comes again if it has more', ({ skip }) => {
    skip(ground().deviates('start-after-skips-folders'), 'the server leaves such folders out');
    return expectListings(insideFolders);
  });

  test('a delimiter is found in what comes behind the prefix only, and the first time it is there', async ({
    skip,
  }) => {
    skip(ground().deviates('keys-are-paths'), 'the server keeps objects in files of their names');
    await putKeys(ground(), ['a//b', 'a//c', 'a/', 'a', '/', '//x', ...unholdable]);
    const items = async (words: ListWords) => itemsOf(await listKeys(ground(), words));
    expect(await items({ delimiter: '/' })).toEqual(['a', '+/', '+a/', '+b/']);
    expect(await items({ delimiter: '/', prefix: '/' })).toEqual(['/', '+//']);
    expect(await items({ delimiter: '/', prefix: 'a/' })).toEqual(['a/', '+a//', '+a/f/']);
    expect(await items({ delimiter: '//' })).toEqual(['/', 'a', 'a/', 'a/f/', 'b/', '+//', '+a//']);
    expect(await items({ delimiter: '//', prefix: 'a/' })).toEqual(['a/', 'a//b', 'a//c', 'a/f/']);
  });

  test('each key comes with what head says of it', async () => {
    const { store, bucket } = ground();
    await putKeys(ground(), ['one', 'two/three']);
    const { objects } = await listKeys(ground(), {});
    expect(objects).toHaveLength(2);
    for (const object of objects) {
      const { etag, sizeBytes, lastModifiedMs } = await store.head({ bucket, key: object.key }, quiet);
      expect(object).toMatchObject({ etag, sizeBytes });
      expect(object.storageClass ?? 'STANDARD').toBe('STANDARD');
      expect(Math.abs(object.lastModifiedMs - lastModifiedMs)).toBeLessThan(1000);
    }
  });

  test('a storage class is told', async ({ skip }) => {
    skip(ground().deviates('storage-classes-ignored'), 'the server has one storage class');
    const { store, bucket } = ground();
    const headers = { 'x-amz-storage-class': 'REDUCED_REDUNDANCY' };
    await store.put({ bucket, key: 'k' }, new Uint8Array(1), { headers }, {}, quiet);
    expect((await listKeys(ground(), {})).objects).toMatchObject([{ key: 'k', storageClass: 'REDUCED_REDUNDANCY' }]);
    expect((await store.head({ bucket, key: 'k' }, quiet)).headers).toMatchObject(headers);
  });

  test('a bucket that is not there is NoSuchBucket', async () => {
    const error = await expectSaid(listKeys(ground(), { bucket: newBucketName() }), 'not-found', 'NoSuchBucket');
    expect(error.missing).toBe('bucket');
    await expectCode(listKeys(ground(), { bucket: '..' }), 'bad-name', 'not-found');
  });
}
