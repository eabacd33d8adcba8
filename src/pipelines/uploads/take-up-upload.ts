import type { PartRecord } from '../../crypto/manifest-records.ts';
import { segmentCount } from '../../format/schedule.ts';
import type { StoredPart, UploadName } from '../../objects/object-store.ts';
import type { SeekableSource } from '../../sources/source.ts';
import { type MemoryRequest, planEncryption } from '../memory-plan.ts';
import type { SealedStream } from '../seal-stream.ts';
import { expectedObject } from './complete-upload.ts';
import { requireHostProof } from './host-proof.ts';
import type { OwnedUpload } from './owned-upload.ts';
import type { UploadTarget } from './part-sender.ts';
import { readRecordedParts } from './recorded-parts.ts';
import { restoreStream, type StreamProof } from './restore-stream.ts';
import { settleObject } from './settle-object.ts';
import { judgeStandingParts, listStoredParts } from './standing-parts.ts';
import { isUploadMissing, UploadOvertaken } from './upload-gone.ts';
import type { UploadOptions } from './upload-options.ts';

/** Another run's upload, ready to be gone on with. */
export interface TakenUpload {
  readonly stream: SealedStream;
  readonly upload: UploadName;
  /** The parts that stand, ascending. */
  readonly parts: readonly PartRecord[];
  /** Recorded parts that do not stand; their rows are gone. */
  readonly dropped: readonly number[];
  /** Set if the object stands already: the answer to the Complete was lost, or the run that got it. */
  readonly made?: { readonly etag: string };
}

/**
 * Finds out what of an upload stands: opens its stream, checks its records, compares them with what the store holds.
 *
 * @returns undefined if the store has lost the upload
 * @throws SealpartError `manifest-corrupt`; `conflict` if the upload was completing and is gone, and the object is
 *   another; what keys, manifest and store throw
 */
export async function takeUpUpload(
  target: UploadTarget,
  owned: OwnedUpload,
  source: SeekableSource,
  options: UploadOptions,
  memory: MemoryRequest,
  signal: AbortSignal,
  proof: StreamProof,
): Promise<TakenUpload | undefined> {
  const { item } = owned;
  const sealed = await restoreStream(item, options, signal, proof);
  if (options.hostKeys !== undefined) await requireHostProof(options.hostKeys, item, options, signal);
  const parameters = sealed.header.core.parameters;
  const records = await readRecordedParts(item, sealed, source.size, options, signal);
  const stream: SealedStream = { ...sealed, parameters, plan: planEncryption(parameters, source.size, memory) };
  const upload = { bucket: item.bucket, key: item.key, uploadId: item.uploadId! };
  const lastPartNumber = segmentCount(parameters, source.size);
  const stored = await listOrUndefined(target, upload, signal);
  if (stored === undefined) {
    if (records.at(-1)?.partNumber === lastPartNumber && records.length === lastPartNumber) {
      const made = await settleObject(target.store, target.object, expectedObject(stream, records), signal);
      if (made !== undefined) return { stream, upload, parts: records, dropped: [], made: { etag: made.etag } };
    }
    if (item.state === 'completing') throw new UploadOvertaken(upload);
    return undefined;
  }
  const standing = judgeStandingParts(records, stored, lastPartNumber, parameters.headerLen);
  // Before anything is sealed again: a FINAL segment's row must not outlive a part that its digest covers.
  for (const partNumber of standing.dropped) await owned.removePart(partNumber, signal);
  return { stream, upload, ...standing };
}

async function listOrUndefined(
  { store }: UploadTarget,
  upload: UploadName,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, StoredPart> | undefined> {
  try {
    return await listStoredParts(store, upload, signal);
  } catch (error) {
    if (isUploadMissing(error)) return undefined;
    throw error;
  }
}
