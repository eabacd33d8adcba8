import { SealpartError } from '../../errors.ts';
import { objectLabel } from '../directory/names.ts';
import type { UploadName } from '../object-store.ts';
import { sameEtag } from './etag.ts';
import { askHead } from './head-object.ts';
import { listParts } from './list-parts.ts';
import type { S3Ground } from './store-ground.ts';

/**
 * Looks whether the object stands there that the store says it has made. Some say so of an upload that is gone, whatever
 * stands in its place; to believe them would be to lose an object.
 *
 * @throws SealpartError `not-found` if the upload is gone and something else stands there, or nothing: it was never
 *   completed, or what it became was replaced or deleted since
 */
export async function checkCompletion(
  ground: S3Ground,
  upload: UploadName,
  etag: string,
  signal: AbortSignal,
): Promise<void> {
  const found = await findEtag(ground, upload, signal);
  if (found === 'unknown' || (found !== undefined && sameEtag(found, etag))) return;
  const there = found === undefined ? 'nothing stands there' : `an object with the ETag ${found} stands there`;
  const said = `${ground.name} says that it has completed ${objectLabel(upload)} with the ETag ${etag}, but ${there}`;
  const why = 'another write came right behind, or the upload was gone before (NoSuchUpload)';
  throw new SealpartError('not-found', `${said}: ${why}; look at what stands there.`);
}

/** `unknown` where it cannot be looked at: whoever may write may not always read. */
async function findEtag(
  ground: S3Ground,
  { bucket, key }: UploadName,
  signal: AbortSignal,
): Promise<string | 'unknown' | undefined> {
  try {
    const { etag } = await askHead(ground, { bucket, key }, signal);
    return etag ?? 'unknown';
  } catch (error) {
    if (!(error instanceof SealpartError) || error.code === 'aborted') throw error;
    return error.code === 'not-found' ? undefined : 'unknown';
  }
}

/**
 * The error to tell of a completion that failed. Where the store did not say why, it is asked whether there still is
 * such an upload: some only say that something went wrong inside.
 */
export async function explainRefusal(
  ground: S3Ground,
  upload: UploadName,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof SealpartError && error.code === 'store')) return error;
  try {
    for await (const _ of listParts(ground, upload, signal)) break;
    return error;
  } catch (listing) {
    if (!(listing instanceof SealpartError && listing.code === 'not-found')) return error;
    return new SealpartError('not-found', listing.message, { cause: error });
  }
}
