import { SealpartError } from '../../errors.ts';
import type { ObjectStore, UploadName } from '../../objects/object-store.ts';
import { isUploadMissing } from './upload-gone.ts';

const maxRounds = 5;

/**
 * Aborts an upload in the store, again until no part of it is left: a part whose sending was under way can arrive
 * behind an abort, and would take room for ever.
 *
 * @throws SealpartError `store` if parts keep turning up; what the store throws
 */
export async function abortStoredUpload(store: ObjectStore, upload: UploadName, signal: AbortSignal): Promise<void> {
  for (let round = 1; round <= maxRounds; round++) {
    try {
      await store.abortMultipart(upload, signal);
      if (!(await hasParts(store, upload, signal))) return;
    } catch (error) {
      if (isUploadMissing(error)) return;
      throw error;
    }
  }
  throw new SealpartError(
    'store',
    `Parts of the upload ${upload.uploadId} of ${upload.bucket}/${upload.key} are still stored after it was aborted ` +
      `${maxRounds} times: something is still sending to it. Abort it again when that has ended.`,
  );
}

async function hasParts(store: ObjectStore, upload: UploadName, signal: AbortSignal): Promise<boolean> {
  try {
    for await (const _part of store.listParts(upload, signal)) return true;
    return false;
  } catch (error) {
    // Who may abort may not always list: then the store's word for the abort has to do.
    if (error instanceof SealpartError && error.code === 'denied') return false;
    throw error;
  }
}
