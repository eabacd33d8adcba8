import { resolve } from 'node:path';
import { checkBucketName, encodeKey } from '../objects/directory/names.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { MemoryPlan } from '../pipelines/memory-plan.ts';
import { type PutResult, putObject } from '../pipelines/put-object.ts';
import { Telemetry } from '../pipelines/telemetry.ts';
import type { UploadOptions } from '../pipelines/uploads/upload-options.ts';
import { isSeekable } from '../sources/seekable.ts';
import type { Source } from '../sources/source.ts';
import type { CliContext } from './cli-context.ts';
import { inputText } from './command-text.ts';
import { countText } from './human-numbers.ts';
import { openInput, withInput } from './open-input.ts';
import { type Books, withManifest } from './open-manifest.ts';
import { parseObjectUrl, type StoreLocation } from './parse-store-url.ts';
import { isPutWhole } from './plan-put.ts';
import type { PutFlags } from './put.ts';
import { Report, type Result, type Start } from './report.ts';
import { withResumeHint } from './resume-hint.ts';
import { machineOptions } from './run-flags.ts';
import { attributesOf, conditionOf, type UploadFlags } from './upload-flags.ts';
import { UploadNotes } from './upload-notes.ts';
import { objectUrlText, placeText, withStore } from './with-store.ts';
import { readWriting, type Writing } from './write-flags.ts';
import { encryptedSoFar, writtenResult } from './writing.ts';

/** put FILE URL. */
export async function putFile(file: string, url: string, flags: PutFlags, context: CliContext): Promise<void> {
  const report = new Report('put', flags, context);
  const location = parseObjectUrl(url);
  checkName(location);
  const writing = await readWriting(flags, context);
  const notes = new UploadNotes(report);
  const result = await report.until(async () => {
    try {
      // Before the store: a file that is not there makes no store.
      return await withInput(await openInput(file, context), (source) =>
        withStore(location, { flags, create: true }, context, (store) => {
          const input = inputText(file);
          const subject = { input, store: store.name, output: objectUrlText(store, location) };
          const start = { subject, text: `${input} to ${placeText(store, location)}` };
          report.expect(start);
          return withManifest(flags, !isPutWhole(writing.options, source.size, store.limits), context, (books) =>
            send({ file, source, store, location, flags, writing, books, notes, report, start }, context),
          );
        }),
      );
    } catch (error) {
      throw withResumeHint(error, notes.left, context);
    }
  });
  await report.result(result);
}

/** Asked before a store is made for an object that it could not hold. @throws SealpartError `bad-name` */
export function checkName({ kind, bucket, key }: StoreLocation): void {
  // What S3 servers take for buckets differs: old ones have names that nobody gets any more.
  if (kind === 'dir') checkBucketName(bucket);
  encodeKey(key);
}

interface PutRun {
  readonly file: string;
  readonly source: Source;
  readonly store: ObjectStore;
  readonly location: StoreLocation;
  readonly flags: PutFlags;
  readonly writing: Writing;
  readonly books: Books | undefined;
  readonly notes: UploadNotes;
  readonly report: Report;
  readonly start: Pick<Start, 'subject' | 'text'>;
}

async function send(run: PutRun, context: CliContext): Promise<Result> {
  const { file, source, store, location, flags, writing, books, notes, report, start } = run;
  const telemetry = new Telemetry();
  const progress = { totalBytes: source.size, read: () => encryptedSoFar(telemetry, notes.keptContentBytes) };
  const onPlan = ({ peakBytes }: MemoryPlan): void => {
    report.start({ ...start, peakBytes, progress });
    if (!isSeekable(source)) noteOnePass(source, report);
  };
  const done = await putObject(
    {
      ...writing.options,
      ...machineOptions(flags),
      ...uploadsOf(books, writing, flags, isSeekable(source) ? resolve(file) : '', notes.listener()),
      attributes: attributesOf(flags),
      condition: conditionOf(flags),
      source,
      store,
      object: { bucket: location.bucket, key: location.key },
      telemetry,
      onPlan,
    },
    context.signal,
  );
  return putResult(done, start.subject, { seconds: report.elapsedSeconds, keptContentBytes: notes.keptContentBytes });
}

function noteOnePass(source: Source, report: Report): void {
  const text = `${source.name} cannot be read again: if this stops, it has to begin anew`;
  report.note(text, { note: text });
}

/** How an upload is to be known to later runs. */
export function uploadsOf(
  books: Books | undefined,
  { identities }: Writing,
  flags: UploadFlags,
  sourcePath: string,
  onEvent: NonNullable<UploadOptions['onEvent']>,
): { readonly uploads?: UploadOptions } {
  if (books === undefined) return {};
  const { resume, takeOver, verifySource } = flags;
  // Without one, this host keeps a key of its own for the upload.
  const access = identities.length === 0 ? undefined : { identities };
  return { uploads: { ...books, access, resume, takeOver, verifySource, sourcePath, onEvent } };
}

/** What is said of an object that was put. */
export function putResult(
  done: PutResult,
  subject: Readonly<Record<string, string>>,
  { seconds, keptContentBytes }: { readonly seconds: number; readonly keptContentBytes: number },
): Result {
  const { lines, facts } = writtenResult(done, seconds, done.resumed ? keptContentBytes : 0);
  const { etag, parts, resumed } = done;
  const kept = `${countText(parts.kept, 'part')} of an earlier run kept, ${parts.sent} sent now`;
  return {
    lines: resumed ? [...lines, kept] : lines,
    facts: { ...subject, ...facts, etag, parts, resumed },
  };
}
