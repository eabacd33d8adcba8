import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectTaggingCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketAclCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectTaggingCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { HttpResponse } from '@smithy/core/protocols';
import { describe, expect, it } from 'vitest';
import { errorDocument } from '../../../src/s3-protocol/errors/error-document.ts';
import { s3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import { readCompleteMultipartUpload } from '../../../src/s3-protocol/xml/read-complete-multipart-upload.ts';
import {
  checkConfiguration,
  readCreateBucketConfiguration,
  readVersioningConfiguration,
} from '../../../src/s3-protocol/xml/read-configurations.ts';
import { readDelete } from '../../../src/s3-protocol/xml/read-delete.ts';
import { readTagging } from '../../../src/s3-protocol/xml/read-tagging.ts';
import {
  writeListBuckets,
  writeListObjects,
  writeListObjectsV2,
  writeListObjectVersions,
} from '../../../src/s3-protocol/xml/write-listings.ts';
import {
  writeCopyResult,
  writeDeleteResult,
  writeLocationConstraint,
  writeObjectAttributes,
  writeTagging,
  writeVersioningConfiguration,
} from '../../../src/s3-protocol/xml/write-results.ts';
import {
  writeCompleteMultipartUpload,
  writeInitiateMultipartUpload,
  writeListMultipartUploads,
  writeListParts,
} from '../../../src/s3-protocol/xml/write-uploads.ts';

// The documents against AWS's own client: what it sends is read here, what is written here it reads.

const encoder = new TextEncoder();

/** A client whose requests are answered with that document, and the bodies that it has sent. */
function clientAnsweredWith(document: string, status = 200): { client: S3Client; bodies: Uint8Array[] } {
  const bodies: Uint8Array[] = [];
  const requestHandler = {
    handle: async ({ body }: { readonly body?: unknown }) => {
      bodies.push(
        typeof body === 'string' ? encoder.encode(body) : ((body as Uint8Array | undefined) ?? new Uint8Array()),
      );
      const stream = new Blob([document]).stream();
      const headers = { 'content-type': 'application/xml' };
      return { response: new HttpResponse({ statusCode: status, headers, body: stream }) };
    },
  } as unknown as NonNullable<S3ClientConfig['requestHandler']>;
  const client = new S3Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler,
    maxAttempts: 1,
  });
  return { client, bodies };
}

const empty = '<?xml version="1.0"?><Empty/>';
const Bucket = 'bucket';
const Key = 'key';
const oddKey = 'a b&<c>"\'+%/é\n\r\u2028😀';

describe('what the client sends', () => {
  it('to delete', async () => {
    const { client, bodies } = clientAnsweredWith(empty);
    const Objects = [{ Key: oddKey }, { Key: 'b', VersionId: 'v1' }];
    await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    expect(readDelete(bodies[0]!)).toEqual({
      quiet: true,
      objects: [{ key: oddKey }, { key: 'b', versionId: 'v1' }],
    });
  });

  it('to complete an upload', async () => {
    const { client, bodies } = clientAnsweredWith(empty);
    const Parts = [
      { PartNumber: 2, ETag: '"abc"', ChecksumCRC32: 'AAAAAA==' },
      { PartNumber: 3, ETag: 'd' },
    ];
    await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId: 'u', MultipartUpload: { Parts } }));
    expect(readCompleteMultipartUpload(bodies[0]!)).toEqual([
      { partNumber: 2, etag: 'abc', checksums: { ChecksumCRC32: 'AAAAAA==' } },
      { partNumber: 3, etag: 'd', checksums: {} },
    ]);
  });

  it('to tag, to create and to configure', async () => {
    const { client, bodies } = clientAnsweredWith(empty);
    const TagSet = [{ Key: 'é', Value: 'a b' }];
    await client.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));
    expect(readTagging(bodies[0]!, 'object')).toEqual([{ key: 'é', value: 'a b' }]);
    const region = { LocationConstraint: 'eu-west-1' as const, Tags: TagSet };
    await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: region }));
    expect(readCreateBucketConfiguration(bodies[1]!)).toEqual({
      locationConstraint: 'eu-west-1',
      tags: [{ key: 'é', value: 'a b' }],
    });
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    expect(readVersioningConfiguration(bodies[2]!)).toEqual({ status: 'Enabled' });
    const CORSRules = [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }];
    await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
    checkConfiguration(bodies[3]!, 'CORSConfiguration');
    const Rules = [{ ID: 'x', Status: 'Enabled' as const, Filter: { Prefix: 'a' }, Expiration: { Days: 1 } }];
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    checkConfiguration(bodies[4]!, 'LifecycleConfiguration');
    const Grants = [{ Permission: 'READ' as const, Grantee: { Type: 'CanonicalUser' as const, ID: 'a' } }];
    await client.send(new PutBucketAclCommand({ Bucket, AccessControlPolicy: { Grants, Owner: { ID: 'a' } } }));
    checkConfiguration(bodies[5]!, 'AccessControlPolicy');
  });
});

