import type { ObjectName, ObjectStore } from '../objects/object-store.ts';
import { findPendingUploads, whatDiffers, whyNotResumable } from '../pipelines/uploads/find-pending.ts';
import { fingerprintOf } from '../pipelines/uploads/take-up-pending.ts';
import { intentOf } from '../pipelines/uploads/upload-intent.ts';
import type { Source } from '../sources/source.ts';
import type { CliContext } from './cli-context.ts';
import { bytesText } from './human-numbers.ts';
import { withManifest } from './open-manifest.ts';
import type { UploadFlags } from './upload-flags.ts';
import { measureUpload, ownershipOf } from './upload-progress.ts';
import type { Writing } from './write-flags.ts';

/** What put would do with the upload that an earlier run left. */
export interface Pending {
  readonly id: string;
  readonly action: 'resume' | 'begin anew' | 'refuse';
  readonly reason?: string;
  readonly partsDone: number;
  readonly partsTotal?: number;
  readonly contentBytesDone: number;
}

export interface PendingQuery {
  readonly store: ObjectStore;
  readonly object: ObjectName;
  readonly source: Source;
  readonly writing: Writing;
  readonly flags: UploadFlags;
}

/** The newest upload to an object that has not ended, and what would become of it; undefined if there is none. */
export async function findPending(query: PendingQuery, context: CliContext): Promise<Pending | undefined> {
  const { store, object, source, writing, flags } = query;
  const { signal } = context;
  return withManifest(flags, false, context, async (books) => {
    if (books === undefined) return undefined;
    const { manifest } = books;
    const item = (await findPendingUploads(manifest, store, object, signal)).at(-1);
    if (item === undefined) return undefined;
    const progress = await measureUpload(manifest, item, signal);
    const is = (action: Pending['action'], reason?: string): Pending => ({
      id: item.id,
      action,
      ...(reason === undefined ? {} : { reason }),
      ...progress,
    });
    const owner = await ownershipOf(manifest, item, Date.now());
    if (owner !== 'gone' && flags.takeOver !== true) return is('refuse', `${item.owner} may be at work on it`);
    if (!flags.resume) return is('begin anew', 'it was not to be resumed');
    const fingerprint = fingerprintOf(source);
    const never = whyNotResumable(item, fingerprint);
    if (never !== undefined) return is('begin anew', never);
    if (fingerprint !== intentOf(item)?.source) return is('refuse', 'the source was changed since');
    const difference = whatDiffers(item, writing.options);
    return difference === undefined ? is('resume') : is('begin anew', `${difference} than then`);
  });
}

export function pendingLine(pending: Pending | undefined, withoutManifest: boolean): string {
  if (withoutManifest) return 'would begin an upload of which nothing is written down: if it stops, it begins anew';
  if (pending === undefined) return 'would begin a new upload';
  const { id, action, reason, partsDone, partsTotal, contentBytesDone } = pending;
  const stored = `${partsDone} of ${partsTotal ?? '?'} parts stored, ${bytesText(contentBytesDone)} of content`;
  if (action === 'resume') return `would go on with upload ${id}: ${stored}`;
  if (action === 'refuse') return `would refuse, because of upload ${id} (${stored}): ${reason}`;
  return `would abort upload ${id} (${stored}) and begin anew: ${reason}`;
}
