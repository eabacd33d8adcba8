import { dirname } from 'node:path';
import type { Bench, BenchOptions, BenchReport, Figure } from '../bench.ts';
import { segmentSizeBytes } from '../pipeline-side.ts';
import { runRounds, type SideResult } from '../rounds.ts';
import { cpuPerGiBFigure, cpuRatioFigure, ratioFigure, speedFigure } from '../speed-figures.ts';
import { type S3Place, type ServedBucket, serve, withS3Place } from './s3-place.ts';
import type { SideJob, SideName } from './side-job.ts';
import { type SideProcess, startSide } from './side-process.ts';
import { measureWholePrograms } from './whole-programs.ts';

/** put and get on S3, beside programs that send and fetch the same content as it is. */
export const s3Speed: Bench = { name: 's3', byDefault: true, run: measure };

/** Parts and GETs under way: what a put of this project takes with two workers, and lib-storage unless told. */
const inFlight = 4;
const workers = 2;
const goals = { put: { atLeast: 0.95, aim: 1.1 }, get: { atLeast: 0.9 } } as const;

const texts: Readonly<Record<SideName, string>> = {
  put: 'put of a file',
  putUnlisted: 'put of a file, no manifest',
  putPooled: 'put of a file, threads that stay',
  putMemory: 'put from memory',
  plainPut: 'lib-storage Upload from memory',
  plainPutFile: 'lib-storage Upload of a file',
  get: 'get',
  getPooled: 'get, threads that stay',
  plainGet: 'ranged GETs of the SDK',
};

async function measure(options: BenchOptions): Promise<BenchReport> {
  const sizeBytes = options.sizeBytes ?? 256 * 2 ** 20;
  const measured = await withS3Place(sizeBytes, 10, async (place) => {
    options.progress(`s3, ${options.server}`);
    const server = await serve(options.server, place);
    let figures: Figure[];
    try {
      figures = figuresOf(await runSides(place, server, options.rounds));
    } finally {
      await server.stop();
    }
    const programs = await measureWholePrograms(place, { segmentSizeBytes, inFlight, workers }, options);
    return { figures: [...figures, ...programs.figures], notes: programs.notes, where: place.where };
  });
  return {
    bench: 's3',
    how: howText(sizeBytes, measured?.where ?? '', options),
    figures: measured?.figures ?? [],
    notes: measured?.notes ?? ['There is no room for content and objects.'],
  };
}

function howText(sizeBytes: number, where: string, { server, rounds }: BenchOptions): string {
  const name = server === 'null' ? 'a server that throws away what is put and answers from memory' : 'versitygw';
  return (
    `${sizeBytes / 2 ** 20} MiB ${where} to and from ${name}, in parts and ranges of ${segmentSizeBytes / 2 ** 20} MiB, ` +
    `${inFlight} at a time; each side in a process of its own that stays, this project built as it is published, with ` +
    `digest 2, ${workers} workers that each run starts, and a manifest on disk. The SDK's clients as they come. ` +
    'put, get and lib-storage through the library; below that whole programs, from start to end, on versitygw. One run ' +
    `of each side a round, ${rounds} rounds after one that warms up; ratios are medians of the rounds, speeds and CPU ` +
    'time (all threads of the side, none of the server) medians of the runs.'
  );
}

async function runSides(place: S3Place, server: ServedBucket, rounds: number): Promise<Record<SideName, SideResult>> {
  const names = Object.keys(texts) as SideName[];
  const processes = new Map<SideName, SideProcess>();
  try {
    for (const name of names) {
      const side = await startSide(jobOf(name, place, server));
      processes.set(name, side);
      // What is fetched has to stand there first.
      if (name === 'put') await side.run();
    }
    const sides = Object.fromEntries(names.map((name) => [name, () => processes.get(name)!.run()]));
    return (await runRounds(sides, place.sizeBytes, rounds)) as Record<SideName, SideResult>;
  } finally {
    for (const side of processes.values()) await side.stop();
  }
}

function jobOf(side: SideName, place: S3Place, server: ServedBucket): SideJob {
  const { endpoint, region, accessKeyId, secretAccessKey, bucket } = server;
  const { contentPath, manifestPath, cliPath } = place;
  const isGet = side === 'get' || side === 'getPooled' || side === 'plainGet';
  return {
    side,
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    bucket,
    key: isGet ? 'put' : side,
    contentPath,
    partSizeBytes: segmentSizeBytes,
    inFlight,
    workers,
    manifestPath,
    libraryFolder: dirname(dirname(cliPath)),
  };
}

function figuresOf(results: Record<SideName, SideResult>): Figure[] {
  const { put, putUnlisted, putPooled, putMemory, plainPut, plainPutFile, get, getPooled, plainGet } = results;
  const names = Object.keys(texts) as SideName[];
  return [
    ratioFigure('put to Upload, of a file', put, plainPutFile, goals.put),
    ratioFigure('put to Upload, from memory', putMemory, plainPut, goals.put),
    ratioFigure('put of a file, threads that stay, to Upload from memory', putPooled, plainPut),
    ratioFigure('put with a manifest to put without', put, putUnlisted),
    ratioFigure('get to ranged GETs', get, plainGet, goals.get),
    ratioFigure('get, threads that stay, to ranged GETs', getPooled, plainGet),
    cpuRatioFigure('put to Upload, of a file, by CPU time', put, plainPutFile),
    cpuRatioFigure('put to Upload, from memory, by CPU time', putMemory, plainPut),
    cpuRatioFigure('get to ranged GETs, by CPU time', get, plainGet),
    ...names.flatMap((name) => [speedFigure(texts[name], results[name]), cpuPerGiBFigure(texts[name], results[name])]),
  ];
}
