import { Command, Option } from 'commander';
import { SealpartError } from '../errors.ts';
import { openRecordBook } from '../gateway/records/open-record-book.ts';
import type { RecordBook } from '../gateway/records/record-book.ts';
import { reindexObject } from '../gateway/records/reindex-object.ts';
import { sweepRecords } from '../gateway/records/sweep-records.ts';
import type { ReaderKeys } from '../keys/open-header.ts';
import type { ObjectRecords } from '../manifest/object-records.ts';
import type { ListedObject, ObjectStore } from '../objects/object-store.ts';
import { Telemetry } from '../pipelines/telemetry.ts';
import { reservedKeyPrefix } from '../s3-protocol/routes/names.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import type { CliContext } from './cli-context.ts';
import { doneText, roundedSeconds } from './command-text.ts';
import { blameStore, exitCodeOf, exitCodes } from './exit-codes.ts';
import { countText } from './human-numbers.ts';
import { addReaderKeyFlags, type ReaderKeyFlags } from './key-flags.ts';
import { type ManifestFlag, manifestOption, manifestPath } from './manifest-flag.ts';
import { withManifest } from './open-manifest.ts';
import { parseTreeUrl, type StoreLocation } from './parse-store-url.ts';
import { readReaderKeys, readWriterKeys } from './read-keys.ts';
import { Report } from './report.ts';
import { addMachineFlags, addReportFlags, type MachineFlags, type ReportFlags } from './run-flags.ts';
import { addStoreFlags, type StoreFlags } from './store-flags.ts';
import { planTreeReading, withTreePool } from './tree-pool.ts';
import { runTree, type TreeJob, type TreeOutcome, type TreeTally } from './tree-run.ts';
import { UsageError } from './usage-error.ts';
import { placeText, withStore } from './with-store.ts';

interface ReindexFlags extends ReaderKeyFlags, ManifestFlag, StoreFlags, MachineFlags, ReportFlags {
  readonly all?: boolean;
  /** False with --no-sweep. */
  readonly sweep: boolean;
  readonly etag: 'md5' | 'opaque';
  readonly logicalBucket?: string;
}

const deed = 'recorded';

/** A record may be written a while before a listing shows its object. */
const sweepAgeMs = 3_600_000;

const examples = `
Examples:
  sealpart reindex --key-file my.key --manifest sqlite:/srv/gateway/manifest.db dir:/srv/store//photos
  sealpart reindex --key-file my.key --manifest sqlite:/srv/gateway/manifest.db --all s3://photos/2026/

A gateway tells sizes and ETags of content from records that it keeps in its manifest. This writes anew those that are
missing or damaged: each of these objects is read whole, decrypted and verified. Objects that clients made of several
parts get new ETags where no record says what the old ones were. Then records of what is not in the store any more are
forgotten, unless they are younger than an hour. Give the keys that the gateway has, and its manifest, which may be in
use meanwhile, and is that of no other store. What is no encrypted stream is left out.`;

export function reindexCommand(context: CliContext): Command {
  const command = new Command('reindex')
    .summary("restore a gateway's records of objects")
    .description(
      'Reads the objects of a bucket that have no record, and writes down what a gateway wants to know of them.',
    )
    .argument('<url>', 'the bucket, or the beginning of keys: dir:PATH//bucket/prefix or s3://bucket/prefix')
    .option('--all', 'read also objects that have a record')
    .option('--no-sweep', 'keep the records of objects that are gone')
    .addOption(
      new Option('--etag <kind>', 'the ETag of content that has no record: its MD5, as S3 has it, or an opaque one')
        .choices(['md5', 'opaque'])
        .default('md5'),
    )
    .option('--logical-bucket <name>', "the bucket's name that the objects are bound to (default: its own)")
    .addOption(manifestOption("the gateway's manifest: sqlite:PATH (default: this user's own)"));
  return addReportFlags(addMachineFlags(addStoreFlags(addReaderKeyFlags(command))))
    .addHelpText('after', examples)
    .action((url: string, flags: ReindexFlags) => reindex(url, flags, context));
}

async function reindex(url: string, flags: ReindexFlags, context: CliContext): Promise<void> {
  const report = new Report('reindex', flags, context);
  const location = parseTreeUrl(url);
  const path = manifestPath(flags.manifest, context.env);
  if (path === undefined) throw new UsageError('Records are kept in a manifest: leave out --manifest none.');
  const access = await readReaderKeys(flags, context);
  const subject = { bucket: location.bucket, prefix: location.key, manifest: `sqlite:${path}` };
  const found = await report.until(() =>
    withStore(location, { flags }, context, (store) =>
      withManifest(flags, true, context, async (books) => {
        const { records } = books!.manifest;
        const text = `${placeText(store, location)} into ${records.name}`;
        return await run(
          { store, location, records, access, flags, context, report },
          { ...subject, store: store.name },
          text,
        );
      }),
    ),
  );
  await tell(found, subject, report);
}

interface Ground {
  readonly store: ObjectStore;
  readonly location: StoreLocation;
  readonly records: ObjectRecords;
  readonly access: ReaderKeys;
  readonly flags: ReindexFlags;
  readonly context: CliContext;
  readonly report: Report;
}

interface Done {
  readonly tally: TreeTally;
  readonly counts: Counts;
  readonly sweeping: Sweeping;
}

interface Sweeping {
  readonly swept: number;
  readonly failure?: SealpartError | undefined;
}

/** What the objects came to that were not read, and those that were. */
interface Counts {
  had: number;
  newEtags: number;
}

