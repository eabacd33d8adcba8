import type { ObjectStore } from '../../objects/object-store.ts';
import { abandonUpload } from './abandon-upload.ts';
import { OwnedUpload, ownershipOf } from './owned-upload.ts';
import { requireStore, requireUpload } from './resume-upload.ts';
import { orGiveBack } from './take-up-pending.ts';
import type { UploadOptions } from './upload-options.ts';

export interface AbortRequest {
  /** The store of the upload, as its item's `storeName` says. */
  readonly store: ObjectStore;
  readonly uploads: Pick<UploadOptions, 'manifest' | 'hostKeys' | 'takeOver' | 'owner' | 'leaseMs' | 'clock'>;
  /** The manifest's id of the upload. */
  readonly id: string;
}

/**
 * Aborts an upload that an earlier run left: nothing of it stays in the store.
 *
 * @throws SealpartError `not-found` if there is none of this id, `owned` if its owner may be alive; what store and
 *   manifest throw: then it can be aborted again
 */
export async function abortUpload(
  { store, uploads, id }: AbortRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const item = await requireUpload(uploads.manifest, id, signal);
  requireStore(item, store);
  const owned = await OwnedUpload.takeOver(ownershipOf(uploads), item, signal);
  await orGiveBack(owned, () => abandonUpload(store, owned, item, uploads, signal));
}
