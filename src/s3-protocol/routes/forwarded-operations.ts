import { type Operation, type OperationWords, operation } from './operation.ts';

const grants = [
  'x-amz-acl',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
];
const lockToken = 'x-amz-bucket-object-lock-token';

/** A question about the configuration of a bucket. */
function asked(name: string, selectors: string): Operation {
  return operation([name, 'GET', 'bucket', selectors], 'forwarded', { access: 'read' });
}

/** A change of the configuration of a bucket, told by a document. */
function changed(name: string, selectors: string, root: string, headers: readonly string[] = []): Operation {
  const words: OperationWords = [name, 'PUT', 'bucket', selectors];
  return operation(words, 'forwarded', { access: 'admin', headers, body: { kind: 'xml', root } });
}

function removed(name: string, selectors: string): Operation {
  return operation([name, 'DELETE', 'bucket', selectors], 'forwarded', { access: 'admin' });
}

/**
 * What a store behind is asked for by name. None of them carries object data, and what changes who may do what, or for
 * how long something must stay, is for admins.
 */
export const forwardedOperations: readonly Operation[] = [
  operation(['CreateBucket', 'PUT', 'bucket'], 'forwarded', {
    access: 'admin',
    headers: [...grants, 'x-amz-bucket-object-lock-enabled', 'x-amz-object-ownership'],
    body: { kind: 'xml', root: 'CreateBucketConfiguration', mayBeEmpty: true },
  }),
  operation(['DeleteBucket', 'DELETE', 'bucket'], 'forwarded', { access: 'admin' }),
  operation(['HeadBucket', 'HEAD', 'bucket'], 'forwarded', { access: 'read' }),
  asked('GetBucketLocation', 'location'),

  asked('GetBucketAccelerateConfiguration', 'accelerate'),
  changed('PutBucketAccelerateConfiguration', 'accelerate', 'AccelerateConfiguration'),
  asked('GetBucketCors', 'cors'),
  changed('PutBucketCors', 'cors', 'CORSConfiguration'),
  removed('DeleteBucketCors', 'cors'),
  asked('GetBucketEncryption', 'encryption'),
  changed('PutBucketEncryption', 'encryption', 'ServerSideEncryptionConfiguration'),
  removed('DeleteBucketEncryption', 'encryption'),
  asked('GetBucketLifecycleConfiguration', 'lifecycle'),
  changed('PutBucketLifecycleConfiguration', 'lifecycle', 'LifecycleConfiguration', [
    'x-amz-transition-default-minimum-object-size',
  ]),
  removed('DeleteBucketLifecycle', 'lifecycle'),
  asked('GetBucketLogging', 'logging'),
  changed('PutBucketLogging', 'logging', 'BucketLoggingStatus'),
  asked('GetBucketNotificationConfiguration', 'notification'),
  changed('PutBucketNotificationConfiguration', 'notification', 'NotificationConfiguration', [
    'x-amz-skip-destination-validation',
  ]),
  asked('GetBucketOwnershipControls', 'ownershipControls'),
  changed('PutBucketOwnershipControls', 'ownershipControls', 'OwnershipControls'),
  removed('DeleteBucketOwnershipControls', 'ownershipControls'),
  asked('GetBucketReplication', 'replication'),
  changed('PutBucketReplication', 'replication', 'ReplicationConfiguration', [lockToken]),
  removed('DeleteBucketReplication', 'replication'),
  asked('GetBucketRequestPayment', 'requestPayment'),
  changed('PutBucketRequestPayment', 'requestPayment', 'RequestPaymentConfiguration'),
  asked('GetBucketTagging', 'tagging'),
  changed('PutBucketTagging', 'tagging', 'Tagging'),
  removed('DeleteBucketTagging', 'tagging'),
  asked('GetBucketVersioning', 'versioning'),
  changed('PutBucketVersioning', 'versioning', 'VersioningConfiguration', ['x-amz-mfa']),
  asked('GetObjectLockConfiguration', 'object-lock'),
  changed('PutObjectLockConfiguration', 'object-lock', 'ObjectLockConfiguration', [lockToken]),
  asked('GetPublicAccessBlock', 'publicAccessBlock'),
  changed('PutPublicAccessBlock', 'publicAccessBlock', 'PublicAccessBlockConfiguration'),
  removed('DeletePublicAccessBlock', 'publicAccessBlock'),

  asked('GetBucketAcl', 'acl'),
  operation(['PutBucketAcl', 'PUT', 'bucket', 'acl'], 'forwarded', {
    access: 'admin',
    headers: grants,
    body: { kind: 'xml', root: 'AccessControlPolicy', mayBeEmpty: true },
  }),
  asked('GetBucketPolicy', 'policy'),
  asked('GetBucketPolicyStatus', 'policyStatus'),
  operation(['PutBucketPolicy', 'PUT', 'bucket', 'policy'], 'forwarded', {
    access: 'admin',
    headers: ['x-amz-confirm-remove-self-bucket-access'],
    body: { kind: 'json' },
  }),
  removed('DeleteBucketPolicy', 'policy'),

  operation(['GetObjectAcl', 'GET', 'object', 'acl'], 'forwarded', { access: 'read', query: ['versionId'] }),
  operation(['PutObjectAcl', 'PUT', 'object', 'acl'], 'forwarded', {
    access: 'admin',
    query: ['versionId'],
    headers: grants,
    body: { kind: 'xml', root: 'AccessControlPolicy', mayBeEmpty: true },
  }),
  operation(['GetObjectLegalHold', 'GET', 'object', 'legal-hold'], 'forwarded', {
    access: 'read',
    query: ['versionId'],
  }),
  operation(['PutObjectLegalHold', 'PUT', 'object', 'legal-hold'], 'forwarded', {
    access: 'admin',
    query: ['versionId'],
    body: { kind: 'xml', root: 'LegalHold' },
  }),
  operation(['GetObjectRetention', 'GET', 'object', 'retention'], 'forwarded', {
    access: 'read',
    query: ['versionId'],
  }),
  operation(['PutObjectRetention', 'PUT', 'object', 'retention'], 'forwarded', {
    access: 'admin',
    query: ['versionId'],
    headers: ['x-amz-bypass-governance-retention'],
    body: { kind: 'xml', root: 'Retention' },
  }),
  operation(['GetObjectTagging', 'GET', 'object', 'tagging'], 'forwarded', { access: 'read', query: ['versionId'] }),
  operation(['PutObjectTagging', 'PUT', 'object', 'tagging'], 'forwarded', {
    access: 'write',
    query: ['versionId'],
    body: { kind: 'xml', root: 'Tagging' },
  }),
  operation(['DeleteObjectTagging', 'DELETE', 'object', 'tagging'], 'forwarded', {
    access: 'write',
    query: ['versionId'],
  }),
];
