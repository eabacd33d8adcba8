import { objectLabel } from '../directory/names.ts';
import type { HeadRequest } from '../object-store.ts';
import type { ToldTags } from './read-head.ts';
import { versionOf } from './read-head.ts';
import { readDocument } from './signed/read-document.ts';
import type { S3Ground } from './store-ground.ts';
import { childrenOf, textOf } from './xml/fields.ts';

/**
 * The tags of an object, of which an answer about it tells only how many there are: asks for them if there are some and
 * somebody wants them.
 *
 * @param answered - The headers of that answer.
 */
export async function readTags(
  ground: S3Ground,
  { bucket, key, withTags = true }: HeadRequest,
  answered: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ToldTags> {
  const count = Number(answered['x-amz-tagging-count'] ?? '0');
  const tagCount = Number.isSafeInteger(count) && count > 0 ? count : 0;
  if (!withTags) return { tags: {}, tagCount };
  if (tagCount === 0) return { tags: {} };
  const { versionId } = versionOf(answered);
  const tags = await ground.caller.run(signal, {
    doing: `read the tags of ${objectLabel({ bucket, key })}`,
    subject: { bucket, key },
    changes: false,
    request: { method: 'GET', bucket, key, query: { tagging: '', ...(versionId === undefined ? {} : { versionId }) } },
    read: async (answer) => {
      const root = await readDocument(answer, 'Tagging');
      const listed = childrenOf(root, 'TagSet').flatMap((set) => childrenOf(set, 'Tag'));
      return listed.map((tag): [string, string] => [textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? '']);
    },
  });
  return { tags: Object.fromEntries(tags) };
}
