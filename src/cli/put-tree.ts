import { resolve } from 'node:path';
import { SealpartError } from '../errors.ts';
import { encodeKey } from '../objects/directory/names.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { putObject } from '../pipelines/put-object.ts';
import { Telemetry } from '../pipelines/telemetry.ts';
import { openFileSource } from '../sources/file-source.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import type { CliContext } from './cli-context.ts';
import { blameStore } from './exit-codes.ts';
import { bytesText, countText } from './human-numbers.ts';
import { isStandard } from './open-input.ts';
import { type Books, withManifest } from './open-manifest.ts';
import { parseTreeUrl, type StoreLocation } from './parse-store-url.ts';
import { isPutWhole, planPut } from './plan-put.ts';
import type { PutFlags } from './put.ts';
import { checkName, uploadsOf } from './put-file.ts';
import { Report } from './report.ts';
import { withResumeHint } from './resume-hint.ts';
import { planTreeWriting, type TreePlan, withTreePool } from './tree-pool.ts';
import { reportTree, runTree, type TreeJob, type TreeOutcome, type TreeTally } from './tree-run.ts';
import { attributesOf, conditionOf } from './upload-flags.ts';
import { UploadNotes } from './upload-notes.ts';
import { UsageError } from './usage-error.ts';
import { type Found, requireFolder, walkFolder } from './walk-folder.ts';
import { objectUrlText, placeText, withStore } from './with-store.ts';
import { readWriting, type Writing } from './write-flags.ts';
import { encryptedSoFar } from './writing.ts';

const deed = 'put';

/** put -r FOLDER URL/: every file below a folder becomes an object. */
export async function putTree(folder: string, url: string, flags: PutFlags, context: CliContext): Promise<void> {
  if (isStandard(folder)) throw new UsageError('put -r needs the name of a folder.');
  const report = new Report('put', flags, context);
  const location = parseTreeUrl(url);
  if (location.key !== '' || location.kind === 'dir') checkName({ ...location, key: `${location.key}x` });
  const writing = await readWriting(flags, context);
  const notes = new UploadNotes(report);
  await requireFolder(folder);
  const extent = await measure(folder, context.signal);
  const done = await report.until(async () => {
    try {
      return await withStore(location, { flags, create: flags.dryRun !== true }, context, async (store) => {
        const plan = planTree(extent, store, writing, flags);
        const telemetry = new Telemetry();
        const subject = { input: resolve(folder), store: store.name, output: objectUrlText(store, location) };
        const progress = {
          totalBytes: extent.sizeBytes,
          read: () => encryptedSoFar(telemetry, notes.keptContentBytes),
        };
        const text = `${subject.input} to ${placeText(store, location)}`;
        report.start({ subject, text, peakBytes: plan.peakBytes, progress });
        const tree = { folder, store, location, writing, flags, notes, report, telemetry, context };
        return { subject, tally: await putAll(tree, extent, plan) };
      });
    } catch (error) {
      throw withResumeHint(error, notes.left, context);
    }
  });
  await reportTree(done.tally, done.subject, { report, deed: flags.dryRun === true ? 'would put' : deed });
}

/** What a folder comes to. */
interface Extent {
  readonly sizeBytes: number;
  readonly largestBytes: number;
}

/** Walks through once before anything is sent: the memory depends on the largest file, and progress on all of them. */
async function measure(folder: string, signal: AbortSignal): Promise<Extent> {
  let sizeBytes = 0;
  let largestBytes = 0;
  for await (const found of walkFolder(folder, signal)) {
    if (found.kind !== 'file') continue;
    sizeBytes += found.sizeBytes;
    largestBytes = Math.max(largestBytes, found.sizeBytes);
  }
  return { sizeBytes, largestBytes };
}

