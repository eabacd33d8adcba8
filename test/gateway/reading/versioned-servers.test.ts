import {
  type BucketVersioningStatus,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { openTestGateway } from '../../support/gateway/open-test-gateway.ts';
import { describeOnServers } from '../../support/servers/describe-on-servers.ts';

const Bucket = 'versioned';
const Key = 'a key';
const sizeBytes = 2 * 2 ** 20;
const Status: BucketVersioningStatus = 'Enabled';

/** What a range of ten bytes says, or the status of its refusal. */
async function rangeOf(client: S3Client, VersionId?: string): Promise<[string, string | undefined] | number> {
  try {
    const { Body, VersionId: told } = await client.send(
      new GetObjectCommand({ Bucket, Key, Range: 'bytes=1000000-1000009', ...(VersionId && { VersionId }) }),
    );
    return [await Body!.transformToString(), told];
  } catch (error) {
    return (error as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode;
  }
}

describeOnServers(
  'a bucket that keeps versions, read through two gateways',
  (server) => {
    it('a range without a version is of what stands there now, however well an older version is remembered', async () => {
      const one = await openTestGateway({ behind: server() });
      onTestFinished(() => one.stop());
      await one.client.send(new CreateBucketCommand({ Bucket }));
      await one.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
      const put = async (through: S3Client, letter: string): Promise<string> => {
        const Body = Buffer.alloc(sizeBytes, letter);
        return (await through.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId!;
      };

      const first = await put(one.client, 'A');
      // The second time everything is known.
      for (let times = 0; times < 3; times++) expect(await rangeOf(one.client)).toEqual(['AAAAAAAAAA', first]);
      const second = await put(one.client, 'B');
      for (let times = 0; times < 3; times++) expect(await rangeOf(one.client)).toEqual(['BBBBBBBBBB', second]);
      expect(await rangeOf(one.client, first)).toEqual(['AAAAAAAAAA', first]);

      // What another gateway writes is not told to this one.
      const { store, manifest, key } = one;
      const other = await openTestGateway({ options: { store, manifest }, key });
      onTestFinished(() => other.stop());
      for (let times = 0; times < 2; times++) expect(await rangeOf(other.client)).toEqual(['BBBBBBBBBB', second]);
      const third = await put(other.client, 'C');
      for (let times = 0; times < 2; times++) expect(await rangeOf(one.client)).toEqual(['CCCCCCCCCC', third]);
      await other.client.send(new DeleteObjectCommand({ Bucket, Key }));
      for (let times = 0; times < 2; times++) {
        expect(await rangeOf(one.client)).toBe(404);
        expect(await rangeOf(other.client)).toBe(404);
      }
      for (let times = 0; times < 2; times++) expect(await rangeOf(one.client, third)).toEqual(['CCCCCCCCCC', third]);
    });
  },
  { servers: ['versitygw'] },
);
