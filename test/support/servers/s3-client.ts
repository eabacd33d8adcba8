import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Server } from './s3-server.ts';

/** What a plain client needs to know of a server; an {@link S3Server} with a proxy's endpoint will do. */
export type Reachable = Pick<S3Server, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey' | 'certificatePath'>;

/** The AWS SDK's own client, to prepare and to look at what is stored; one attempt, checksums only where S3 demands one. */
export function plainClient(server: Reachable): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey, certificatePath } = server;
  const trust = certificatePath === undefined ? {} : { httpsAgent: new Agent({ ca: readFileSync(certificatePath) }) };
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: trust,
  });
}

/** A new bucket, so that tests that share a server do not see each other's objects. */
export async function makeBucket(server: Reachable): Promise<string> {
  const bucket = `test-${randomBytes(6).toString('hex')}`;
  const client = plainClient(server);
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } finally {
    client.destroy();
  }
  return bucket;
}
