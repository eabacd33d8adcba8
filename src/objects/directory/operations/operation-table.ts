import { getBucketAcl, getObjectAcl, putBucketAcl, putObjectAcl } from './acls.ts';
import { deleteDocument, getDocument, putDocument } from './bucket-documents.ts';
import { createBucket, deleteBucket, getBucketLocation, headBucket } from './buckets.ts';
import { alwaysSo, neverThere, nothingToDelete, notObeyed } from './fixed-answers.ts';
import { bucketCors, bucketOwnership, bucketTagging, publicAccessBlock } from './kept-documents.ts';
import type { NamedOperation } from './named-operation.ts';
import { objectLock, putLockConfiguration } from './object-locks.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './object-tags.ts';
import { checkVersioning } from './versioning-document.ts';

const noPolicy = neverThere('NoSuchBucketPolicy', 'The bucket policy does not exist');

/** Operations on objects, which must name one. */
export const objectOperations: Readonly<Record<string, NamedOperation>> = {
  GetObjectAcl: getObjectAcl,
  PutObjectAcl: putObjectAcl,
  GetObjectLegalHold: objectLock,
  PutObjectLegalHold: objectLock,
  GetObjectRetention: objectLock,
  PutObjectRetention: objectLock,
  GetObjectTagging: getObjectTagging,
  PutObjectTagging: putObjectTagging,
  DeleteObjectTagging: deleteObjectTagging,
};

/** Operations on buckets. What would be kept and not obeyed is refused. */
export const bucketOperations: Readonly<Record<string, NamedOperation>> = {
  CreateBucket: createBucket,
  DeleteBucket: deleteBucket,
  HeadBucket: headBucket,
  GetBucketLocation: getBucketLocation,

  GetBucketAccelerateConfiguration: alwaysSo('AccelerateConfiguration'),
  PutBucketAccelerateConfiguration: notObeyed(),
  GetBucketAcl: getBucketAcl,
  PutBucketAcl: putBucketAcl,
  GetBucketCors: getDocument(bucketCors),
  PutBucketCors: putDocument(bucketCors),
  DeleteBucketCors: deleteDocument(bucketCors),
  GetBucketEncryption: neverThere(
    'ServerSideEncryptionConfigurationNotFoundError',
    'The server side encryption configuration was not found',
  ),
  PutBucketEncryption: notObeyed(),
  DeleteBucketEncryption: nothingToDelete(),
  GetBucketLifecycleConfiguration: neverThere(
    'NoSuchLifecycleConfiguration',
    'The lifecycle configuration does not exist',
  ),
  PutBucketLifecycleConfiguration: notObeyed(),
  DeleteBucketLifecycle: nothingToDelete(),
  GetBucketLogging: alwaysSo('BucketLoggingStatus'),
  PutBucketLogging: notObeyed(),
  GetBucketNotificationConfiguration: alwaysSo('NotificationConfiguration'),
  PutBucketNotificationConfiguration: notObeyed(),
  GetBucketOwnershipControls: getDocument(bucketOwnership),
  PutBucketOwnershipControls: putDocument(bucketOwnership),
  DeleteBucketOwnershipControls: deleteDocument(bucketOwnership),
  GetBucketPolicy: noPolicy,
  GetBucketPolicyStatus: noPolicy,
  PutBucketPolicy: notObeyed(),
  DeleteBucketPolicy: nothingToDelete(),
  GetBucketReplication: neverThere(
    'ReplicationConfigurationNotFoundError',
    'The replication configuration was not found',
  ),
  PutBucketReplication: notObeyed(),
  DeleteBucketReplication: nothingToDelete(),
  GetBucketRequestPayment: alwaysSo('RequestPaymentConfiguration', '<Payer>BucketOwner</Payer>'),
  PutBucketRequestPayment: notObeyed(),
  GetBucketTagging: getDocument(bucketTagging),
  PutBucketTagging: putDocument(bucketTagging),
  DeleteBucketTagging: deleteDocument(bucketTagging),
  GetBucketVersioning: alwaysSo('VersioningConfiguration'),
  PutBucketVersioning: notObeyed(checkVersioning),
  GetObjectLockConfiguration: neverThere(
    'ObjectLockConfigurationNotFoundError',
    'Object Lock configuration does not exist for this bucket',
  ),
  PutObjectLockConfiguration: putLockConfiguration,
  GetPublicAccessBlock: getDocument(publicAccessBlock),
  PutPublicAccessBlock: putDocument(publicAccessBlock),
  DeletePublicAccessBlock: deleteDocument(publicAccessBlock),
};
