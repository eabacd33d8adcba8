import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { BucketStore, KeyPage, KeyPosition } from '../../../src/objects/bucket-store.ts';
import { quiet } from '../../contracts/object-store/bytes.ts';
import { expectCode } from '../../contracts/object-store/ground.ts';
import { type FakeAnswer, fakeHandler, openFakeStore, xmlAnswer } from './fake-store.ts';

const time = '<LastModified>2026-01-01T00:00:00.000Z</LastModified>';
const atMs = Date.UTC(2026, 0);

/** A page of keys, and of common prefixes: those that end in a slash. */
function page(names: readonly string[], rest = '<IsTruncated>false</IsTruncated>'): FakeAnswer {
  const listed = names.map((name) =>
    name.endsWith('/')
      ? `<CommonPrefixes><Prefix>${encodeURIComponent(name)}</Prefix></CommonPrefixes>`
      : `<Contents><Key>${encodeURIComponent(name)}</Key><ETag>"e"</ETag><Size>1</Size>${time}</Contents>`,
  );
  return xmlAnswer(`<ListBucketResult><EncodingType>url</EncodingType>${listed.join('')}${rest}</ListBucketResult>`);
}

const truncated = (rest = '') => `<IsTruncated>true</IsTruncated>${rest}`;

async function list(store: BucketStore, from?: KeyPosition, limit = 1000): Promise<KeyPage> {
  return await store.listKeys({ bucket: 'bucket', prefix: 'p', delimiter: '/', from, limit }, quiet);
}

