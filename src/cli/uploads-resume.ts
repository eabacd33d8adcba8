import { SealpartError } from '../errors.ts';
import type { UploadItem } from '../manifest/upload-manifest.ts';
import type { MemoryPlan } from '../pipelines/memory-plan.ts';
import { Telemetry } from '../pipelines/telemetry.ts';
import { resumeUpload } from '../pipelines/uploads/resume-upload.ts';
import { openSeekableFile } from '../sources/file-source.ts';
import type { CliContext } from './cli-context.ts';
import { findUpload, noUpload, placeOfUpload } from './find-upload.ts';
import type { KeyFlags } from './key-flags.ts';
import { withInput } from './open-input.ts';
import { type Books, withManifest } from './open-manifest.ts';
import { putResult } from './put-file.ts';
import { readIdentities } from './read-keys.ts';
import { Report, type Result } from './report.ts';
import { withResumeHint } from './resume-hint.ts';
import { type MachineFlags, machineOptions, type ReportFlags } from './run-flags.ts';
import type { StoreFlags } from './store-flags.ts';
import type { TakingFlags } from './upload-flags.ts';
import { UploadNotes } from './upload-notes.ts';
import { requireManifest } from './uploads-ls.ts';
import { objectUrlText, placeText, withStore } from './with-store.ts';
import { encryptedSoFar } from './writing.ts';

export interface ResumeFlags extends KeyFlags, TakingFlags, StoreFlags, MachineFlags, ReportFlags {
  /** False with --no-overwrite. */
  readonly overwrite: boolean;
}

/** uploads resume ID. */
export async function resume(id: string, flags: ResumeFlags, context: CliContext): Promise<void> {
  const report = new Report('uploads resume', flags, context);
  const path = requireManifest(flags, context);
  const notes = new UploadNotes(report);
  const result = await report.until(async () => {
    try {
      return await withManifest(flags, false, context, async (books) => {
        if (books === undefined) throw noUpload(`sqlite:${path}`, id);
        const item = await findUpload(books.manifest, id, context.signal);
        return goOn({ item, books, flags, notes, report }, context);
      });
    } catch (error) {
      throw withResumeHint(error, notes.left, context);
    }
  });
  await report.result(result);
}

interface ResumeRun {
  readonly item: UploadItem;
  readonly books: Books;
  readonly flags: ResumeFlags;
  readonly notes: UploadNotes;
  readonly report: Report;
}

async function goOn({ item, books, flags, notes, report }: ResumeRun, context: CliContext): Promise<Result> {
  const { signal } = context;
  const identities = await readIdentities(flags, context);
  const { location, flags: storeFlags } = placeOfUpload(item, flags);
  const telemetry = new Telemetry();
  return withInput(await openSeekableFile(sourcePathOf(item), signal), (source) =>
    withStore(location, { flags: storeFlags }, context, async (store) => {
      const subject = { input: source.name, store: store.name, output: objectUrlText(store, location) };
      const start = { subject, text: `${source.name} to ${placeText(store, location)}` };
      report.expect(start);
      const progress = { totalBytes: source.size, read: () => encryptedSoFar(telemetry, notes.keptContentBytes) };
      const onPlan = ({ peakBytes }: MemoryPlan): void => report.start({ ...start, peakBytes, progress });
      const { takeOver, verifySource } = flags;
      const access = identities.length === 0 ? undefined : { identities };
      const uploads = { ...books, access, takeOver, verifySource, onEvent: notes.listener() };
      const condition = flags.overwrite ? {} : ({ ifNoneMatch: '*' } as const);
      const run = { store, uploads, id: item.id, source, condition, telemetry, onPlan, ...machineOptions(flags) };
      const done = await resumeUpload(run, signal);
      return putResult(done, subject, { seconds: report.elapsedSeconds, keptContentBytes: notes.keptContentBytes });
    }),
  );
}

function sourcePathOf({ id, sourcePath, bucket, key }: UploadItem): string {
  if (sourcePath !== '') return sourcePath;
  throw new SealpartError(
    'bad-parameters',
    `The upload ${id} to ${bucket}/${key} came from a source that cannot be read again: abort it with ` +
      `\`sealpart uploads abort ${id}\`, and put again.`,
  );
}
