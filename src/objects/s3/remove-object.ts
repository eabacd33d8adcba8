import type { Removed, RemoveRequest } from '../bucket-store.ts';
import { objectLabel } from '../directory/names.ts';
import { quotedEtag } from './etag.ts';
import type { Failure } from './failure.ts';
import { versionOf } from './read-head.ts';
import { dropBody } from './signed/store-answer.ts';
import type { S3Ground } from './store-ground.ts';

/** Removes an object, or one version of it. */
export async function removeObject(ground: S3Ground, request: RemoveRequest, signal: AbortSignal): Promise<Removed> {
  const { bucket, key, versionId, ifMatch, bypassGovernance } = request;
  const label = objectLabel({ bucket, key });
  const headers: Record<string, string> = {};
  if (ifMatch !== undefined) headers['if-match'] = quotedEtag(ifMatch);
  if (bypassGovernance === true) headers['x-amz-bypass-governance-retention'] = 'true';
  return await ground.caller.run<Removed>(signal, {
    doing: versionId === undefined ? `delete ${label}` : `delete a version of ${label}`,
    subject: { bucket, key },
    changes: true,
    request: { method: 'DELETE', bucket, key, query: versionId === undefined ? {} : { versionId }, headers },
    read: async (answer) => {
      await dropBody(answer);
      const deleteMarker = answer.headers['x-amz-delete-marker'] === 'true';
      return { ...versionOf(answer.headers), ...(deleteMarker ? { deleteMarker } : {}) };
    },
    settle: (failure, afterDoubt) => (isGone(failure, request, afterDoubt) ? {} : undefined),
  });
}

/** True if what the store says of its absence is what was wanted. */
function isGone({ code }: Failure, { versionId, ifMatch }: RemoveRequest, afterDoubt: boolean): boolean {
  // Some stores say so where S3 says that it is done.
  if (code === 'NoSuchKey') return afterDoubt || (versionId === undefined && ifMatch === undefined);
  return code === 'NoSuchVersion' && afterDoubt;
}