describe('keys', () => {
  test('are asked for by a marker in the first version of the listing, by all else in the second', async () => {
    const handler = fakeHandler(() => page([]));
    const store = await openFakeStore(handler);
    await list(store);
    await list(store, { kind: 'after', key: 'p\u0001' });
    await list(store, { kind: 'marker', marker: 'p/' }, 0);
    const common = { prefix: 'p', delimiter: '/', 'encoding-type': 'url' };
    expect(handler.sent.map(({ query }) => query)).toEqual([
      { ...common, 'list-type': '2', 'max-keys': '1000' },
      { ...common, 'list-type': '2', 'max-keys': '1000', 'start-after': 'p\u0001' },
      { ...common, 'max-keys': '0', marker: 'p/' },
    ]);
  });

  test('come with the greater of the last key and the last common prefix, by bytes, to go on from', async () => {
    const names = ['p\u{10000}', 'p\uffee/'];
    const handler = fakeHandler(() => page(names, truncated('<NextContinuationToken>t&amp;1</NextContinuationToken>')));
    const store = await openFakeStore(handler);
    const first = await list(store);
    expect(first.objects).toEqual([
      { key: 'p\u{10000}', etag: 'e', sizeBytes: 1, lastModifiedMs: atMs, storageClass: 'STANDARD' },
    ]);
    expect(first.commonPrefixes).toEqual(['p\uffee/']);
    expect(first.next?.marker).toBe('p\u{10000}');
    // The same page again would be told for ever.
    await expectCode(list(store, { kind: 'token', token: first.next!.token }), 'store');
    expect(handler.sent[1]!.query).toMatchObject({ 'list-type': '2', 'continuation-token': 't&1' });
  });

  test("a page of the first version has a token too, and a token is no other listing's", async () => {
    const handler = fakeHandler((_, index) => page([`p${index}`], truncated('<NextMarker>p9</NextMarker>')));
    const store = await openFakeStore(handler);
    const { next } = await list(store, { kind: 'marker', marker: '' });
    expect((await list(store, { kind: 'token', token: next!.token })).objects).toMatchObject([{ key: 'p1' }]);
    expect(handler.sent[1]!.query).toMatchObject({ marker: 'p0' });
    const { token } = next!;
    const of = (words: object) =>
      store.listKeys({ bucket: 'bucket', prefix: 'p', delimiter: '/', limit: 1, ...words }, quiet);
    for (const words of [{ prefix: '' }, { delimiter: undefined }, { bucket: 'other' }]) {
      const refused = of({ ...words, from: { kind: 'token', token } });
      expect((await expectCode(refused, 'bad-parameters')).said).toBe('InvalidArgument');
    }
    for (const bad of ['', 'p0', token.slice(1), `${token}A`, Buffer.from('[]').toString('base64url')]) {
      await expectCode(of({ from: { kind: 'token', token: bad } }), 'bad-parameters');
    }
    expect(handler.sent).toHaveLength(2);
  });

  test('a token of another shape is refused, though its check is right', async () => {
    const store = await openFakeStore(fakeHandler(() => page([])));
    for (const content of ['x', '{}', '[5]', '[null,7]', '["a","b","c"]', '"p"', '[]']) {
      const check = hash('sha256', JSON.stringify(['bucket', 'p', '/', content]), 'base64url').slice(0, 12);
      const token = Buffer.from(`${check}${content}`).toString('base64url');
      expect((await expectCode(list(store, { kind: 'token', token }), 'bad-parameters')).said).toBe('InvalidArgument');
    }
  });

  test('that do not begin as they were asked for are not passed on', async () => {
    for (const stray of ['other/secret', 'other/']) {
      await expectCode(list(await openFakeStore(fakeHandler(() => page([stray])))), 'store');
    }
  });

  test('a common prefix that is begun in is told of once more, and not behind itself', async () => {
    const store = await openFakeStore(fakeHandler(() => page(['p/'])));
    expect((await list(store, { kind: 'after', key: 'p/k' })).commonPrefixes).toEqual(['p/']);
    expect((await list(store, { kind: 'marker', marker: 'p/k' })).commonPrefixes).toEqual(['p/']);
    await expectCode(list(store, { kind: 'marker', marker: 'p/' }), 'store');
  });

  test.each<[string, FakeAnswer]>([
    ['goes back', page(['pb', 'pa'])],
    ['repeats a key', page(['pa', 'pa'])],
    ['repeats a common prefix', page(['pa/', 'pa/'])],
    ['begins too early', page(['p'])],
    ['says that there is more, but not where', page([], truncated())],
    ['is another document', xmlAnswer('<ListVersionsResult/>')],
    ['has a key that is not encoded', page([], '<Contents><Key>%f</Key><Size>1</Size></Contents>')],
    ['has an object without a size', page([], '<Contents><Key>pa</Key></Contents>')],
  ])('a list that %s is refused', async (_, answer) => {
    const store = await openFakeStore(
      fakeHandler(() => answer),
      { maxAttempts: 1 },
    );
    await expectCode(list(store, { kind: 'after', key: 'p' }), 'store');
  });

  test('empty pages are looked through, but not for ever', async () => {
    const tokens = (index: number) => truncated(`<NextContinuationToken>t${index}</NextContinuationToken>`);
    const handler = fakeHandler((_, index) => (index < 3 ? page([], tokens(index)) : page(['pz'])));
    const store = await openFakeStore(handler);
    expect((await list(store)).objects).toHaveLength(1);
    const endless = fakeHandler((_, index) => page([], tokens(index)));
    await expectCode(list(await openFakeStore(endless)), 'store');
    expect(endless.sent.length).toBeLessThanOrEqual(100);
  });
});