function planTree({ largestBytes }: Extent, store: ObjectStore, { options }: Writing, flags: PutFlags): TreePlan {
  const { parameters } = planPut(options, largestBytes, store.limits);
  const scryptBytes = Math.max(0, ...options.recipients.map(({ memoryBytes = 0 }) => memoryBytes));
  return planTreeWriting(flags, { parameters, contentLength: largestBytes }, scryptBytes);
}

interface Tree {
  readonly folder: string;
  readonly store: ObjectStore;
  readonly location: StoreLocation;
  readonly writing: Writing;
  readonly flags: PutFlags;
  readonly notes: UploadNotes;
  readonly report: Report;
  readonly telemetry: Telemetry;
  readonly context: CliContext;
}

async function putAll(tree: Tree, { largestBytes }: Extent, plan: TreePlan): Promise<TreeTally> {
  const { store, writing, flags, report, context } = tree;
  const { signal } = context;
  // A passphrase takes much memory for a moment: for one file at a time, that is what was announced.
  const severalAtOnce = writing.options.recipients.every(({ memoryBytes = 0 }) => memoryBytes === 0);
  const options = { report, signal, deed, severalAtOnce };
  if (flags.dryRun === true) {
    return runTree(
      jobsOf(tree, async (file) => saySize(tree, file)),
      { ...options, deed: 'would be put' },
    );
  }
  const create = !isPutWhole(writing.options, largestBytes, store.limits);
  return withManifest(flags, create, context, (books) =>
    withTreePool(plan, (pool) =>
      runTree(
        jobsOf(tree, (file, key) => putOne(tree, file, key, { books, pool })),
        options,
      ),
    ),
  );
}

type FoundFile = Extract<Found, { kind: 'file' }>;

async function* jobsOf(
  tree: Tree,
  act: (file: FoundFile, key: string) => Promise<TreeOutcome>,
): AsyncGenerator<TreeJob> {
  const { folder, location, context } = tree;
  for await (const found of walkFolder(folder, context.signal)) {
    const { name } = found;
    yield {
      name,
      sizeBytes: found.kind === 'file' ? found.sizeBytes : 0,
      run: async () => {
        if (found.kind === 'failed') throw found.error;
        if (found.kind === 'other') return { kind: 'skipped', reason: found.what };
        const key = `${location.key}${name}`;
        encodeKey(key);
        if (tree.flags.skipExisting === true && (await isThere(tree, key))) {
          return { kind: 'skipped', reason: 'its object is there already' };
        }
        return act(found, key);
      },
    };
  }
}

async function isThere({ store, location, context }: Tree, key: string): Promise<boolean> {
  try {
    await store.head({ bucket: location.bucket, key }, context.signal);
    return true;
  } catch (error) {
    if (error instanceof SealpartError && error.code === 'not-found') return false;
    throw error;
  }
}

async function putOne(
  { store, location, writing, flags, notes, telemetry, context }: Tree,
  { name, path }: FoundFile,
  key: string,
  { books, pool }: { readonly books: Books | undefined; readonly pool: FramePool },
): Promise<TreeOutcome> {
  const source = await openFileSource(path, context.signal);
  try {
    const { contentLength, etag, parts, resumed } = await putObject(
      {
        ...writing.options,
        ...uploadsOf(books, writing, flags, resolve(path), notes.listener(name)),
        attributes: attributesOf(flags),
        condition: conditionOf(flags),
        source,
        store,
        object: { bucket: location.bucket, key },
        pool,
        telemetry,
      },
      context.signal,
    );
    return { kind: 'done', contentBytes: contentLength, facts: { key, etag, parts, resumed } };
  } catch (error) {
    blameStore(error);
    throw error;
  }
}

/** What put --dry-run says of one file. */
function saySize({ store, writing, report }: Tree, { name, sizeBytes }: FoundFile): TreeOutcome {
  const { segments } = planPut(writing.options, sizeBytes, store.limits);
  if (!report.json) report.note(`would put ${name}: ${bytesText(sizeBytes)}, ${countText(segments, 'segment')}`, {});
  return { kind: 'done', contentBytes: sizeBytes, facts: { segments } };
}
