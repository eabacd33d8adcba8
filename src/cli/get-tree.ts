import { resolve } from 'node:path';
import { SealpartError } from '../errors.ts';
import type { ListedObject, ObjectStore } from '../objects/object-store.ts';
import { getObject } from '../pipelines/get-object.ts';
import { createFileSink } from '../sinks/file-sink.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import type { CliContext } from './cli-context.ts';
import { blameStore } from './exit-codes.ts';
import type { GetFlags } from './get.ts';
import { noteAllLeftovers } from './leftovers.ts';
import { listObjects } from './list-objects.ts';
import { isStandard } from './open-input.ts';
import { parseTreeUrl, type StoreLocation } from './parse-store-url.ts';
import { prepareReading, type Reading } from './reading.ts';
import { Report } from './report.ts';
import { TreeFolder, whatStandsAt } from './tree-folder.ts';
import { ClaimedPaths, namesOfKey } from './tree-paths.ts';
import { planTreeReading, withTreePool } from './tree-pool.ts';
import { reportTree, runTree, type TreeJob, type TreeOutcome } from './tree-run.ts';
import { UsageError } from './usage-error.ts';
import { objectUrlText, placeText, withStore } from './with-store.ts';

const deed = 'got';

/** get -r: every object whose key begins with the URL's becomes a file below a folder. */
export async function getTree(
  url: string,
  folderPath: string | undefined,
  flags: GetFlags,
  context: CliContext,
): Promise<void> {
  if (isStandard(folderPath)) throw new UsageError('get -r needs the name of a folder to write into.');
  if (flags.range !== undefined || flags.expectDigest !== undefined) {
    throw new UsageError('--range and --expect-digest are for one object: leave them out, or -r.');
  }
  const report = new Report('get', flags, context);
  const location = parseTreeUrl(url);
  const reading = await prepareReading(flags, undefined, context);
  const { signal } = context;
  const output = resolve(folderPath);
  const plan = planTreeReading(flags);
  const done = await report.until(() =>
    withStore(location, { flags }, context, async (store) => {
      const subject = { store: store.name, input: objectUrlText(store, location), output };
      const read = () => ({ bytes: reading.telemetry.snapshot().wireBytes });
      const text = `${placeText(store, location)} to ${output}`;
      report.start({ subject, text, peakBytes: plan.peakBytes, progress: { totalBytes: undefined, read } });
      const folder = await TreeFolder.open(output, (path) => noteAllLeftovers(path, report));
      const tally = await withTreePool(plan, async (pool) => {
        const tree: Tree = { store, location, folder, pool, reading, flags, context };
        const severalAtOnce = !derivesKeys(reading);
        return runTree(jobsOf(tree), { report, signal, deed, severalAtOnce });
      });
      return { tally, subject };
    }),
  );
  await reportTree(done.tally, done.subject, { report, deed });
}

/** A passphrase takes much memory for a moment: for one file at a time, that is what was announced. */
function derivesKeys({ access }: Reading): boolean {
  return access.identities.some(({ kind }) => kind === 'passphrase');
}

interface Tree {
  readonly store: ObjectStore;
  readonly location: StoreLocation;
  readonly folder: TreeFolder;
  readonly pool: FramePool;
  readonly reading: Reading;
  readonly flags: GetFlags;
  readonly context: CliContext;
}

async function* jobsOf(tree: Tree): AsyncGenerator<TreeJob> {
  const { store, location, folder, context } = tree;
  const paths = new ClaimedPaths(await folder.foldsCase());
  for await (const listed of listObjects(store, location, context.signal)) {
    const { key, sizeBytes } = listed;
    // Claimed here and not when its turn comes: who comes first must not depend on which is faster.
    const claim = claimPath(paths, key.slice(location.key.length));
    yield {
      name: key,
      sizeBytes,
      run: async () => {
        if ('refusal' in claim) throw claim.refusal;
        return getOne(tree, listed, claim.names);
      },
    };
  }
}

type Claim = { readonly names: readonly string[] } | { readonly refusal: SealpartError };

function claimPath(paths: ClaimedPaths, relativeKey: string): Claim {
  try {
    const names = namesOfKey(relativeKey);
    paths.claim(names);
    return { names };
  } catch (error) {
    if (error instanceof SealpartError) return { refusal: error };
    throw error;
  }
}

async function getOne(tree: Tree, { key }: ListedObject, names: readonly string[]): Promise<TreeOutcome> {
  const { store, location, folder, pool, reading, flags, context } = tree;
  const { signal } = context;
  const there = await whatStandsAt(folder.pathOf(names));
  if (there !== undefined && flags.skipExisting === true) return { kind: 'skipped', reason: 'it is there already' };
  if (there !== undefined && (flags.overwrite !== true || !there.isFile())) throw inTheWay(folder.pathOf(names), there);
  const path = await folder.makeRoom(names);
  const sink = await createFileSink(path, { overwrite: flags.overwrite === true }, signal);
  const object = { bucket: location.bucket, key };
  const access = flags.anyName === true ? reading.access : { ...reading.access, objectName: object };
  try {
    const { contentLength } = await getObject({ ...reading, access, store, object, sink, pool }, signal);
    return { kind: 'done', contentBytes: contentLength };
  } catch (error) {
    blameStore(error);
    throw error;
  }
}

function inTheWay(path: string, there: { isFile(): boolean }): SealpartError {
  const advice = there.isFile()
    ? '--overwrite replaces it, --skip-existing leaves it as it is'
    : 'move it away, since only files are replaced';
  return new SealpartError('exists', `${path} is there already: ${advice}.`);
}