describe('versions', () => {
  const version = (key: string, id: string, isLatest: boolean) =>
    `<Version><Key>${key}</Key><VersionId>${id}</VersionId><IsLatest>${isLatest}</IsLatest>${time}<ETag>"${id}"</ETag><Size>2</Size><StorageClass>GLACIER</StorageClass></Version>`;
  const mark = (key: string, id: string, isLatest: boolean) =>
    `<DeleteMarker><Key>${key}</Key><VersionId>${id}</VersionId><IsLatest>${isLatest}</IsLatest>${time}</DeleteMarker>`;
  const answer = (inner: string) => xmlAnswer(`<ListVersionsResult>${inner}</ListVersionsResult>`);

  test('and marks of deletion come in the order of the store', async () => {
    const listed = `${mark('a', 'm2', true)}${version('a', 'v1', false)}${mark('a', 'm0', false)}${version('b', '', true)}`;
    const next = '<NextKeyMarker>b</NextKeyMarker><NextVersionIdMarker>null</NextVersionIdMarker>';
    const handler = fakeHandler(() => answer(`${listed}<IsTruncated>true</IsTruncated>${next}`));
    const store = await openFakeStore(handler);
    const request = { bucket: 'bucket', prefix: '', keyMarker: 'a', versionIdMarker: 'm3', limit: 5 };
    const common = { lastModifiedMs: atMs };
    expect(await store.listVersions(request, quiet)).toEqual({
      versions: [
        { ...common, key: 'a', versionId: 'm2', isLatest: true, deleteMarker: true },
        { ...common, key: 'a', versionId: 'v1', isLatest: false, etag: 'v1', sizeBytes: 2, storageClass: 'GLACIER' },
        { ...common, key: 'a', versionId: 'm0', isLatest: false, deleteMarker: true },
        { ...common, key: 'b', versionId: 'null', isLatest: true, etag: '', sizeBytes: 2, storageClass: 'GLACIER' },
      ],
      commonPrefixes: [],
      next: { keyMarker: 'b', versionIdMarker: 'null' },
    });
    expect(handler.sent[0]!.query).toEqual({
      versions: '',
      'encoding-type': 'url',
      'max-keys': '5',
      'key-marker': 'a',
      'version-id-marker': 'm3',
    });
  });

  test('where to go on is what comes last, if the store does not say', async () => {
    const handler = fakeHandler(() => answer(`${version('a', 'v1', true)}<IsTruncated>true</IsTruncated>`));
    const store = await openFakeStore(handler);
    const first = await store.listVersions({ bucket: 'bucket', prefix: '', limit: 1 }, quiet);
    expect(first.next).toEqual({ keyMarker: 'a', versionIdMarker: 'v1' });
    await expectCode(store.listVersions({ bucket: 'bucket', prefix: '', limit: 1, ...first.next }, quiet), 'store');
  });

  test('a list that goes back is refused', async () => {
    const store = await openFakeStore(fakeHandler(() => answer(version('b', '1', true) + version('a', '2', true))));
    await expectCode(store.listVersions({ bucket: 'bucket', prefix: '', limit: 9 }, quiet), 'store');
  });
});

describe('buckets', () => {
  const buckets = (names: readonly string[], rest = '') => {
    const listed = names.map(
      (n) => `<Bucket><Name>${n}</Name><CreationDate>2026-01-01T00:00:00Z</CreationDate></Bucket>`,
    );
    return xmlAnswer(`<ListAllMyBucketsResult><Buckets>${listed.join('')}</Buckets>${rest}</ListAllMyBucketsResult>`);
  };

  test('of all pages are told in order, and cut as asked whatever the store does', async () => {
    const handler = fakeHandler(({ query }) =>
      'continuation-token' in query
        ? buckets(['bbb', 'zzz'])
        : buckets(['ccc', 'aaa', 'bab'], '<ContinuationToken>t</ContinuationToken>'),
    );
    const store = await openFakeStore(handler);
    const names = async (request: object) => {
      const { buckets: found, next } = await store.listBuckets(request, quiet);
      return [found.map(({ name }) => name), next];
    };
    expect(await names({})).toEqual([['aaa', 'bab', 'bbb', 'ccc', 'zzz'], undefined]);
    expect(await names({ limit: 2 })).toEqual([['aaa', 'bab'], 'bab']);
    expect(await names({ limit: 2, startAfter: 'bab' })).toEqual([['bbb', 'ccc'], 'ccc']);
    expect(await names({ prefix: 'b' })).toEqual([['bab', 'bbb'], undefined]);
    expect((await store.listBuckets({}, quiet)).buckets[0]).toEqual({ name: 'aaa', createdMs: atMs });
    expect(handler.sent[0]).toMatchObject({ method: 'GET', path: '/', query: {} });
  });

  test('a list that repeats its token is refused', async () => {
    const handler = fakeHandler(() => buckets(['aaa'], '<ContinuationToken>t</ContinuationToken>'));
    await expectCode((await openFakeStore(handler)).listBuckets({}, quiet), 'store');
    expect(handler.sent).toHaveLength(2);
  });
});
