import { expect, test } from 'vitest';
import type { ListedVersion, VersionListRequest, VersionPage } from '../../../src/objects/bucket-store.ts';
import { quiet } from '../object-store/bytes.ts';
import { newBucketName } from '../object-store/ground.ts';
import { type BucketGround, expectSaid, putKeys } from './ground.ts';

const keys = ['a', 'b/1', 'b/2', 'b0', 'c', '\uffee', '\u{10000}'];

/** Versions of objects in a bucket that was never told to keep any. */
export function describeVersionListing(ground: () => BucketGround): void {
  const list = async (words: Partial<VersionListRequest> = {}): Promise<VersionPage> => {
    const { store, bucket } = ground();
    return await store.listVersions({ bucket, prefix: '', limit: 1000, ...words }, quiet);
  };
  const items = ({ versions, commonPrefixes }: VersionPage) => [
    ...versions.map(({ key }: ListedVersion) => key),
    ...commonPrefixes.map((prefix) => `+${prefix}`),
  ];

  test('each object is the latest version of itself, and its id is null', async ({ skip }) => {
    const { store, bucket, deviates } = ground();
    skip(deviates('no-version-lists'), 'the server lists no versions');
    expect(await list()).toEqual({ versions: [], commonPrefixes: [] });
    await putKeys(ground(), keys.toReversed());
    await putKeys(ground(), ['a']);
    const page = await list();
    expect(items(page)).toEqual(keys);
    expect(page.next).toBeUndefined();
    for (const version of page.versions) {
      expect(version).toMatchObject({ versionId: 'null', isLatest: true });
      expect(version.deleteMarker ?? false).toBe(false);
      const { etag, sizeBytes } = await store.head({ bucket, key: version.key }, quiet);
      expect(version).toMatchObject({ etag, sizeBytes });
    }
  });

  test('prefix, delimiter and marker choose', async ({ skip }) => {
    skip(ground().deviates('no-version-lists'), 'the server lists no versions');
    await putKeys(ground(), keys);
    expect(items(await list({ prefix: 'b/' }))).toEqual(['b/1', 'b/2']);
    expect(items(await list({ delimiter: '/' }))).toEqual(['a', 'b0', 'c', '\uffee', '\u{10000}', '+b/']);
    expect(items(await list({ prefix: 'b', delimiter: '/' }))).toEqual(['b0', '+b/']);
    expect(items(await list({ keyMarker: 'b/2' }))).toEqual(keys.slice(3));
    expect(items(await list({ keyMarker: 'c', versionIdMarker: 'null' }))).toEqual(keys.slice(5));
  });

  test.each([1, 2, 3, 7])('pages of %i follow one another without gap or overlap', async (limit) => {
    if (ground().deviates('no-version-lists')) return;
    await putKeys(ground(), keys);
    const found: string[] = [];
    let next: VersionPage['next'];
    do {
      const page: VersionPage = await list({ limit, ...next });
      expect(page.versions.length).toBeLessThanOrEqual(limit);
      found.push(...items(page));
      next = page.next;
    } while (next !== undefined && found.length <= keys.length);
    expect(found).toEqual(keys);
  });

  test('a page of nothing has nothing, and is the last', async ({ skip }) => {
    skip(ground().deviates('no-version-lists'), 'the server lists no versions');
    await putKeys(ground(), ['a']);
    expect(await list({ limit: 0 })).toEqual({ versions: [], commonPrefixes: [] });
  });

  test('a bucket that is not there is NoSuchBucket', async () => {
    await expectSaid(list({ bucket: newBucketName() }), 'not-found', 'NoSuchBucket');
  });
}
