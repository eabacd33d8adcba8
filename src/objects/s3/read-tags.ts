import { GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import { objectLabel } from '../directory/names.ts';
import type { ObjectName } from '../object-store.ts';
import type { S3Ground } from './store-ground.ts';

/** The tags of an object that was said to have so many: asks for them only if there are some. */
export async function readTags(
  ground: S3Ground,
  name: ObjectName,
  told: { readonly TagCount?: number | undefined; readonly VersionId?: string | undefined },
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  if (told.TagCount === undefined || told.TagCount === 0) return {};
  const version = told.VersionId === undefined ? {} : { VersionId: told.VersionId };
  const input = { Bucket: name.bucket, Key: name.key, ...version };
  const { TagSet } = await ground.caller.run(signal, {
    doing: `read the tags of ${objectLabel(name)}`,
    subject: name,
    changes: false,
    send: (client, abortSignal) => client.send(new GetObjectTaggingCommand(input), { abortSignal }),
  });
  return Object.fromEntries((TagSet ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
}
