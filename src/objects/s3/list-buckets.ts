import { SealpartError } from '../../errors.ts';
import type { BucketPage, ListedBucket } from '../bucket-store.ts';
import { readDocument } from './signed/read-document.ts';
import type { S3Ground } from './store-ground.ts';
import { childrenOf, textOf, timeOf } from './xml/fields.ts';

/** An account has thousands of buckets at the most, and pages have hundreds. */
const maxPages = 1000;

/**
 * The buckets of whoever asks. Few stores know of pages here, and some leave out what they are asked for: all buckets
 * are asked for, and what was not wanted is left out.
 */
export async function listBuckets(
  ground: S3Ground,
  request: { readonly prefix?: string; readonly startAfter?: string; readonly limit?: number },
  signal: AbortSignal,
): Promise<BucketPage> {
  const { prefix = '', startAfter = '', limit = Number.POSITIVE_INFINITY } = request;
  const found = (await allBuckets(ground, prefix, signal))
    .filter(({ name }) => name.startsWith(prefix) && name > startAfter)
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const buckets = found.slice(0, limit);
  const last = buckets.at(-1);
  return buckets.length < found.length && last !== undefined ? { buckets, next: last.name } : { buckets };
}

async function allBuckets(ground: S3Ground, prefix: string, signal: AbortSignal): Promise<ListedBucket[]> {
  const buckets: ListedBucket[] = [];
  let token: string | undefined;
  for (let pages = 0; pages < maxPages; pages++) {
    const query: Record<string, string> = {};
    if (prefix !== '') query.prefix = prefix;
    if (token !== undefined) query['continuation-token'] = token;
    const answer = await ground.caller.run(signal, {
      doing: 'list its buckets',
      subject: { bucket: '' },
      changes: false,
      request: { method: 'GET', bucket: '', query },
      read: (answered) => readDocument(answered, 'ListAllMyBucketsResult'),
    });
    for (const bucket of childrenOf(answer, 'Buckets').flatMap((all) => childrenOf(all, 'Bucket'))) {
      buckets.push({ name: textOf(bucket, 'Name') ?? '', createdMs: timeOf(bucket, 'CreationDate') });
    }
    const next = textOf(answer, 'ContinuationToken') || undefined;
    if (next === undefined) return buckets;
    if (next === token) break;
    token = next;
  }
  throw new SealpartError('store', `${ground.name} could not list its buckets: its list does not end.`);
}
