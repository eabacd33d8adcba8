import { SealpartError } from '../../errors.ts';
import { endedStates, type UploadItem, type UploadManifest } from '../../manifest/upload-manifest.ts';
import type { ObjectStore, WriteCondition } from '../../objects/object-store.ts';
import type { SeekableSource } from '../../sources/source.ts';
import { continueUpload, type PutResult } from '../put-object.ts';
import { machineOf, type RunOptions } from '../run-options.ts';
import { requireIntent, sourceDiffers, whyNotHere, whyNotResumable } from './find-pending.ts';
import { OwnedUpload, ownershipOf } from './owned-upload.ts';
import { orGiveBack, takeUp } from './take-up-pending.ts';
import type { UploadOptions } from './upload-options.ts';

export interface ResumeRequest extends RunOptions {
  /** The store of the upload, as its item's `storeName` says. */
  readonly store: ObjectStore;
  readonly uploads: UploadOptions;
  /** The manifest's id of the upload. */
  readonly id: string;
  /** What the upload is of, opened again. Closed at the end. */
  readonly source: SeekableSource;
  /** What the upload was begun with unless told. */
  readonly condition?: WriteCondition | undefined;
}

/**
 * Goes on with an upload that an earlier run left, to its end.
 *
 * @throws SealpartError `not-found` if there is none of this id, or the store has lost it; `bad-parameters` if it cannot
 *   be gone on with; as putObject
 */
export async function resumeUpload(
  request: ResumeRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<PutResult> {
  const { store, uploads, id, source } = request;
  try {
    const item = await requireUpload(uploads.manifest, id, signal);
    requireStore(item, store);
    const reason = whyNotResumable(item, source.fingerprint) ?? whyNotHere(store);
    if (reason !== undefined) {
      throw new SealpartError(
        'bad-parameters',
        `The upload ${id} cannot be resumed: ${reason}. Abort it, and put again.`,
      );
    }
    const intent = requireIntent(item, store, uploads);
    if (source.fingerprint !== intent.source) throw sourceDiffers(item, intent, source.name, source.fingerprint);
    const condition = request.condition ?? intent.condition;
    const machine = machineOf(request);
    const target = { store, object: { bucket: item.bucket, key: item.key }, attributes: {}, condition };
    const owned = await OwnedUpload.takeOver(ownershipOf(uploads), item, signal);
    const pending = await orGiveBack(owned, () => takeUp(target, owned, source, uploads, machine.request, signal));
    if (pending === undefined) {
      throw new SealpartError(
        'not-found',
        `The store has lost the upload ${id} of ${item.bucket}/${item.key}: put its source again, to begin anew.`,
      );
    }
    return await continueUpload(request, target, machine, pending, signal);
  } finally {
    await source.close();
  }
}

/** An upload that has not ended, by its whole id. @throws SealpartError `not-found` */
export async function requireUpload(manifest: UploadManifest, id: string, signal: AbortSignal): Promise<UploadItem> {
  const item = await manifest.find(id, signal);
  if (item !== undefined && !endedStates.includes(item.state)) return item;
  throw new SealpartError(
    'not-found',
    `${manifest.name} knows of no unfinished upload ${id}. List them to see which there are.`,
  );
}

/** @throws SealpartError `bad-parameters` */
export function requireStore(item: UploadItem, store: ObjectStore): void {
  if (item.storeName === store.name) return;
  throw new SealpartError(
    'bad-parameters',
    `The upload ${item.id} is in ${item.storeName}, and ${store.name} was given: give the store that it is in.`,
  );
}
