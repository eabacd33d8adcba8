import { objectLabel } from '../directory/names.ts';
import type { HeadRequest, ObjectHead } from '../object-store.ts';
import { headOf, lengthOf } from './read-head.ts';
import { readTags } from './read-tags.ts';
import { dropBody } from './signed/store-answer.ts';
import type { S3Ground } from './store-ground.ts';

/** Looks an object up. */
export async function headObject(ground: S3Ground, request: HeadRequest, signal: AbortSignal): Promise<ObjectHead> {
  const { bucket, key, versionId } = request;
  const label = objectLabel({ bucket, key });
  const headers = await askHead(ground, { bucket, key, ...(versionId === undefined ? {} : { versionId }) }, signal);
  const tags = await readTags(ground, request, headers, signal);
  return headOf(headers, lengthOf(headers), tags, { label, storeName: ground.name });
}

/** The headers of the answer to a HEAD. */
export async function askHead(
  ground: S3Ground,
  { bucket, key, versionId }: HeadRequest,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  return await ground.caller.run<Readonly<Record<string, string>>>(signal, {
    doing: `look up ${objectLabel({ bucket, key })}`,
    subject: { bucket, key },
    changes: false,
    request: { method: 'HEAD', bucket, key, query: versionId === undefined ? {} : { versionId } },
    read: async (answer) => {
      await dropBody(answer);
      return answer.headers;
    },
  });
}
