import { SealpartError } from '../../errors.ts';
import type { UploadItem } from '../../manifest/upload-manifest.ts';
import type { ListedUpload, ObjectStore } from '../../objects/object-store.ts';
import { abortStoredUpload } from './abort-stored-upload.ts';
import type { OwnedUpload } from './owned-upload.ts';
import type { UploadOptions } from './upload-options.ts';

/** How far the clocks of this host and of the store may be apart. */
const clockSkewMs = 5 * 60_000;

/**
 * Ends an upload that nobody shall go on with, in the store and in the manifest. Does no harm when done again.
 *
 * @param found the item before it was taken over, which tells until when its last run was alive
 */
export async function abandonUpload(
  store: ObjectStore,
  owned: OwnedUpload,
  found: UploadItem,
  { manifest, hostKeys }: Pick<UploadOptions, 'manifest' | 'hostKeys'>,
  signal: AbortSignal,
): Promise<void> {
  const { item } = owned;
  if (item.uploadId === undefined) {
    for (const orphan of await findOrphans(store, found, manifest, signal)) {
      await abortStoredUpload(store, orphan, signal);
    }
  } else {
    await owned.change({ state: 'aborting' }, signal);
    await abortStoredUpload(store, { ...item, uploadId: item.uploadId }, signal);
  }
  await hostKeys?.erase(item.id, signal);
  await owned.forget(signal);
}

/**
 * Uploads in the store that can only be what a run began and could not write down any more: under its object's name,
 * from the time in which it ran, unknown to the manifest and without a part, since no part is sent before the upload is
 * written down.
 */
async function findOrphans(
  store: ObjectStore,
  item: UploadItem,
  manifest: UploadOptions['manifest'],
  signal: AbortSignal,
): Promise<ListedUpload[]> {
  const { storeName, bucket, key, createdMs, leaseUntilMs, updatedMs } = item;
  const known = new Set<string>();
  for await (const other of manifest.list({ storeName, bucket, key }, signal)) {
    if (other.uploadId !== undefined) known.add(other.uploadId);
  }
  const orphans: ListedUpload[] = [];
  const until = Math.max(leaseUntilMs, updatedMs) + clockSkewMs;
  for await (const upload of listUploadsIfAllowed(store, bucket, signal)) {
    if (upload.key !== key || known.has(upload.uploadId)) continue;
    if (upload.initiatedMs < createdMs - clockSkewMs || upload.initiatedMs > until) continue;
    if (await hasPart(store, upload, signal)) continue;
    orphans.push(upload);
  }
  return orphans;
}

/** Who may not list uploads cannot find any: that must not keep them from putting again. */
async function* listUploadsIfAllowed(
  store: ObjectStore,
  bucket: string,
  signal: AbortSignal,
): AsyncIterable<ListedUpload> {
  try {
    yield* store.listUploads(bucket, signal);
  } catch (error) {
    if (!(error instanceof SealpartError) || error.code !== 'denied') throw error;
  }
}

async function hasPart(store: ObjectStore, upload: ListedUpload, signal: AbortSignal): Promise<boolean> {
  for await (const _part of store.listParts(upload, signal)) return true;
  return false;
}
