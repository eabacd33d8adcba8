import type { Operation } from '../../s3-protocol/routes/operation.ts';
import type { RequestTarget } from '../../s3-protocol/routes/request-target.ts';
import type { AccessKeys } from './access-keys.ts';

/** Listings are judged by what they begin with, so that a key for some keys of a bucket lists those. */
const listings: ReadonlySet<string> = new Set([
  'ListObjects',
  'ListObjectsV2',
  'ListObjectVersions',
  'ListMultipartUploads',
]);
/** What says no more than that the bucket is there, and where: clients ask it before anything else. */
const presence: ReadonlySet<string> = new Set(['HeadBucket', 'GetBucketLocation']);

/**
 * True if a key may ask for an operation. Of ListBuckets the answer is to be cut down to `visibleBucket`; of
 * DeleteObjects each object is to be judged by itself.
 */
export function mayRequest(
  accessKeys: AccessKeys,
  id: string | undefined,
  { name, access }: Operation,
  { bucket, key, query }: RequestTarget,
): boolean {
  if (access === 'none') return true;
  if (bucket === undefined) return accessKeys.isKnown(id);
  if (listings.has(name)) return accessKeys.allowsListing(id, bucket, query.get('prefix') ?? '');
  if (presence.has(name)) return accessKeys.visibleBucket(id, bucket);
  if (name === 'DeleteObjects') return accessKeys.reaches(id, access, bucket);
  return accessKeys.allows(id, access, bucket, key);
}
