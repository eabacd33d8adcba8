import { SealpartError } from '../../errors.ts';
import type { UploadItem } from '../../manifest/upload-manifest.ts';
import { isSeekable } from '../../sources/seekable.ts';
import type { SeekableSource, Source } from '../../sources/source.ts';
import type { MemoryRequest } from '../memory-plan.ts';
import type { WriteOptions } from '../seal-stream.ts';
import { abandonUpload } from './abandon-upload.ts';
import {
  findPendingUploads,
  requireIntent,
  sourceDiffers,
  whatDiffers,
  whyNotHere,
  whyNotResumable,
} from './find-pending.ts';
import { ManifestJournal } from './manifest-journal.ts';
import { OwnedUpload, ownershipOf, wayOutMs } from './owned-upload.ts';
import type { UploadTarget } from './part-sender.ts';
import type { StreamProof } from './restore-stream.ts';
import { type TakenUpload, takeUpUpload } from './take-up-upload.ts';
import { UploadOvertaken } from './upload-gone.ts';
import { attributesDigest } from './upload-intent.ts';
import type { UploadOptions } from './upload-options.ts';

export interface PendingUpload extends TakenUpload {
  readonly journal: ManifestJournal;
}

/** What the source is, as far as another run can tell; undefined if it cannot be read again. */
export function fingerprintOf(source: Source | SeekableSource): string | undefined {
  return isSeekable(source) ? source.fingerprint : undefined;
}

/**
 * Finds what earlier runs left of uploads to the same object: goes on with the newest, if it can be, and aborts the
 * others.
 *
 * @throws SealpartError `owned` if an owner is alive; `source-changed` if the source is another; as takeUpUpload
 */
export async function takeUpPending(
  target: UploadTarget,
  source: Source,
  write: WriteOptions,
  options: UploadOptions,
  memory: MemoryRequest,
  signal: AbortSignal,
): Promise<PendingUpload | undefined> {
  const pending = await findPendingUploads(options.manifest, target.store, target.object, signal);
  const newest = pending.at(-1);
  for (const item of pending) {
    const owned = await takeOverUnlessEnded(options, item, signal);
    if (owned === undefined) continue;
    const taken = await orGiveBack(owned, async () => {
      const reason = item === newest ? whyAnew(owned.item, target, source, write, options) : 'a newer one was begun';
      if (reason === undefined && isSeekable(source)) {
        return takeUp(target, owned, source, options, memory, signal, write);
      }
      await abandonUpload(target.store, owned, item, options, signal);
      options.onEvent?.({ kind: 'abandoned', id: item.id, reason: reason ?? 'this source cannot be read again' });
      return undefined;
    });
    if (taken !== undefined) return taken;
  }
  return undefined;
}

/** Between the listing and the lock an owner may have come to its end: then nothing is pending any more. */
async function takeOverUnlessEnded(
  options: UploadOptions,
  item: UploadItem,
  signal: AbortSignal,
): Promise<OwnedUpload | undefined> {
  try {
    return await OwnedUpload.takeOver(ownershipOf(options), item, signal);
  } catch (error) {
    if (error instanceof SealpartError && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** Why an upload is not gone on with; undefined if it is. @throws SealpartError `source-changed`, `manifest-corrupt` */
function whyAnew(
  item: UploadItem,
  target: UploadTarget,
  source: Source,
  write: WriteOptions,
  options: UploadOptions,
): string | undefined {
  if (options.resume === false) return 'it was not to be resumed';
  const fingerprint = fingerprintOf(source);
  const reason = whyNotResumable(item, fingerprint) ?? whyNotHere(target.store);
  if (reason !== undefined || fingerprint === undefined) return reason;
  const intent = requireIntent(item, target.store, options);
  const { sourcePath = '' } = options;
  if (fingerprint !== intent.source || sourcePath !== intent.path) {
    throw sourceDiffers(item, intent, source.name, fingerprint);
  }
  const difference =
    intent.attributes === attributesDigest(target.attributes)
      ? whatDiffers(item, write, options)
      : 'other metadata or tags';
  return difference === undefined ? undefined : `${difference} than then`;
}

/**
 * Goes on with an upload that this run owns.
 *
 * @param proof what the stream has to be, beside the caller's own
 * @returns undefined if the store has lost it: the manifest has forgotten it then
 */
export async function takeUp(
  target: UploadTarget,
  owned: OwnedUpload,
  source: SeekableSource,
  options: UploadOptions,
  memory: MemoryRequest,
  signal: AbortSignal,
  proof: StreamProof = {},
): Promise<PendingUpload | undefined> {
  const { item } = owned;
  const taken = await takeUpUpload(target, owned, source, options, memory, signal, proof);
  if (taken === undefined) {
    await options.hostKeys?.erase(item.id, signal);
    await owned.forget(signal);
    options.onEvent?.({ kind: 'restarted', reason: `The store has lost the upload ${item.id}.` });
    return undefined;
  }
  const keptContentBytes = taken.parts.reduce((sum, { segments }) => sum + segments[0]!.contentLength, 0);
  options.onEvent?.({ kind: 'resumed', id: item.id, keptParts: taken.parts.length, keptContentBytes });
  const subject = { target, fingerprint: fingerprintOf(source) };
  return { ...taken, journal: ManifestJournal.of(subject, options, owned, taken.stream) };
}

/** Runs a step with an upload that was taken over, and does not keep it if that fails. */
export async function orGiveBack<T>(owned: OwnedUpload, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const out = AbortSignal.timeout(wayOutMs);
    const isGone = error instanceof UploadOvertaken;
    const [left] = await Promise.allSettled([isGone ? owned.forget(out) : owned.giveBack(out)]);
    if (left.status === 'fulfilled' || !(error instanceof SealpartError)) throw error;
    throw new SealpartError(error.code, error.message, { ...error, cause: new AggregateError([error, left.reason]) });
  }
}
