import { SealpartError } from '../../errors.ts';
import type { Removed } from '../../objects/bucket-store.ts';
import {
  type DeleteConditions,
  evaluateDelete,
  isUnconditional,
} from '../../s3-protocol/conditions/write-conditions.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import type { GatewayGround } from '../gateway-ground.ts';
import { describeObject } from '../reading/describe-object.ts';
import { forgetObject } from '../reading/forget-object.ts';

export interface Removal {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
  /** What the client asks of the object, by the ETag and the size that it was told. */
  readonly conditions: DeleteConditions;
  readonly bypassGovernance: boolean;
}

/**
 * Removes an object, or one version of it. Conditions are judged by what clients are told of the object, and the store
 * then removes that state of it and no other.
 *
 * @throws S3Error PreconditionFailed, NoSuchKey for a condition on what is not there; what the store throws
 */
export async function removeObject(ground: GatewayGround, removal: Removal, signal: AbortSignal): Promise<Removed> {
  const { bucket, key, versionId, conditions, bypassGovernance } = removal;
  const request = { bucket, key, versionId, bypassGovernance };
  forgetObject(ground, bucket, key);
  if (isUnconditional(conditions)) return ground.store.remove(request, signal);
  // A store that does not heed the condition would remove what came there meanwhile.
  if (!ground.store.limits.conditionalPut) throw s3Error('NotImplemented', { Header: 'If-Match' });
  const head = await existingHead(ground, removal, signal);
  const { etag, sizeBytes } = await describeObject(ground, { bucket, key }, head, signal);
  evaluateDelete(conditions, { etag, sizeBytes, lastModifiedMs: head.lastModifiedMs });
  return ground.store.remove({ ...request, ifMatch: head.etag }, signal);
}

async function existingHead(ground: GatewayGround, { bucket, key, versionId }: Removal, signal: AbortSignal) {
  try {
    return await ground.store.head(
      { bucket, key, withTags: false, ...(versionId === undefined ? {} : { versionId }) },
      signal,
    );
  } catch (error) {
    if (error instanceof SealpartError && error.code === 'not-found' && error.missing !== 'bucket') {
      throw s3Error('NoSuchKey', { Key: key }, error);
    }
    throw error;
  }
}
