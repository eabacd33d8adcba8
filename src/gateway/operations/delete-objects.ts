import PQueue from 'p-queue';
import { throwIfAborted } from '../../errors.ts';
import { parseDeleteConditions } from '../../s3-protocol/conditions/write-conditions.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import { toS3Error } from '../../s3-protocol/errors/to-s3-error.ts';
import { checkKey, isReservedKey } from '../../s3-protocol/routes/names.ts';
import { type ObjectToDelete, readDelete } from '../../s3-protocol/xml/read-delete.ts';
import { type DeleteOutcome, writeDeleteResult } from '../../s3-protocol/xml/write-results.ts';
import type { GatewayAnswer } from '../http/gateway-answer.ts';
import type { OperationCall } from '../operation-call.ts';
import { bypassesGovernance } from './delete-object.ts';
import { mostDeleteBytes, readDocument } from './read-document.ts';
import { removeObject } from './remove-object.ts';
import { xmlAnswer } from './xml-answer.ts';

/** Objects that are removed at one time. */
const concurrency = 16;

/** DeleteObjects: each object by itself, and what became of each is told. */
export async function deleteObjects(call: OperationCall, signal: AbortSignal): Promise<GatewayAnswer> {
  const { ground, bucket, route } = call;
  const { objects, quiet } = readDelete(await readDocument(call, signal, mostDeleteBytes));
  // A bucket that is not there is one error, not one for each of its objects.
  await ground.store.ask(
    { operation: 'HeadBucket', method: 'HEAD', bucket, query: new Map(), headers: {}, body: new Uint8Array(0) },
    signal,
  );
  const bypassGovernance = bypassesGovernance(route.headers);
  const queue = new PQueue({ concurrency });
  const outcomes = await queue.addAll(objects.map((object) => () => removeOne(call, object, bypassGovernance, signal)));
  throwIfAborted(signal);
  return xmlAnswer(writeDeleteResult(outcomes, quiet));
}

async function removeOne(
  call: OperationCall,
  object: ObjectToDelete,
  bypassGovernance: boolean,
  signal: AbortSignal,
): Promise<DeleteOutcome> {
  const { ground, bucket } = call;
  const { key, versionId } = object;
  try {
    checkKey(key);
    // Of each object by itself: who may lift locks in one place may not do so in another.
    const access = bypassGovernance ? 'admin' : 'write';
    if (isReservedKey(key) || !call.allows(access, bucket, key)) throw s3Error('AccessDenied');
    const conditions = parseDeleteConditions({ ...object, lastModifiedTime: object.lastModifiedTime });
    const removed = await removeObject(ground, { bucket, key, versionId, conditions, bypassGovernance }, signal);
    if (removed.deleteMarker !== true) return { key, versionId };
    const marker = removed.versionId === undefined ? {} : { deleteMarkerVersionId: removed.versionId };
    return { key, versionId, deleteMarker: true, ...marker };
  } catch (error) {
    if (signal.aborted) throw error;
    return { key, versionId, error: toS3Error(error, { bucket, key, versionId }) };
  }
}
