import { beforeEach, expect, test } from 'vitest';
import type { BucketStore, VersionPage } from '../../../src/objects/bucket-store.ts';
import { openS3Store } from '../../../src/objects/s3/open-s3-store.ts';
import { beginUpload, patternBytes, quiet, readBody, storeParts } from '../../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../../contracts/object-store/ground.ts';
import { describeOnServers } from '../../support/servers/describe-on-servers.ts';
import { makeBucket } from '../../support/servers/s3-client.ts';

const enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';

describeOnServers(
  'a bucket that keeps versions',
  (server) => {
    let store: BucketStore;
    let bucket: string;
    beforeEach(async () => {
      const { endpoint, region, accessKeyId, secretAccessKey } = server();
      store = await openS3Store({ endpointUrl: endpoint, region, credentials: { accessKeyId, secretAccessKey } });
      bucket = await makeBucket(server());
      const query = new Map([['versioning', '']]);
      const body = new TextEncoder().encode(enabled);
      await store.ask({ operation: 'PutBucketVersioning', method: 'PUT', bucket, query, headers: {}, body }, quiet);
      return () => store.close();
    });
    const put = async (seed: number, tags = {}) =>
      await store.put({ bucket, key: 'k' }, patternBytes(100 + seed, seed), { tags }, {}, quiet);

    test('tells of each write which version it made, and gives each back', async () => {
      const one = await put(1, { seed: '1' });
      const two = await put(2);
      const upload = await beginUpload(store, { bucket, key: 'k' });
      const parts = await storeParts(store, upload, new Map([[1, patternBytes(103, 3)]]));
      const three = await store.completeMultipart(upload, parts, {}, quiet);
      const made = [one, two, three];
      expect(new Set(made.map(({ versionId }) => versionId)).size).toBe(3);
      for (const [index, { versionId, etag }] of made.entries()) {
        const name = { bucket, key: 'k', versionId: versionId! };
        expect(await store.head(name, quiet)).toMatchObject({ versionId, etag, sizeBytes: 101 + index });
        const body = await store.get(name, quiet);
        expect(body.head).toMatchObject({ versionId, etag });
        expectBytes(await readBody(body), patternBytes(101 + index, index + 1));
        await body.close();
      }
      expect((await store.head({ bucket, key: 'k', versionId: one.versionId! }, quiet)).tags).toEqual({ seed: '1' });
      expect(await store.head({ bucket, key: 'k' }, quiet)).toMatchObject({ versionId: three.versionId, tags: {} });
    });

    test('keeps what is removed behind a mark, which can be removed', async () => {
      const one = await put(1);
      const marked = await store.remove({ bucket, key: 'k' }, quiet);
      expect(marked.deleteMarker).toBe(true);
      const gone = await expectCode(store.head({ bucket, key: 'k' }, quiet), 'not-found');
      expect(['NoSuchKey', 'NotFound']).toContain(gone.said);
      expect((await expectCode(store.get({ bucket, key: 'k' }, quiet), 'not-found')).said).toBe('NoSuchKey');
      const mark = { bucket, key: 'k', versionId: marked.versionId! };
      expect((await expectCode(store.get(mark, quiet), 'store')).said).toBe('MethodNotAllowed');
      expect((await expectCode(store.head(mark, quiet), 'store')).said).toBe('MethodNotAllowed');
      const unmarked = await store.remove(mark, quiet);
      expect(unmarked).toEqual({ versionId: marked.versionId, deleteMarker: true });
      expect(await store.head({ bucket, key: 'k' }, quiet)).toMatchObject({ versionId: one.versionId });
      expect(await store.remove({ bucket, key: 'k', versionId: one.versionId! }, quiet)).toEqual({
        versionId: one.versionId,
      });
    });

    test('lists versions and marks, the newest of a key first, in pages', async () => {
      const one = await put(1);
      const mark = await store.remove({ bucket, key: 'k' }, quiet);
      const two = await put(2);
      await store.put({ bucket, key: 'a' }, patternBytes(5, 1), {}, {}, quiet);
      const list = (words: object): Promise<VersionPage> =>
        store.listVersions({ bucket, prefix: '', limit: 1000, ...words }, quiet);
      const { versions, next } = await list({});
      expect(next).toBeUndefined();
      expect(versions).toMatchObject([
        { key: 'a', isLatest: true, sizeBytes: 5 },
        { key: 'k', isLatest: true, versionId: two.versionId, etag: two.etag },
        { key: 'k', isLatest: false, versionId: mark.versionId, deleteMarker: true },
        { key: 'k', isLatest: false, versionId: one.versionId, sizeBytes: 101 },
      ]);
      for (const limit of [1, 2, 3]) {
        const pages = [await list({ limit })];
        for (let page = pages[0]!; page.next !== undefined && pages.length < 9; pages.push(page)) {
          page = await list({ limit, ...page.next });
        }
        expect(pages.flatMap((page) => page.versions)).toEqual(versions);
        expect(Math.max(...pages.map((page) => page.versions.length))).toBe(limit);
      }
    });
  },
  { servers: ['versitygw'] },
);