const timeMs = Date.UTC(2024, 1, 29, 12, 30, 15, 250);
const LastModified = new Date(timeMs);
const object = {
  key: oddKey,
  etag: 'abc-2',
  sizeBytes: 2 ** 40,
  lastModifiedMs: timeMs,
  storageClass: 'STANDARD',
  owner: { id: 'o', displayName: 'owner' },
  checksumAlgorithms: ['CRC32'],
  checksumType: 'FULL_OBJECT',
};
const Contents = [
  {
    Key: oddKey,
    ETag: '"abc-2"',
    Size: 2 ** 40,
    LastModified,
    StorageClass: 'STANDARD',
    Owner: { ID: 'o', DisplayName: 'owner' },
    ChecksumAlgorithm: ['CRC32'],
    ChecksumType: 'FULL_OBJECT',
  },
];
const listing = {
  bucket: Bucket,
  prefix: 'a ',
  delimiter: '/',
  maxKeys: 5,
  isTruncated: true,
  commonPrefixes: ['a /'],
};
const Listed = {
  Name: Bucket,
  Prefix: 'a ',
  Delimiter: '/',
  MaxKeys: 5,
  IsTruncated: true,
  CommonPrefixes: [{ Prefix: 'a /' }],
};

describe('what the client reads', () => {
  it('of buckets', async () => {
    const document = writeListBuckets({
      owner: { id: 'o' },
      buckets: [
        { name: 'one', createdMs: timeMs, region: 'r' },
        { name: 'two', createdMs: timeMs },
      ],
      prefix: 'p',
      continuationToken: 't',
    });
    const answer = await clientAnsweredWith(document).client.send(new ListBucketsCommand({}));
    expect(answer).toMatchObject({
      Owner: { ID: 'o' },
      Buckets: [{ Name: 'one', CreationDate: LastModified, BucketRegion: 'r' }, { Name: 'two' }],
      Prefix: 'p',
      ContinuationToken: 't',
    });
  });

  it('of objects', async () => {
    const document = writeListObjects({ ...listing, objects: [object], marker: '', nextMarker: oddKey });
    const answer = await clientAnsweredWith(document).client.send(new ListObjectsCommand({ Bucket }));
    expect(answer).toMatchObject({ ...Listed, Contents, Marker: '', NextMarker: oddKey });
  });

  it('of objects, second version', async () => {
    const pages = { startAfter: 's', continuationToken: 'c', nextContinuationToken: 'n' };
    const document = writeListObjectsV2({ ...listing, objects: [object], ...pages });
    const answer = await clientAnsweredWith(document).client.send(new ListObjectsV2Command({ Bucket }));
    const told = { StartAfter: 's', ContinuationToken: 'c', NextContinuationToken: 'n', KeyCount: 2 };
    expect(answer).toMatchObject({ ...Listed, Contents, ...told });
  });

  it('of objects in its encoding', async () => {
    const document = writeListObjectsV2({ ...listing, encoding: 'url', objects: [object] });
    const answer = await clientAnsweredWith(document).client.send(new ListObjectsV2Command({ Bucket }));
    expect(answer.EncodingType).toBe('url');
    expect(decodeURIComponent(answer.Contents![0]!.Key!)).toBe(oddKey);
    expect(new URLSearchParams(`k=${answer.Contents![0]!.Key!}`).get('k')).toBe(oddKey);
    expect(answer.CommonPrefixes).toEqual([{ Prefix: 'a%20/' }]);
    expect(answer).toMatchObject({ Prefix: 'a%20', Delimiter: '/' });
  });

  it('of versions', async () => {
    const document = writeListObjectVersions({
      ...listing,
      versions: [
        { key: 'k', versionId: '2', isLatest: true, isDeleteMarker: true, lastModifiedMs: timeMs },
        { ...object, versionId: 'null', isLatest: false },
      ],
      keyMarker: 'm',
      versionIdMarker: 'v',
      nextKeyMarker: 'n',
      nextVersionIdMarker: 'w',
    });
    const answer = await clientAnsweredWith(document).client.send(new ListObjectVersionsCommand({ Bucket }));
    expect(answer).toMatchObject({
      ...Listed,
      Versions: [{ Key: oddKey, VersionId: 'null', IsLatest: false, ETag: '"abc-2"', Size: 2 ** 40 }],
      DeleteMarkers: [{ Key: 'k', VersionId: '2', IsLatest: true, LastModified }],
      KeyMarker: 'm',
      VersionIdMarker: 'v',
      NextKeyMarker: 'n',
      NextVersionIdMarker: 'w',
    });
  });

  it('of uploads and parts', async () => {
    const uploads = writeListMultipartUploads({
      bucket: Bucket,
      prefix: '',
      keyMarker: '',
      uploadIdMarker: '',
      nextKeyMarker: 'n',
      nextUploadIdMarker: 'u',
      maxUploads: 1,
      isTruncated: true,
      uploads: [{ key: oddKey, uploadId: 'u', initiatedMs: timeMs, storageClass: 'STANDARD', owner: { id: 'o' } }],
      commonPrefixes: [],
    });
    expect(await clientAnsweredWith(uploads).client.send(new ListMultipartUploadsCommand({ Bucket }))).toMatchObject({
      Bucket,
      NextKeyMarker: 'n',
      NextUploadIdMarker: 'u',
      MaxUploads: 1,
      IsTruncated: true,
      Uploads: [{ Key: oddKey, UploadId: 'u', Initiated: LastModified, Owner: { ID: 'o' }, Initiator: { ID: 'o' } }],
    });
    const checksums = { ChecksumCRC32: 'AAAAAA==' };
    const parts = writeListParts({
      bucket: Bucket,
      key: oddKey,
      uploadId: 'u',
      storageClass: 'STANDARD',
      partNumberMarker: 0,
      nextPartNumberMarker: 7,
      maxParts: 1,
      isTruncated: true,
      checksumAlgorithm: 'CRC32',
      checksumType: 'FULL_OBJECT',
      parts: [{ partNumber: 7, lastModifiedMs: timeMs, etag: 'e', sizeBytes: 5, checksums }],
    });
    const command = new ListPartsCommand({ Bucket, Key, UploadId: 'u' });
    expect(await clientAnsweredWith(parts).client.send(command)).toMatchObject({
      Key: oddKey,
      UploadId: 'u',
      NextPartNumberMarker: '7',
      IsTruncated: true,
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
      Parts: [{ PartNumber: 7, LastModified, ETag: '"e"', Size: 5, ...checksums }],
    });
  });

  it('of an upload begun and completed', async () => {
    const begun = writeInitiateMultipartUpload({ bucket: Bucket, key: oddKey, uploadId: 'u' });
    const command = new CreateMultipartUploadCommand({ Bucket, Key });
    expect(await clientAnsweredWith(begun).client.send(command)).toMatchObject({ Bucket, Key: oddKey, UploadId: 'u' });
    const checksums = { ChecksumSHA256: 'AA==' };
    const completed = { location: 'http://h/b/k', bucket: Bucket, key: oddKey, etag: 'e-2', checksums };
    const complete = new CompleteMultipartUploadCommand({ Bucket, Key, UploadId: 'u' });
    const document = writeCompleteMultipartUpload({ ...completed, checksumType: 'COMPOSITE' });
    expect(await clientAnsweredWith(document).client.send(complete)).toMatchObject({
      Location: 'http://h/b/k',
      Key: oddKey,
      ETag: '"e-2"',
      ChecksumSHA256: 'AA==',
      ChecksumType: 'COMPOSITE',
    });
  });

  it('of a copy', async () => {
    const document = writeCopyResult('CopyObjectResult', { lastModifiedMs: timeMs, etag: 'e' });
    const command = new CopyObjectCommand({ Bucket, Key, CopySource: 'b/k' });
    const answer = await clientAnsweredWith(document).client.send(command);
    expect(answer.CopyObjectResult).toMatchObject({ LastModified, ETag: '"e"' });
  });

  it('of what was deleted', async () => {
    const outcomes = [
      { key: oddKey, versionId: 'v' },
      { key: 'b', deleteMarker: true, deleteMarkerVersionId: 'm' },
      { key: 'c', versionId: 'w', error: s3Error('AccessDenied') },
    ];
    const command = new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } });
    const failed = { Key: 'c', VersionId: 'w', Code: 'AccessDenied', Message: 'Access Denied.' };
    const all = await clientAnsweredWith(writeDeleteResult(outcomes, false)).client.send(command);
    expect(all).toMatchObject({
      Deleted: [
        { Key: oddKey, VersionId: 'v' },
        { Key: 'b', DeleteMarker: true, DeleteMarkerVersionId: 'm' },
      ],
      Errors: [failed],
    });
    const quiet = await clientAnsweredWith(writeDeleteResult(outcomes, true)).client.send(command);
    expect(quiet.Deleted).toBeUndefined();
    expect(quiet.Errors).toEqual([failed]);
  });

  it('of tags, places, versioning and attributes', async () => {
    const tags = writeTagging([{ key: 'a', value: '' }]);
    const tagging = await clientAnsweredWith(tags).client.send(new GetObjectTaggingCommand({ Bucket, Key }));
    expect(tagging.TagSet).toEqual([{ Key: 'a', Value: '' }]);
    const place = async (region: string) => {
      const { client } = clientAnsweredWith(writeLocationConstraint(region));
      return (await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint;
    };
    expect(await place('eu-west-1')).toBe('eu-west-1');
    expect((await place('us-east-1')) || undefined).toBeUndefined();
    const versioning = async (status?: 'Enabled' | 'Suspended') => {
      const { client } = clientAnsweredWith(writeVersioningConfiguration(status));
      return (await client.send(new GetBucketVersioningCommand({ Bucket }))).Status;
    };
    expect(await versioning('Suspended')).toBe('Suspended');
    expect(await versioning()).toBeUndefined();
    const attributes = writeObjectAttributes({
      etag: 'e',
      checksums: { ChecksumCRC32: 'AAAAAA==' },
      checksumType: 'FULL_OBJECT',
      parts: { totalPartsCount: 2, maxParts: 1, isTruncated: true, parts: [{ partNumber: 1, sizeBytes: 5 }] },
      storageClass: 'STANDARD',
      sizeBytes: 10,
    });
    const command = new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['ETag'] });
    expect(await clientAnsweredWith(attributes).client.send(command)).toMatchObject({
      ETag: 'e',
      Checksum: { ChecksumCRC32: 'AAAAAA==', ChecksumType: 'FULL_OBJECT' },
      ObjectParts: { TotalPartsCount: 2, MaxParts: 1, IsTruncated: true, Parts: [{ PartNumber: 1, Size: 5 }] },
      StorageClass: 'STANDARD',
      ObjectSize: 10,
    });
  });

  it('of an error', async () => {
    const error = s3Error('NoSuchKey', { Key: oddKey });
    const document = errorDocument(error, { requestId: 'R', hostId: 'H' });
    const { client } = clientAnsweredWith(document, error.status);
    await expect(client.send(new GetObjectTaggingCommand({ Bucket, Key }))).rejects.toMatchObject({
      name: 'NoSuchKey',
      message: 'The specified key does not exist.',
      Key: oddKey,
      RequestId: 'R',
      HostId: 'H',
    });
  });
});
