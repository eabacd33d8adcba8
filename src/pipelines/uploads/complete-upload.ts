import { assert } from '../../assert.ts';
import type { PartRecord } from '../../crypto/manifest-records.ts';
import { SealpartError } from '../../errors.ts';
import type { StoredObject, UploadName } from '../../objects/object-store.ts';
import type { StreamToWrite } from '../seal-stream.ts';
import { mayHaveHappened, type UploadTarget } from './part-sender.ts';
import { type ExpectedObject, settleObject, storedObjectOf } from './settle-object.ts';
import { judgeStandingParts, listStoredParts } from './standing-parts.ts';
import { isUploadMissing, UploadOvertaken } from './upload-gone.ts';
import type { UploadJournal } from './upload-journal.ts';
import { storedLength } from './upload-parts.ts';

export type Completed = StoredObject | 'parts-differ' | 'conflict';

/** The object that these parts make. */
export function expectedObject({ header }: StreamToWrite, parts: readonly PartRecord[]): ExpectedObject {
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
  stream: StreamToWrite,
  parts: readonly PartRecord[],
  journal: UploadJournal,
  signal: AbortSignal,
): Promise<Completed> {
  const { store, condition } = target;
  await journal.completing(signal);
  try {
    if (!(await holdsThese(target, upload, stream, parts, signal))) return 'parts-differ';
    return await store.completeMultipart(upload, parts, condition, signal);
  } catch (error) {
    if (!(error instanceof SealpartError)) throw error;
    if (error.code === 'invalid-part') return 'parts-differ';
    const isMissing = isUploadMissing(error);
    if (!mayHaveHappened(error) && !isMissing) throw error;
    const made = await settled(target, expectedObject(stream, parts), error, signal);
    if (made !== undefined) return made;
    if (error.code === 'conflict') return 'conflict';
    throw isMissing ? new UploadOvertaken(upload, error) : error;
  }
}

/** Where the store would not notice by itself that a part is another one. */
async function holdsThese(
  { store }: UploadTarget,
  upload: UploadName,
  stream: StreamToWrite,
  parts: readonly PartRecord[],
  signal: AbortSignal,
): Promise<boolean> {
  if (store.limits.checksEtags) return true;
  const stored = await listStoredParts(store, upload, signal);
  return judgeStandingParts(parts, stored, parts.length, stream.header.bytes.length).dropped.length === 0;
}

/** @throws SealpartError `store` if it cannot be settled: then the next run has to, and the upload must not be given up */
async function settled(
  { store, object }: UploadTarget,
  expected: ExpectedObject,
  error: SealpartError,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  try {
    const made = await settleObject(store, object, expected, signal);
    return made === undefined ? undefined : storedObjectOf(made);
  } catch (second) {
    throw new SealpartError(
      'store',
      `${error.message} Whether the object was made could not be seen (${String(second instanceof Error ? second.message : second).replace(/\.$/, '')}).`,
      { cause: new AggregateError([error, second]) },
    );
  }
}
