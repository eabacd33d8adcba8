import { SealpartError } from '../../errors.ts';
import type { ObjectHead, WriteCondition } from '../../objects/object-store.ts';
import { evaluateWrite, readWriteConditions } from '../../s3-protocol/conditions/write-conditions.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import type { OperationCall } from '../operation-call.ts';
import { describeObject } from '../reading/describe-object.ts';

/**
 * What the store is asked to make sure of, so that what a client asks of the object that it replaces holds at the moment
 * of the write. A client names it by the ETag that it was told; the store by its own.
 *
 * @throws S3Error PreconditionFailed, NoSuchKey, or NotImplemented for what the store cannot make sure of
 */
export async function putCondition(call: OperationCall, signal: AbortSignal): Promise<WriteCondition> {
  const { ground, route, key } = call;
  const conditions = readWriteConditions(route.headers);
  if (conditions.kind === 'none') return {};
  const { conditionalPut, conditionalComplete } = ground.store.limits;
  if (!conditionalPut || !conditionalComplete) {
    // One that ignores conditions would answer that nothing was overwritten, and overwrite.
    throw s3Error('NotImplemented', { Header: conditions.kind === 'absent' ? 'If-None-Match' : 'If-Match' });
  }
  if (conditions.kind === 'absent') return { ifNoneMatch: '*' };
  const head = await headOf(call, signal);
  const told = head === undefined || conditions.etags === '*' ? head : await describe(call, head, signal);
  evaluateWrite(conditions, told, key);
  return { ifMatch: head!.etag };
}

async function headOf({ ground, bucket, key }: OperationCall, signal: AbortSignal): Promise<ObjectHead | undefined> {
  try {
    return await ground.store.head({ bucket, key, withTags: false }, signal);
  } catch (error) {
    if (error instanceof SealpartError && error.code === 'not-found' && error.missing !== 'bucket') return undefined;
    throw error;
  }
}

function describe({ ground, bucket, key }: OperationCall, head: ObjectHead, signal: AbortSignal) {
  return describeObject(ground, { bucket, key }, head, signal);
}
