import { assert } from '../../assert.ts';
import type { PartRecord } from '../../crypto/manifest-records.ts';
import { SealpartError } from '../../errors.ts';
import type { UploadName } from '../../objects/object-store.ts';
import type { SealedStream } from '../seal-stream.ts';
import { mayHaveHappened, type UploadTarget } from './part-sender.ts';
import { type ExpectedObject, settleObject } from './settle-object.ts';
import type { UploadJournal } from './upload-journal.ts';
import { storedLength } from './upload-parts.ts';

export type Completed = { readonly etag: string } | 'parts-differ' | 'conflict';

/** The object that these parts make. */
export function expectedObject({ header }: SealedStream, parts: readonly PartRecord[]): ExpectedObject {
  const last = parts.at(-1)?.segments[0];
  assert(last !== undefined, 'an object is made of parts');
  const sizeBytes = parts.reduce((sum, part) => sum + storedLength(part, header.bytes.length), 0);
  const offset = sizeBytes - last.totalLength;
  return { header: header.bytes, sizeBytes, final: { segmentIndex: last.segmentIndex, offset, salt: last.salt } };
}

/**
 * Makes the object of its parts. An answer that was lost is settled by looking at the object.
 *
 * @returns `parts-differ` if the store holds other parts than these; `conflict` if another write was in the way and
 *   the store wants the upload to begin anew
 * @throws SealpartError `conflict` if the upload is gone and the object is somebody else's; `precondition`; what the
 *   store throws if it is not known whether the object was made
 */
export async function completeUpload(
  target: UploadTarget,
  upload: UploadName,
  stream: SealedStream,
  parts: readonly PartRecord[],
  journal: UploadJournal,
  signal: AbortSignal,
): Promise<Completed> {
  const { store, object, condition } = target;
  await journal.completing(signal);
  try {
    return await store.completeMultipart(upload, parts, condition, signal);
  } catch (error) {
    if (!(error instanceof SealpartError)) throw error;
    if (error.code === 'invalid-part') return 'parts-differ';
    if (error.code === 'conflict') return 'conflict';
    if (!mayHaveHappened(error) && error.code !== 'not-found') throw error;
    const [made] = await Promise.allSettled([settleObject(store, object, expectedObject(stream, parts), signal)]);
    if (made.status === 'fulfilled' && made.value !== undefined) return { etag: made.value.etag };
    throw error.code === 'not-found' && made.status === 'fulfilled' ? goneWithoutObject(upload, error) : error;
  }
}

/** The upload has ended, and not by making our object: that name now belongs to whoever wrote it. */
export function goneWithoutObject({ bucket, key, uploadId }: UploadName, cause?: unknown): SealpartError {
  return new SealpartError(
    'conflict',
    `The store has no upload ${uploadId} any more, and what stands at ${bucket}/${key} is not what it was to make: ` +
      'somebody else completed or aborted it, or wrote there since. Nothing was changed; put again to begin anew.',
    { cause },
  );
}
