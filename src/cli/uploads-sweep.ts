import { SealpartError } from '../errors.ts';
import type { UploadItem } from '../manifest/upload-manifest.ts';
import { type SweepResult, sweepUploads } from '../pipelines/uploads/sweep-uploads.ts';
import type { CliContext } from './cli-context.ts';
import { blameStore } from './exit-codes.ts';
import { placeOfUpload } from './find-upload.ts';
import { countText } from './human-numbers.ts';
import { listKnown } from './known-uploads.ts';
import type { ManifestFlag } from './manifest-flag.ts';
import { type Books, withManifest } from './open-manifest.ts';
import { Report } from './report.ts';
import { describeError } from './report-error.ts';
import type { ReportFlags } from './run-flags.ts';
import type { StoreFlags } from './store-flags.ts';
import { requireManifest } from './uploads-ls.ts';
import { objectUrlText, withStore } from './with-store.ts';

export interface SweepFlags extends ManifestFlag, StoreFlags, ReportFlags {
  /** Milliseconds. */
  readonly olderThan: number;
  readonly dryRun?: boolean;
}

/** uploads sweep: each store that the manifest knows of by itself, so that one that is down does not stop the others. */
export async function sweep(flags: SweepFlags, context: CliContext): Promise<void> {
  const report = new Report('uploads sweep', flags, context);
  const manifestName = `sqlite:${requireManifest(flags, context)}`;
  report.start({ subject: { manifest: manifestName }, text: manifestName });
  const total = { swept: 0, owned: 0, failed: 0 };
  let failure: unknown;
  await withManifest(flags, false, context, async (books) => {
    if (books === undefined) return;
    const { items, damage } = await listKnown(books.manifest, context.signal);
    for (const first of firstOfEachStore(items)) {
      try {
        const result = await sweepStore(first, books, flags, context);
        say(result, flags, report);
        total.swept += result.swept.length;
        total.owned += result.owned.length;
        total.failed += result.failed.length;
        failure ??= result.failed[0]?.error;
      } catch (error) {
        if (!(error instanceof SealpartError) || context.signal.aborted) throw error;
        const { code, message } = describeError(error);
        report.failure(`${first.storeName}: ${code}: ${message}`, { store: first.storeName, error: { code, message } });
        failure ??= error;
      }
    }
    failure ??= damage;
  });
  const verb = flags.dryRun === true ? 'would abort' : 'aborted';
  const left = total.owned === 0 ? '' : `; ${total.owned} old enough, but their owners may be alive`;
  await report.result({
    lines: [`${verb} ${countText(total.swept, 'upload')}${left}`],
    facts: { manifest: manifestName, dryRun: flags.dryRun === true, ...total },
  });
  if (failure !== undefined) throw failure;
}

function firstOfEachStore(items: readonly UploadItem[]): readonly UploadItem[] {
  const stores = new Map<string, UploadItem>();
  for (const item of items) {
    if (!stores.has(item.storeName)) stores.set(item.storeName, item);
  }
  return [...stores.values()];
}

function sweepStore(
  first: UploadItem,
  books: Books,
  { olderThan, dryRun, ...flags }: SweepFlags,
  context: CliContext,
): Promise<SweepResult> {
  const { location, flags: storeFlags } = placeOfUpload(first, flags);
  return withStore(location, { flags: storeFlags }, context, (store) =>
    sweepUploads({ store, uploads: books, olderThanMs: olderThan, dryRun }, context.signal),
  );
}

function say({ swept, owned, failed }: SweepResult, { dryRun }: SweepFlags, report: Report): void {
  const tell = (item: UploadItem, outcome: string, reason?: string): void => {
    const { id, storeName } = item;
    const url = objectUrlText({ name: storeName }, placeOfUpload(item, {}).location);
    const facts = { upload: { id, url, outcome, ...(reason === undefined ? {} : { reason }) } };
    const text = `${outcome} ${id} of ${url}${reason === undefined ? '' : `: ${reason}`}`;
    if (outcome === 'failed') report.failure(text, facts);
    else report.note(text, facts);
  };
  for (const item of swept) tell(item, dryRun === true ? 'would abort' : 'aborted');
  for (const item of owned) tell(item, 'left alone', 'its owner may be alive');
  for (const { item, error } of failed) {
    blameStore(error);
    tell(item, 'failed', describeError(error).message);
  }
}
