import { readFile } from 'node:fs/promises';
import type { MemoryPlan } from '../../../src/pipelines/memory-plan.ts';
import type { RunOptions } from '../../../src/pipelines/run-options.ts';
import type { UploadOptions } from '../../../src/pipelines/uploads/upload-options.ts';
import type { Source } from '../../../src/sources/source.ts';
import type { FramePool } from '../../../src/workers/frame-pool.ts';
import { benchKey, sharedCopy } from '../content.ts';
import { type Library, loadLibrary } from './library.ts';
import type { Side, SideJob } from './side-job.ts';

// The project's own sides, as a program that uses the library would call it.

const signal: AbortSignal = new AbortController().signal;

/** A file, with the upload written down in a manifest, and threads that each run starts: what a user runs. */
export async function put(job: SideJob): Promise<Side> {
  const library = await loadLibrary(job.libraryFolder);
  return listedSide(job, library, () => library.openFileSource(job.contentPath, signal));
}

/** The same without a manifest. */
export async function putUnlisted(job: SideJob): Promise<Side> {
  const library = await loadLibrary(job.libraryFolder);
  return putSide(job, library, () => library.openFileSource(job.contentPath, signal));
}

/** As `put`, with threads that stay, as in a program that puts one object after the other. */
export async function putPooled(job: SideJob): Promise<Side> {
  const library = await loadLibrary(job.libraryFolder);
  return withPool(library, job, (run) =>
    listedSide(job, library, () => library.openFileSource(job.contentPath, signal), run),
  );
}

/** As `put`, from shared memory that is lent. */
export async function putMemory(job: SideJob): Promise<Side> {
  const library = await loadLibrary(job.libraryFolder);
  const content = new Uint8Array(sharedCopy(await readFile(job.contentPath)));
  return listedSide(job, library, async () => library.createMemorySource(content));
}

async function listedSide(
  job: SideJob,
  library: Library,
  openSource: () => Promise<Source>,
  run: RunOptions = {},
): Promise<Side> {
  const manifest = await library.openSqliteManifest(job.manifestPath);
  const uploads = { manifest, access: { identities: [library.keyFileIdentity(benchKey)] } };
  const side = await putSide(job, library, openSource, run, uploads);
  return closing(side, () => manifest.close());
}

async function putSide(
  job: SideJob,
  library: Library,
  openSource: () => Promise<Source>,
  run: RunOptions = {},
  uploads?: UploadOptions,
): Promise<Side> {
  const { bucket, key, workers, partSizeBytes: segmentSizeBytes } = job;
  const store = await openStore(job, library);
  const recipients = [library.keyFileRecipient(benchKey)];
  const request = { store, object: { bucket, key }, recipients, segmentSizeBytes, workers, uploads, ...run };
  return {
    run: async () => {
      await library.putObject({ ...request, source: await openSource() }, signal);
    },
    close: () => store.close(),
  };
}

/** Into a sink that keeps nothing. */
export async function get(job: SideJob): Promise<Side> {
  return getSide(job, await loadLibrary(job.libraryFolder));
}

/** The same with threads that stay. */
export async function getPooled(job: SideJob): Promise<Side> {
  const library = await loadLibrary(job.libraryFolder);
  return withPool(library, job, (run) => getSide(job, library, run));
}

async function getSide(job: SideJob, library: Library, run: RunOptions = {}): Promise<Side> {
  const { bucket, key, workers, inFlight: parallelReads } = job;
  const store = await openStore(job, library);
  const access = { identities: [library.keyFileIdentity(benchKey)] };
  const request = { store, object: { bucket, key }, access, workers, parallelReads, ...run };
  return {
    run: async () => {
      await library.getObject({ ...request, sink: new library.NullSink() }, signal);
    },
    close: () => store.close(),
  };
}

function openStore({ endpoint, region, credentials }: SideJob, library: Library): ReturnType<Library['openS3Store']> {
  return library.openS3Store({ endpointUrl: endpoint, region, credentials }, signal);
}

/** Runs the side once to learn how a run divides its memory, and from then on with a pool of the same. */
async function withPool(
  { createFramePool }: Library,
  { workers }: SideJob,
  make: (run: RunOptions) => Promise<Side>,
): Promise<Side> {
  let plan: MemoryPlan | undefined;
  const onPlan = (planned: MemoryPlan): void => {
    plan = planned;
  };
  const first = await make({ onPlan });
  await first.run();
  await first.close();
  const pool: FramePool = createFramePool({ workers, plainBytes: plan!.plainBytes, wireBytes: plan!.wireBytes });
  return closing(await make({ pool }), () => pool.close());
}

function closing({ run, close }: Side, also: () => Promise<void>): Side {
  return {
    run,
    close: async () => {
      await close();
      await also();
    },
  };
}
