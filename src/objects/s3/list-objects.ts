import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { SealpartError } from '../../errors.ts';
import { quoted } from '../directory/names.ts';
import type { ListedObject, ListPage, ListRequest } from '../object-store.ts';
import { bareEtag } from './etag.ts';
import { keyDecoder } from './key-encoding.ts';
import type { S3Ground } from './store-ground.ts';

/** The most keys that S3 tells at once. */
const pageSize = 1000;
/** How many pages without a single key are looked through; a store may skip what was deleted. */
const maxEmptyPages = 100;

/**
 * One page of a bucket's objects.
 *
 * @throws SealpartError `store` if what the store lists does not come after what it was asked for: such a listing might
 *   never end
 */
export async function listObjects(ground: S3Ground, request: ListRequest, signal: AbortSignal): Promise<ListPage> {
  const { bucket, prefix = '', startAfter = '', limit = pageSize } = request;
  const doing = `list ${quoted(bucket)}`;
  const broken = (what: string) => new SealpartError('store', `${ground.name} could not ${doing}: ${what}.`);
  let token: string | undefined;
  for (let pages = 0; pages < maxEmptyPages; pages++) {
    const input = {
      Bucket: bucket,
      MaxKeys: Math.min(limit, pageSize),
      EncodingType: 'url' as const,
      ...(prefix === '' ? {} : { Prefix: prefix }),
      ...(startAfter === '' ? {} : { StartAfter: startAfter }),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    };
    const answer: ListObjectsV2CommandOutput = await ground.caller.run(signal, {
      doing,
      subject: { bucket },
      changes: false,
      send: (client, abortSignal) => client.send(new ListObjectsV2Command(input), { abortSignal }),
    });
    const objects = readObjects(answer, startAfter, broken);
    const last = objects.at(-1);
    // Stores that leave out whether there is more leave out the token only at the end.
    const isTruncated = answer.IsTruncated ?? answer.NextContinuationToken !== undefined;
    if (last !== undefined) return isTruncated ? { objects, next: last.key } : { objects };
    if (!isTruncated) return { objects };
    const next = answer.NextContinuationToken;
    if (next === undefined || next === token) throw broken('it says that there is more, but not where to go on');
    token = next;
  }
  throw broken(`${maxEmptyPages} pages were empty, and it says that there is more`);
}

function readObjects(
  answer: ListObjectsV2CommandOutput,
  startAfter: string,
  broken: (what: string) => SealpartError,
): ListedObject[] {
  const decode = keyDecoder(answer.EncodingType, broken);
  let before = Buffer.from(startAfter);
  return (answer.Contents ?? []).map(({ Key, ETag, Size, LastModified }) => {
    if (Key === undefined || Size === undefined) throw broken('an object in its list has no key or no size');
    const key = decode(Key);
    const bytes = Buffer.from(key);
    if (Buffer.compare(before, bytes) >= 0) {
      throw broken(`its list is not in order, ${quoted(key)} comes after ${quoted(before.toString())}`);
    }
    before = bytes;
    return { key, etag: bareEtag(ETag ?? ''), sizeBytes: Size, lastModifiedMs: LastModified?.getTime() ?? 0 };
  });
}