async function run(ground: Ground, subject: Readonly<Record<string, string>>, text: string): Promise<Done> {
  const { flags, context, report, access, records } = ground;
  const { signal } = context;
  const telemetry = new Telemetry();
  const plan = planTreeReading(flags);
  const read = () => ({ bytes: telemetry.snapshot().wireBytes });
  report.start({ subject, text, peakBytes: plan.peakBytes, progress: { totalBytes: undefined, read } });
  const recipients = async () => (await readWriterKeys(flags, context)).recipients;
  const logicalBucket = (bucket: string) => flags.logicalBucket ?? bucket;
  const book = await openRecordBook({ records, recipients, access, logicalBucket }, signal);
  const counts = { had: 0, newEtags: 0 };
  // A passphrase takes much memory for a moment: for one object at a time, that is what was announced.
  const severalAtOnce = !access.identities.some(({ kind }) => kind === 'passphrase');
  const tally = await withTreePool(plan, (pool) =>
    runTree(jobsOf({ ...ground, book, pool, telemetry, counts }), { report, signal, deed, severalAtOnce }),
  );
  return { tally, counts, sweeping: await sweep(ground) };
}

/** Its failure does not hide what was done before it. */
async function sweep({ records, store, location, flags, context }: Ground): Promise<Sweeping> {
  if (!flags.sweep) return { swept: 0 };
  const { signal } = context;
  const { bucket, key: prefix } = location;
  try {
    const writtenBeforeMs = Date.now() - sweepAgeMs;
    const { swept, damage } = await sweepRecords({ records, store, bucket, prefix, writtenBeforeMs }, signal);
    return { swept, failure: damage };
  } catch (error) {
    if (!(error instanceof SealpartError) || signal.aborted) throw error;
    blameStore(error);
    return { swept: 0, failure: error };
  }
}

interface Reading extends Ground {
  readonly book: RecordBook;
  readonly pool: FramePool;
  readonly telemetry: Telemetry;
  readonly counts: Counts;
}

async function* jobsOf(reading: Reading): AsyncGenerator<TreeJob> {
  const { store, location, context } = reading;
  const request = { bucket: location.bucket, prefix: location.key };
  let startAfter: string | undefined;
  do {
    const page = await store.list({ ...request, ...(startAfter === undefined ? {} : { startAfter }) }, context.signal);
    for (const { key, sizeBytes } of await withoutRecord(page.objects, reading)) {
      yield { name: key, sizeBytes, run: () => reindexOne(key, sizeBytes, reading) };
    }
    startAfter = page.next;
  } while (startAfter !== undefined);
}

/** The objects of a page that are to be read. */
async function withoutRecord(
  listed: readonly ListedObject[],
  { location, book, flags, counts, context }: Reading,
): Promise<readonly ListedObject[]> {
  // What a gateway keeps for itself has no record.
  const objects = listed.filter(({ key }) => !key.startsWith(reservedKeyPrefix));
  if (flags.all === true) return objects;
  const states = objects.map(({ key, etag, sizeBytes }) => ({ bucket: location.bucket, key, etag, sizeBytes }));
  const found = await book.readMany(states, context.signal);
  const missing = objects.filter((_, index) => found[index] === undefined);
  counts.had += objects.length - missing.length;
  return missing;
}

async function reindexOne(key: string, sizeBytes: number, reading: Reading): Promise<TreeOutcome> {
  const { store, location, book, pool, telemetry, flags, counts, context } = reading;
  const { bucket } = location;
  const access = { ...reading.access, objectName: { bucket: flags.logicalBucket ?? bucket, key } };
  const request = { store, object: { bucket, key }, book, access, pool, telemetry, etags: flags.etag };
  try {
    const { record, keepsEtag } = await reindexObject(request, context.signal);
    if (!keepsEtag) counts.newEtags += 1;
    return { kind: 'done', contentBytes: record.contentLength, facts: { etag: record.etag } };
  } catch (error) {
    const isNoStream = error instanceof SealpartError && (error.code === 'bad-magic' || sizeBytes === 0);
    if (isNoStream) return { kind: 'skipped', reason: 'it is no encrypted stream' };
    blameStore(error);
    throw error;
  }
}

async function tell(
  { tally, counts, sweeping }: Done,
  subject: Readonly<Record<string, string>>,
  report: Report,
): Promise<void> {
  const { done, contentBytes, skipped, failed, worst } = tally;
  const { had, newEtags } = counts;
  const { swept, failure } = sweeping;
  const seconds = report.elapsedSeconds;
  const row = (count: number, what: string): string => `${String(count).padStart(10)}  ${what}`;
  await report.result({
    lines: [
      row(done, `${doneText(deed, contentBytes, seconds)}${newEtags === 0 ? '' : `, ${newEtags} with a new ETag`}`),
      row(had, 'had a record'),
      row(skipped, 'skipped: no encrypted streams'),
      row(failed, failed === 0 ? 'failed' : 'failed, as the lines above say'),
      row(swept, 'records of what is gone forgotten'),
    ],
    facts: {
      ...subject,
      recorded: done,
      had,
      newEtags,
      skipped,
      failed,
      swept,
      contentBytes,
      seconds: roundedSeconds(seconds),
    },
  });
  if (worst !== undefined) throw failureOf(failed, worst);
  if (failure !== undefined) throw failure;
}

function failureOf(failed: number, worst: unknown): unknown {
  if (!(worst instanceof SealpartError)) return worst;
  const text = `${countText(failed, 'object')} could not be recorded; the worst of it: ${worst.message}`;
  const failure = new SealpartError(worst.code, text, { cause: worst, segment: worst.segment, frame: worst.frame });
  if (exitCodeOf(worst, new AbortController().signal) === exitCodes.store) blameStore(failure);
  return failure;
}
