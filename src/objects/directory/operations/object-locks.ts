import { refused } from '../refusals.ts';
import { type NamedOperation, viewBucket } from './named-operation.ts';

/** Of locks on an object, which none can have in a bucket without a configuration of them. */
export const objectLock: NamedOperation = (call) =>
  viewBucket(call, (catalogue) => {
    catalogue.requireObject(call.name);
    throw refused('InvalidRequest', 'Bucket is missing Object Lock Configuration');
  });

/** S3 demands versions of a bucket that is to have locks, and none here keeps any. */
export const putLockConfiguration: NamedOperation = (call) =>
  viewBucket(call, () => {
    const reason = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration";
    throw refused('InvalidBucketState', reason);
  });
