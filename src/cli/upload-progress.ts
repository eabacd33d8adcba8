import { segmentCount } from '../format/schedule.ts';
import { parseStreamHeader } from '../format/stream-header.ts';
import type { StreamParameters } from '../format/stream-parameters.ts';
import { endedStates, type UploadItem, type UploadManifest } from '../manifest/upload-manifest.ts';
import { intentOf } from '../pipelines/uploads/upload-intent.ts';

/** How far an upload is, as its manifest has it. Nothing of it was authenticated. */
export interface UploadProgress {
  readonly partsDone: number;
  /** Absent if the length of the content is not known, or the item cannot be read. */
  readonly partsTotal?: number;
  readonly contentBytesDone: number;
  readonly contentBytesTotal?: number;
}

export async function measureUpload(
  manifest: UploadManifest,
  item: UploadItem,
  signal: AbortSignal,
): Promise<UploadProgress> {
  let partsDone = 0;
  let contentBytesDone = 0;
  for await (const { segments } of manifest.parts(item.id, signal)) {
    partsDone++;
    for (const { contentLength } of segments) contentBytesDone += contentLength;
  }
  const contentBytesTotal = contentLengthOf(item);
  const parameters = parametersOf(item);
  const done = { partsDone, contentBytesDone };
  if (contentBytesTotal === undefined || parameters === undefined) return done;
  return { ...done, contentBytesTotal, partsTotal: segmentCount(parameters, contentBytesTotal) };
}

/** A file's fingerprint begins with its size. */
function contentLengthOf(item: UploadItem): number | undefined {
  const digits = /^size=(\d+) /.exec(intentOf(item)?.source ?? '')?.[1];
  const size = Number(digits);
  return Number.isSafeInteger(size) ? size : undefined;
}

function parametersOf({ streamHeader }: UploadItem): StreamParameters | undefined {
  try {
    return parseStreamHeader(streamHeader).core.parameters;
  } catch {
    // A damaged item is listed all the same: whoever goes on with it is told.
    return undefined;
  }
}

/** Whether somebody is at work on an upload. */
export type Ownership = 'alive' | 'gone' | 'leased';

/**
 * Asks who holds an upload: `alive` if a process on this host does, `leased` if one elsewhere may, until its lease ends.
 */
export async function ownershipOf(
  manifest: UploadManifest,
  { id, epoch, leaseUntilMs, state }: UploadItem,
  nowMs: number,
): Promise<Ownership> {
  if (endedStates.includes(state)) return 'gone';
  const lock = await manifest.lock(id, epoch);
  if (lock === undefined) return 'alive';
  if (lock === 'unknown') return leaseUntilMs > nowMs ? 'leased' : 'gone';
  lock.release();
  return 'gone';
}
