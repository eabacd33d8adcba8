import { assert } from '../assert.ts';
import { SealpartError } from '../errors.ts';
import type { NewUpload, UploadChange, UploadClaim, UploadItem } from './upload-manifest.ts';

/** The head of an upload that is entered. */
export function enteredUpload(upload: NewUpload, claim: UploadClaim, nowMs: number): UploadItem {
  const { owner, leaseUntilMs } = claim;
  return { ...upload, owner, leaseUntilMs, state: 'creating', epoch: 1, updatedMs: nowMs };
}

/** The head after its owner has changed it. */
export function changedUpload(found: UploadItem, change: UploadChange, nowMs: number): UploadItem {
  const { state = found.state, leaseUntilMs = found.leaseUntilMs, created } = change;
  // The same once more is what an owner sends whose first answer was lost.
  const isOnce = created === undefined || found.uploadId === undefined || found.uploadId === created.uploadId;
  assert(isOnce, 'an upload is created in the store once');
  return { ...found, ...created, state, leaseUntilMs, updatedMs: nowMs };
}

/** The head after another owner has taken it. */
export function takenOverUpload(found: UploadItem, claim: UploadClaim, nowMs: number): UploadItem {
  const { owner, leaseUntilMs } = claim;
  return { ...found, owner, leaseUntilMs, epoch: found.epoch + 1, updatedMs: nowMs };
}

/**
 * The head that a writer of this epoch may change.
 *
 * @throws SealpartError `not-found`, `owned`
 */
export function requireOwn(found: UploadItem | undefined, id: string, epoch: number, manifestName: string): UploadItem {
  if (found === undefined) throw noSuchUpload(id, manifestName);
  requireSameEpoch(found, id, epoch);
  return found;
}

/**
 * Compares the epoch of a head with a writer's. It is taken as it stands, since an entry that is damaged must not stay
 * for ever.
 *
 * @throws SealpartError `owned`
 */
export function requireSameEpoch(
  found: { readonly epoch: unknown; readonly owner: unknown },
  id: string,
  epoch: number,
): void {
  if (Number(found.epoch) === epoch) return;
  const taken = `Upload ${id} was taken over by ${found.owner} (epoch ${found.epoch}, not ${epoch})`;
  throw new SealpartError('owned', `${taken}: wait for that one, or take it over again.`);
}

/**
 * Compares the epoch that a part was entered under, if there is one of its number, with a writer's.
 *
 * @throws SealpartError `owned`
 */
export function requireNotNewer(foundEpoch: unknown, id: string, partNumber: number, epoch: number): void {
  if (foundEpoch === undefined || Number(foundEpoch) <= epoch) return;
  const entered = `Part ${partNumber} of upload ${id} was entered by a newer owner (epoch ${foundEpoch}, not ${epoch})`;
  throw new SealpartError('owned', `${entered}: leave the upload to that one, or take it over again.`);
}

export function noSuchUpload(id: string, manifestName: string): SealpartError {
  return new SealpartError(
    'not-found',
    `There is no upload ${id} in ${manifestName}: it was removed, or is elsewhere.`,
  );
}

export function uploadExists(id: string, manifestName: string): SealpartError {
  return new SealpartError('exists', `Upload ${id} is in ${manifestName} already: an upload is entered once.`);
}
