import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Side, SideJob } from './side-job.ts';

// What a program does that stores and fetches content as it is, with the SDK as it comes.

function makeClient({ endpoint, region, credentials }: SideJob): S3Client {
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true });
}

/** lib-storage's Upload of content that stands in memory: its parts are views of it, and nothing is copied. */
export async function plainPut(job: SideJob): Promise<Side> {
  const content = await readFile(job.contentPath);
  return uploadSide(job, () => content);
}

/** The same of a file, read in pieces as large as parts: in smaller ones, as most do, it takes longer. */
export async function plainPutFile(job: SideJob): Promise<Side> {
  return uploadSide(job, () => createReadStream(job.contentPath, { highWaterMark: job.partSizeBytes }));
}

function uploadSide(job: SideJob, body: () => Buffer | Readable): Side {
  const client = makeClient(job);
  const { bucket: Bucket, key: Key, partSizeBytes: partSize, inFlight: queueSize } = job;
  return {
    run: async () => {
      await new Upload({ client, params: { Bucket, Key, Body: body() }, partSize, queueSize }).done();
    },
    close: async () => client.destroy(),
  };
}

/** Ranged GETs side by side, each answer into a buffer that the next one uses again. */
export async function plainGet(job: SideJob): Promise<Side> {
  const client = makeClient(job);
  const { partSizeBytes, inFlight } = job;
  const name = { Bucket: job.bucket, Key: job.key };
  const buffers = Array.from({ length: inFlight }, () => Buffer.allocUnsafeSlow(partSizeBytes));
  return {
    run: async () => {
      const { ContentLength: size } = await client.send(new HeadObjectCommand(name));
      let next = 0;
      const fetchNext = async (target: Buffer): Promise<void> => {
        for (let first = next; first < size!; first = next) {
          next = first + partSizeBytes;
          const last = Math.min(next, size!) - 1;
          const { Body } = await client.send(new GetObjectCommand({ ...name, Range: `bytes=${first}-${last}` }));
          await fill(target, Body as Readable);
        }
      };
      await Promise.all(buffers.map(fetchNext));
    },
    close: async () => client.destroy(),
  };
}

async function fill(target: Buffer, body: Readable): Promise<void> {
  let at = 0;
  body.on('data', (chunk: Buffer) => {
    at += chunk.copy(target, at);
  });
  await finished(body);
}
