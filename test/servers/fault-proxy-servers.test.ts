import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { part, proxied } from '../support/fault-proxy/recording-store.ts';
import { makeCertificate } from '../support/servers/certificate.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { makeBucket, plainClient } from '../support/servers/s3-client.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describeOnServers('in front of a server', (server) => {
  it('signatures hold, also those that the proxy makes itself', async () => {
    const { endpoint, accessKeyId, secretAccessKey, region } = server();
    const proxy = await proxied({ upstream: endpoint, credentials: { accessKeyId, secretAccessKey, region } });
    const through = { ...server(), endpoint: proxy.endpoint };
    const client = plainClient(through);
    onTestFinished(() => client.destroy());
    const Bucket = await makeBucket(through);
    const corrupt = await proxy.addRule({
      match: { operation: 'UploadPart', partNumber: 1 },
      action: {
        do: 'alterRequest',
        headers: { 'x-amz-checksum-crc32': null, 'x-amz-sdk-checksum-algorithm': null, 'content-md5': null },
        body: { flipBits: [8] },
        sign: true,
      },
    });
    const object = { Bucket, Key: 'a key/ü+%2F' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
    const put = { ...object, UploadId, PartNumber: 1, Body: part, ChecksumAlgorithm: 'CRC32' } as const;
    const { ETag } = await client.send(new UploadPartCommand(put));
    const Parts = [{ ETag, PartNumber: 1 }];
    await client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }));
    const { Body } = await client.send(new GetObjectCommand(object));
    const stored = Buffer.from(await Body!.transformToByteArray());
    expect([stored[1], stored[2], await corrupt.counts()]).toEqual([0, 2, { matched: 1, hit: 1, reached: 1 }]);
    const log = await proxy.log();
    expect(log.map(({ operation, status }) => [operation, status])).toEqual([
      ['CreateBucket', 200],
      ['CreateMultipartUpload', 200],
      ['UploadPart', 200],
      ['CompleteMultipartUpload', 200],
      ['GetObject', 200],
    ]);
    expect(log.map(({ key }) => key)).toEqual(['', object.Key, object.Key, object.Key, object.Key]);
  });
});

describeOnServers(
  'with https on both sides of it',
  (server) => {
    it('it resets, stalls and passes as without', async () => {
      const folder = await temporaryDirectory();
      const tls = await makeCertificate(folder);
      const proxy = await proxied({ upstream: server().endpoint, tls });
      const through = { ...server(), endpoint: proxy.endpoint, certificatePath: tls.certificatePath };
      const client = plainClient(through);
      onTestFinished(() => client.destroy());
      const object = { Bucket: await makeBucket(through), Key: 'k' };
      const request = await proxy.addRule({
        match: { operation: 'PutObject' },
        action: { do: 'reset', at: 'request', afterBytes: 1000 },
      });
      await expect(client.send(new PutObjectCommand({ ...object, Body: part }))).rejects.toThrow(/ECONNRESET|EPIPE/);
      await client.send(new PutObjectCommand({ ...object, Body: part }));
      const answer = await proxy.addRule({
        match: { operation: 'GetObject' },
        action: { do: 'reset', at: 'answer', afterBytes: 1000 },
      });
      const { Body } = await client.send(new GetObjectCommand(object));
      await expect(Body!.transformToByteArray()).rejects.toThrow(/aborted|ECONNRESET/);
      const again = await client.send(new GetObjectCommand(object));
      expect(Buffer.from(await again.Body!.transformToByteArray()).equals(part)).toBe(true);
      expect([(await request.counts()).reached, (await answer.counts()).reached]).toEqual([1, 1]);
    });
  },
  { tls: true, servers: ['versitygw'] },
);
