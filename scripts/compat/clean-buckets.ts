import {
  AbortMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { S3Endpoint } from './s3-endpoint.ts';

interface Stored {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
}

/**
 * Removes the buckets whose names begin so, with all that is in them, as far as the server lets it: what a case that
 * failed has left.
 */
export async function cleanBuckets({ url, accessKeyId, secretAccessKey }: S3Endpoint, prefix: string): Promise<void> {
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  });
  try {
    const { Buckets = [] } = (await ifAllowed(client.send(new ListBucketsCommand()))) ?? {};
    for (const { Name } of Buckets) if (Name?.startsWith(prefix)) await removeBucket(client, Name);
  } finally {
    client.destroy();
  }
}

async function removeBucket(client: S3Client, Bucket: string): Promise<void> {
  const uploads = await ifAllowed(client.send(new ListMultipartUploadsCommand({ Bucket })));
  for (const { Key, UploadId } of uploads?.Uploads ?? []) {
    await ifAllowed(client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })));
  }
  // A page at a time, as long as that removes anything.
  for (let page = 0; page < 20; page++) {
    const stored = await storedIn(client, Bucket);
    if (stored.length === 0) break;
    for (const { Key, VersionId } of stored) {
      const removal = { Bucket, Key, VersionId };
      await ifAllowed(client.send(new DeleteObjectCommand({ ...removal, BypassGovernanceRetention: true })));
    }
  }
  await ifAllowed(client.send(new DeleteBucketPolicyCommand({ Bucket })));
  await ifAllowed(client.send(new DeleteBucketCommand({ Bucket })));
}

async function storedIn(client: S3Client, Bucket: string): Promise<readonly Stored[]> {
  const versions = await ifAllowed(client.send(new ListObjectVersionsCommand({ Bucket })));
  const found = [...(versions?.Versions ?? []), ...(versions?.DeleteMarkers ?? [])];
  if (found.length > 0) return found;
  return (await ifAllowed(client.send(new ListObjectsV2Command({ Bucket }))))?.Contents ?? [];
}

/** Undefined for what the server refuses or does not do: the next bucket is tried. */
async function ifAllowed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof S3ServiceException || isAboutConnection(error)) return undefined;
    throw error;
  }
}

function isAboutConnection(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^E[A-Z]+$/.test(String(error.code));
}
