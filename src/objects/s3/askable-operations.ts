/**
 * What a store may be asked for by its name. Stores pass over what they do not know in a query, and take such a request
 * for the one that is left of it: a new kind of configuration would make a bucket, or delete one.
 */
const askable: ReadonlySet<string> = new Set([
  'CreateBucket',
  'DeleteBucket',
  'HeadBucket',
  'GetBucketLocation',
  ...configurations('Bucket', 'GetPut', [
    'AccelerateConfiguration',
    'Acl',
    'Logging',
    'NotificationConfiguration',
    'RequestPayment',
    'Versioning',
  ]),
  ...configurations('Bucket', 'GetPutDelete', [
    'Cors',
    'Encryption',
    'OwnershipControls',
    'Policy',
    'Replication',
    'Tagging',
  ]),
  'GetBucketLifecycleConfiguration',
  'PutBucketLifecycleConfiguration',
  'DeleteBucketLifecycle',
  'GetBucketPolicyStatus',
  ...configurations('', 'GetPut', ['ObjectLockConfiguration']),
  ...configurations('', 'GetPutDelete', ['PublicAccessBlock']),
  ...configurations('Object', 'GetPut', ['Acl', 'LegalHold', 'Retention']),
  ...configurations('Object', 'GetPutDelete', ['Tagging']),
]);

function configurations(level: string, verbs: 'GetPut' | 'GetPutDelete', names: readonly string[]): string[] {
  const each = verbs === 'GetPut' ? ['Get', 'Put'] : ['Get', 'Put', 'Delete'];
  return names.flatMap((name) => each.map((verb) => `${verb}${level}${name}`));
}

/** True if the request that stands for this operation is that operation for every store, or none. */
export function isAskable(operation: string): boolean {
  return askable.has(operation);
}
