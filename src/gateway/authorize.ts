import { s3Error } from '../s3-protocol/errors/s3-error.ts';
import type { Route } from '../s3-protocol/routes/route-request.ts';
import { headerValues } from '../s3-protocol/signature/raw-request.ts';
import type { AccessKeys } from './access/access-keys.ts';
import { mayRequest } from './access/may-request.ts';

/**
 * Lets a request pass that its access key is good for.
 *
 * @param accessKeyId undefined for a request without a signature.
 * @param ownerId whom the buckets belong to: a client that expects another one gets nothing.
 * @throws S3Error AccessDenied
 */
export function authorize(
  { operation, target, access, headers }: Route,
  accessKeyId: string | undefined,
  accessKeys: AccessKeys,
  ownerId: string,
): void {
  const expectedOwner = headerValues({ headers }, 'x-amz-expected-bucket-owner')[0]?.trim();
  if (expectedOwner !== undefined && expectedOwner !== ownerId) throw s3Error('AccessDenied');
  // What the request needs, not what its operation does: a header can ask for more.
  if (!mayRequest(accessKeys, accessKeyId, { ...operation, access }, target)) throw s3Error('AccessDenied');
}
