import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { beginUpload, collect, patternBytes, quiet, readObject } from '../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../contracts/object-store/ground.ts';
import { openFaultyStore } from '../objects/s3/faulty-store.ts';
import { noteFault } from '../support/fault-log.ts';
import type { FaultAction } from '../support/fault-proxy/fault-rule.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';

// S19, S21, S22: what a store says of what it holds.

const uploadPart = { operation: 'UploadPart' } as const;
const content = patternBytes(200_000, 1);
const checked = { pieces: [content], crc32: crc32(content) };
const flipped: FaultAction = { do: 'alterRequest', body: { flipBits: [1_000_003] }, sign: true };
const otherEcho: FaultAction = { do: 'alterAnswer', headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } };

describeOnServers(
  'what a store says of a part',
  (server) => {
    it.each([
      ['in upper case', (etag: string) => `"${etag.toUpperCase()}"`],
      ['without quotes', (etag: string) => etag],
      ['marked as weak', (etag: string) => `W/"${etag}"`],
      ['that is no MD5', () => '"arn:key/opaque+="'],
    ])('S19: an ETag %s is taken as it is meant', async (injected, write) => {
      const { store, proxy, bucket } = await openFaultyStore(server(), { limits: { checksums: false } });
      const upload = await beginUpload(store, { bucket, key: 'k' });
      const plain = await store.uploadPart(upload, 1, content, quiet);
      const etag = write(plain.etag);
      const rule = await proxy.addRule({ match: uploadPart, action: { do: 'alterAnswer', headers: { etag } } });
      const given = await store.uploadPart(upload, 1, content, quiet);
      expect(given.etag).toBe(etag.replace(/^W\//, '').replaceAll('"', ''));
      const { reached } = await rule.counts();
      noteFault({ id: 'S19', injected: `an ETag ${injected}`, reached, outcome: given.etag });
    });

    it('S19: a weak ETag on the way back is still one to ask and to complete with', async () => {
      const { store, proxy, bucket } = await openFaultyStore(server());
      const upload = await beginUpload(store, { bucket, key: 'k' });
      const { etag } = await store.uploadPart(upload, 1, content, quiet);
      const listed = [{ partNumber: 1, etag: `W/"${etag}"` }];
      const made = await store.completeMultipart(upload, listed, {}, quiet);
      const rule = await proxy.addRule({
        match: { operation: 'GetObject' },
        action: { do: 'alterAnswer', headers: { etag: `W/"${made.etag.toUpperCase()}"` } },
      });
      expectBytes(await readObject(store, { ...upload, ifMatch: made.etag }), content);
      const { reached } = await rule.counts();
      noteFault({ id: 'S19', injected: 'a weak ETag in upper case', reached, outcome: 'the same object' });
    });

    it('S21: an ETag that is no MD5, and no checksum, are taken for an answer', async () => {
      const { store, proxy, bucket, direct } = await openFaultyStore(server());
      const upload = await beginUpload(store, { bucket, key: 'k' });
      const headers = { etag: '"opaque"', 'x-amz-checksum-crc32': null };
      const rule = await proxy.addRule({ match: uploadPart, action: { do: 'alterAnswer', headers } });
      expect(await store.uploadPart(upload, 1, checked, quiet)).toEqual({ etag: 'opaque' });
      expect(await collect(direct.listParts(upload, quiet))).toMatchObject([{ sizeBytes: content.length }]);
      const { reached } = await rule.counts();
      noteFault({ id: 'S21', injected: 'an opaque ETag and no checksum', reached, outcome: 'accepted' });
    });

    it('S21: no ETag at all is none', async () => {
      const { store, proxy, bucket } = await openFaultyStore(server());
      const upload = await beginUpload(store, { bucket, key: 'k' });
      const action: FaultAction = { do: 'alterAnswer', headers: { etag: null } };
      const rule = await proxy.addRule({ match: uploadPart, times: 'always', action });
      await expectCode(store.uploadPart(upload, 1, checked, quiet), 'store');
      const { reached } = await rule.counts();
      noteFault({ id: 'S21', injected: 'no ETag', reached, outcome: 'an error' });
    });

    it.each([
      ['a bit that flips on the way', flipped],
      ['the checksum of other bytes', otherEcho],
    ])('S22: %s: the part is sent again', async (injected, action) => {
      const { store, proxy, bucket } = await openFaultyStore(server());
      const upload = await beginUpload(store, { bucket, key: 'k' });
      const rule = await proxy.addRule({ match: uploadPart, action });
      const { etag } = await store.uploadPart(upload, 1, checked, quiet);
      await store.completeMultipart(upload, [{ partNumber: 1, etag }], {}, quiet);
      expectBytes(await readObject(store, upload), content);
      const sent = (await proxy.log()).filter(({ operation }) => operation === 'UploadPart');
      expect(sent).toHaveLength(2);
      const { reached } = await rule.counts();
      noteFault({ id: 'S22', injected, reached, outcome: 'stored again' });
    });

    it.each([
      ['bits that flip every time', flipped, /BadDigest/],
      ['the checksum of other bytes every time', otherEcho, /CRC-32 AAAAAA==/],
    ])('S22: %s are an error', async (injected, action, expected) => {
      const { store, proxy, bucket } = await openFaultyStore(server());
      const upload = await beginUpload(store, { bucket, key: 'k' });
      const rule = await proxy.addRule({ match: uploadPart, times: 'always', action });
      const error = await expectCode(store.uploadPart(upload, 1, checked, quiet), 'store');
      expect(error.message).toMatch(expected);
      const { reached } = await rule.counts();
      expect(reached).toBe(3);
      noteFault({ id: 'S22', injected, reached, outcome: 'an error' });
    });

    it('S22: of a whole object too', async () => {
      const { store, proxy, bucket, direct } = await openFaultyStore(server());
      const rule = await proxy.addRule({ match: { operation: 'PutObject' }, times: 'always', action: flipped });
      await expectCode(store.put({ bucket, key: 'k' }, checked, {}, {}, quiet), 'store');
      await expectCode(direct.head({ bucket, key: 'k' }, quiet), 'not-found');
      const { reached } = await rule.counts();
      noteFault({ id: 'S22', injected: 'bits that flip in an object', reached, outcome: 'an error, nothing stored' });
    });
  },
  { servers: ['versitygw'] },
);
