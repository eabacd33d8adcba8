import { readDeleteConditions } from '../../s3-protocol/conditions/write-conditions.ts';
import { readVersionId } from '../../s3-protocol/routes/query-values.ts';
import { type HeaderField, headerValues } from '../../s3-protocol/signature/raw-request.ts';
import type { GatewayAnswer } from '../http/gateway-answer.ts';
import type { OperationCall } from '../operation-call.ts';
import { removeObject } from './remove-object.ts';

/** DeleteObject: of what is not there as well. */
export async function deleteObject(call: OperationCall, signal: AbortSignal): Promise<GatewayAnswer> {
  const { ground, bucket, key, route } = call;
  const removed = await removeObject(
    ground,
    {
      bucket,
      key,
      versionId: readVersionId(route.target.query),
      conditions: readDeleteConditions(route.headers),
      bypassGovernance: bypassesGovernance(route.headers),
    },
    signal,
  );
  const headers: HeaderField[] = [];
  if (removed.versionId !== undefined) headers.push(['x-amz-version-id', removed.versionId]);
  if (removed.deleteMarker === true) headers.push(['x-amz-delete-marker', 'true']);
  return { status: 204, headers };
}

/** True if a lock that may be lifted is to be; the route has demanded an access key that may. */
export function bypassesGovernance(headers: readonly HeaderField[]): boolean {
  const [value] = headerValues({ headers }, 'x-amz-bypass-governance-retention');
  return value?.trim().toLowerCase() === 'true';
}
