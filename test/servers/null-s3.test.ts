import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { type NullS3Options, startNullS3 } from '../../scripts/bench/null-s3/start-null-s3.ts';
import { makeCertificate } from '../support/servers/certificate.ts';
import { plainClient } from '../support/servers/s3-client.ts';
import { credentials, region } from '../support/servers/s3-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const object = { Bucket: 'bench', Key: 'a/b' };

async function started(options: NullS3Options = {}) {
  const server = await startNullS3(options);
  const trust = options.tls ? { certificatePath: options.tls.certificatePath } : {};
  const client = plainClient({ endpoint: server.endpoint, region, ...credentials, ...trust });
  onTestFinished(async () => {
    client.destroy();
    await server.stop();
  });
  return { server, client };
}

it('takes whatever is put', async () => {
  const { client } = await started();
  await client.send(new PutObjectCommand({ ...object, Body: randomBytes(100) }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
  const upload = { ...object, UploadId };
  const Body = randomBytes(8 * 2 ** 20);
  const { ETag } = await client.send(
    new UploadPartCommand({ ...upload, PartNumber: 1, Body, ContentLength: Body.length }),
  );
  expect(ETag).toMatch(/^"0+"$/);
  const Parts = [{ ETag, PartNumber: 1 }];
  const done = await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  expect([done.ETag, done.Bucket, done.Key]).toEqual([ETag, 'bench', 'a/b']);
  await client.send(new AbortMultipartUploadCommand(upload));
  expect((await client.send(new ListPartsCommand(upload))).Parts ?? []).toEqual([]);
  expect((await client.send(new ListObjectsV2Command({ Bucket: 'bench' }))).Contents ?? []).toEqual([]);
});

it.each([false, true])('serves one object, whole and by ranges; over https: %s', async (secure) => {
  const folder = await temporaryDirectory();
  const bytes = randomBytes(300_000);
  const objectPath = join(folder, 'object');
  await writeFile(objectPath, bytes);
  const { client } = await started({ objectPath, ...(secure && { tls: await makeCertificate(folder) }) });
  expect((await client.send(new HeadObjectCommand(object))).ContentLength).toBe(bytes.length);
  const get = async (Range?: string): Promise<[string | undefined, boolean]> => {
    const { Body, ContentRange } = await client.send(new GetObjectCommand({ ...object, ...(Range && { Range }) }));
    const [, first, last] = /(\d+)-(\d+)\//.exec(ContentRange ?? '') ?? [];
    const expected = first === undefined ? bytes : bytes.subarray(Number(first), Number(last) + 1);
    return [ContentRange, Buffer.from(await Body!.transformToByteArray()).equals(expected)];
  };
  expect(await get()).toEqual([undefined, true]);
  expect(await get('bytes=100-199')).toEqual(['bytes 100-199/300000', true]);
  expect(await get('bytes=299990-400000')).toEqual(['bytes 299990-299999/300000', true]);
  expect(await get('bytes=5-')).toEqual(['bytes 5-299999/300000', true]);
  expect(await get('bytes=-7')).toEqual(['bytes 299993-299999/300000', true]);
  await expect(get('bytes=300000-')).rejects.toMatchObject({ $metadata: { httpStatusCode: 416 } });
});

it('says if it cannot start', async () => {
  await expect(startNullS3({ objectPath: '/nowhere/object' })).rejects.toThrow(/ended before it served: .*ENOENT/s);
});
