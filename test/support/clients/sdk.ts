import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Agent } from 'node:https';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import type { ClientEndpoint } from './client-endpoint.ts';
import type { TestedClient } from './tested-client.ts';

/** Smaller files are sent from memory, others as streams: the SDK signs and checks the two in different ways. */
const streamedFromBytes = 2 ** 20;

/** The AWS SDK for JavaScript as it is without any configuration: it computes and checks checksums. */
export function openSdk(endpoint: ClientEndpoint): TestedClient {
  const { url, region, accessKeyId, secretAccessKey, caFile } = endpoint;
  const client = new S3Client({
    endpoint: url,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: caFile === undefined ? {} : { httpsAgent: new Agent({ ca: readFileSync(caFile) }) },
  });
  const list = async (Bucket: string, Prefix: string): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket, Prefix })) {
      keys.push(...Contents.map(({ Key }) => Key!));
    }
    return keys;
  };
  return {
    complaints: () => '',
    put: async (Bucket, Key, file, Metadata) => {
      const { size } = await stat(file);
      const streamed = size >= streamedFromBytes;
      const Body = streamed ? createReadStream(file) : await readFile(file);
      await client.send(
        new PutObjectCommand({ Bucket, Key, Body, Metadata, ...(streamed && { ContentLength: size }) }),
      );
    },
    get: async (Bucket, Key, file) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      await pipeline(Body as Readable, createWriteStream(file));
    },
    getRange: async (Bucket, Key, start, end) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range: `bytes=${start}-${end - 1}` }));
      return buffer(Body as Readable);
    },
    metadata: async (Bucket, Key) => (await client.send(new HeadObjectCommand({ Bucket, Key }))).Metadata ?? {},
    list,
    remove: async (Bucket, Key) => {
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    },
    removeAll: async (Bucket, prefix) => {
      const keys = await list(Bucket, prefix);
      for (let start = 0; start < keys.length; start += 1000) {
        const Objects = keys.slice(start, start + 1000).map((Key) => ({ Key }));
        const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
        if (Errors.length > 0) throw new Error(`Not all were deleted: ${JSON.stringify(Errors[0])}`);
      }
    },
    close: async () => client.destroy(),
  };
}
