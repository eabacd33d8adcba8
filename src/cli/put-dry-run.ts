import { resolve } from 'node:path';
import { SealpartError } from '../errors.ts';
import { segmentCount, segmentSize } from '../format/schedule.ts';
import { defaultDirectoryStoreLimits } from '../objects/directory/open-directory-store.ts';
import type { ObjectHead, ObjectStore, StoreLimits } from '../objects/object-store.ts';
import { machineOf } from '../pipelines/run-options.ts';
import { destinationOf, sealStream } from '../pipelines/seal-stream.ts';
import type { Source } from '../sources/source.ts';
import type { CliContext } from './cli-context.ts';
import { inputText } from './command-text.ts';
import { bytesText, countText, exactBytesText } from './human-numbers.ts';
import { openInput, withInput } from './open-input.ts';
import { parseObjectUrl, type StoreLocation } from './parse-store-url.ts';
import { findPending, type Pending, pendingLine } from './pending-upload.ts';
import type { PutFlags } from './put.ts';
import { checkName } from './put-file.ts';
import { Report, type Result } from './report.ts';
import { machineOptions } from './run-flags.ts';
import { limitsOf } from './store-flags.ts';
import { objectUrlText, withStore } from './with-store.ts';
import { readWriting, type Writing } from './write-flags.ts';

/** put --dry-run FILE URL: says what put would do. It asks the store what is there, and sends nothing. */
export async function putDryRun(file: string, url: string, flags: PutFlags, context: CliContext): Promise<void> {
  const report = new Report('put', flags, context);
  const location = parseObjectUrl(url);
  checkName(location);
  const writing = await readWriting(flags, context);
  const result = await report.until(async () =>
    withInput(await openInput(file, context), (source) => {
      const run: DryRun = { input: inputText(file), source, location, flags, writing, report };
      return withStoreIfThere(location, flags, context, (store) => foretell(run, store, context));
    }),
  );
  await report.result(result);
}

interface DryRun {
  readonly input: string;
  readonly source: Source;
  readonly location: StoreLocation;
  readonly flags: PutFlags;
  readonly writing: Writing;
  readonly report: Report;
}

/** A store in a folder that is not there would be made: for a dry run, it is not. */
async function withStoreIfThere(
  location: StoreLocation,
  flags: PutFlags,
  context: CliContext,
  run: (store: ObjectStore | undefined) => Promise<Result>,
): Promise<Result> {
  let isOpen = false;
  try {
    return await withStore(location, { flags }, context, (store) => {
      isOpen = true;
      return run(store);
    });
  } catch (error) {
    if (isOpen || !(error instanceof SealpartError) || error.code !== 'not-found') throw error;
    return run(undefined);
  }
}

async function foretell(run: DryRun, store: ObjectStore | undefined, context: CliContext): Promise<Result> {
  const { input, source, location, flags, writing, report } = run;
  const name = store?.name ?? (location.kind === 'dir' ? `dir:${resolve(location.path)}` : 's3');
  const place = objectUrlText({ name }, location);
  const subject = { input, store: name, output: place };
  const start = { subject, text: `${input} to ${place}${location.kind === 'dir' ? '' : ` (${name})`}` };
  report.expect(start);
  const limits = store?.limits ?? { ...defaultDirectoryStoreLimits, ...limitsOf(flags) };
  const cut = await planCut(run, limits, context);
  report.start({ ...start, peakBytes: cut.peakBytes });
  const object = { bucket: location.bucket, key: location.key };
  const there = store === undefined ? undefined : await headOf(store, location, context);
  const pending =
    store === undefined ? undefined : await findPending({ store, object, source, writing, flags }, context);
  return describe(subject, { cut, there, pending, isNew: store === undefined }, flags);
}

interface Cut {
  readonly contentBytes: number | undefined;
  readonly segments: number | undefined;
  readonly segmentBytes: number;
  readonly growEvery: number;
  readonly peakBytes: number;
}

/** By the very code that put runs: the header that is sealed here is dropped. */
async function planCut({ source, flags, writing }: DryRun, limits: StoreLimits, { signal }: CliContext): Promise<Cut> {
  const { request } = machineOf(machineOptions(flags));
  const { parameters, plan } = await sealStream(writing.options, source.size, destinationOf(limits), request, signal);
  return {
    contentBytes: source.size,
    segments: source.size === undefined ? undefined : segmentCount(parameters, source.size),
    segmentBytes: segmentSize(parameters, 0),
    growEvery: parameters.growEvery,
    peakBytes: plan.peakBytes,
  };
}

async function headOf(
  store: ObjectStore,
  { bucket, key }: StoreLocation,
  { signal }: CliContext,
): Promise<ObjectHead | undefined> {
  try {
    return await store.head({ bucket, key }, signal);
  } catch (error) {
    if (error instanceof SealpartError && error.code === 'not-found') return undefined;
    throw error;
  }
}

interface Outlook {
  readonly cut: Cut;
  readonly there: ObjectHead | undefined;
  readonly pending: Pending | undefined;
  readonly isNew: boolean;
}

function describe(
  subject: Readonly<Record<string, string>>,
  { cut, there, pending, isNew }: Outlook,
  { overwrite, manifest }: PutFlags,
): Result {
  const { contentBytes, segments, segmentBytes } = cut;
  const object = there === undefined ? null : { encryptedBytes: there.sizeBytes, etag: there.etag };
  return {
    lines: [
      cutLine(cut),
      ...(isNew ? ['the store is not there yet, and would be made'] : [thereLine(there, overwrite)]),
      ...(segments === 1 && pending === undefined ? [] : [pendingLine(pending, manifest?.kind === 'none')]),
      'nothing was sent',
    ],
    facts: { ...subject, dryRun: true, contentBytes, segments, segmentBytes, object, upload: pending ?? null },
  };
}

function cutLine({ contentBytes, segments, segmentBytes, growEvery }: Cut): string {
  const size = bytesText(segmentBytes);
  if (contentBytes === undefined || segments === undefined) {
    const growth = growEvery === 0 ? '' : `, twice as large after every ${growEvery}`;
    return `would send all that comes, in segments of ${size}${growth}, each of them a part`;
  }
  const content = exactBytesText(contentBytes);
  if (segments === 1) return `would send ${content} in 1 segment, in one request`;
  return `would send ${content} in ${countText(segments, 'segment')} of ${size}, each of them a part`;
}

function thereLine(there: ObjectHead | undefined, overwrite: boolean): string {
  if (there === undefined) return 'no object stands there yet';
  const what = `an object of ${exactBytesText(there.sizeBytes)}, encrypted, stands there`;
  return overwrite ? `${what} and would be replaced` : `${what}: --no-overwrite would refuse to replace it`;
}
