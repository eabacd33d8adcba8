import { SealpartError } from '../../errors.ts';
import { endedStates, type UploadItem, type UploadManifest } from '../../manifest/upload-manifest.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import { abandonUpload } from './abandon-upload.ts';
import type { AbortRequest } from './abort-upload.ts';
import { OwnedUpload, ownershipOf } from './owned-upload.ts';
import { orGiveBack } from './take-up-pending.ts';

export interface SweepRequest {
  readonly store: ObjectStore;
  readonly uploads: Omit<AbortRequest['uploads'], 'takeOver'>;
  /** Only uploads that nothing was written of for so long. */
  readonly olderThanMs: number;
  /** True to say what would be swept, and sweep nothing. */
  readonly dryRun?: boolean | undefined;
  readonly bucket?: string | undefined;
  /** Leaves out what it says false of; all are swept unless told. */
  readonly only?: ((item: UploadItem) => boolean) | undefined;
}

export interface SweepResult {
  /** Aborted, or what would be. */
  readonly swept: readonly UploadItem[];
  /** Old enough, but their owners may be alive. */
  readonly owned: readonly UploadItem[];
  /** Could not be aborted; they are tried again by the next sweep. */
  readonly failed: readonly { readonly item: UploadItem; readonly error: SealpartError }[];
}

/**
 * Aborts uploads to a store that nobody came back for. An upload whose owner holds its lease or its lock is never
 * touched, however old it is; two sweepers do no harm to each other.
 *
 * @throws SealpartError `manifest`, `aborted`
 */
export async function sweepUploads(
  { store, uploads, olderThanMs, dryRun, bucket, only = () => true }: SweepRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<SweepResult> {
  // A lock says more than a clock: whose lock is held is alive, whatever the lease says.
  const ownership = { ...ownershipOf(uploads), sparesLocked: true };
  const swept: UploadItem[] = [];
  const owned: UploadItem[] = [];
  const failed: { item: UploadItem; error: SealpartError }[] = [];
  const query = bucket === undefined ? { storeName: store.name } : { storeName: store.name, bucket };
  for await (const item of uploads.manifest.list(query, signal)) {
    const now = ownership.clock();
    if (endedStates.includes(item.state) || item.updatedMs > now - olderThanMs || !only(item)) continue;
    if (dryRun === true) {
      ((await isAbandoned(uploads.manifest, item, now)) ? swept : owned).push(item);
      continue;
    }
    let mine: OwnedUpload | undefined;
    try {
      mine = await OwnedUpload.takeOver(ownership, item, signal);
      await orGiveBack(mine, () => abandonUpload(store, mine!, item, uploads, signal));
      swept.push(item);
    } catch (error) {
      if (!(error instanceof SealpartError) || error.code === 'aborted' || error.code === 'manifest') throw error;
      // Another sweeper was faster, and did the same.
      if (mine === undefined && error.code === 'not-found') continue;
      if (error.code === 'owned') owned.push(item);
      else failed.push({ item, error });
    }
  }
  return { swept, owned, failed };
}

/** As a takeover would judge, without one. */
async function isAbandoned(manifest: UploadManifest, item: UploadItem, nowMs: number): Promise<boolean> {
  const lock = await manifest.lock(item.id, item.epoch);
  if (lock === 'unknown') return item.leaseUntilMs <= nowMs;
  lock?.release();
  return lock !== undefined;
}
