import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench, BenchOptions, BenchReport, Figure } from './bench.ts';
import { slowPeerFigures } from './s3/slow-peer.ts';
import { withScratch } from './scratch.ts';
import { type ProcessResult, runSealpart, runSealpartForPeak } from './sealpart-process.ts';

/** How much memory whole processes take, and that it does not grow with what they are given. */
export const peakMemory: Bench = { name: 'memory', byDefault: false, run: measure };

const mib = 2 ** 20;
/** What a run may announce at most with two workers: its budget and 300 MiB (docs/benchmarks.md). */
const allowedBytes = (256 + 300) * mib;
const machineFlags = ['--workers', '2', '--memory', '256MiB', '--json'] as const;
const commands = ['encrypt', 'decrypt', 'put', 'get'] as const;

interface Place {
  readonly folder: string;
  readonly key: string;
  readonly progress: (text: string) => void;
}

async function measure(options: BenchOptions): Promise<BenchReport> {
  const largeBytes = options.sizeBytes ?? 8 * 2 ** 30;
  const smallBytes = Math.ceil(largeBytes / 32);
  const measured = await withScratch(1.1 * largeBytes + 2 ** 29, async (folder, where) => {
    const place = { folder, key: join(folder, 'key'), progress: options.progress };
    await runSealpart(['keygen', '-o', place.key, '--quiet']);
    const small = await peaksOf(smallBytes, place);
    const large = await peaksOf(largeBytes, place);
    const figures = commands.flatMap((command) => peakFigures(command, small[command], large[command]));
    const growing = await growingFigures(largeBytes / 16, place);
    const compressed = await compressedFigures(largeBytes / 8, place);
    options.progress('memory, slow peer');
    const slow = await slowPeerFigures(folder, Math.min(40, Math.max(4, (largeBytes / 2 ** 30) * 5)));
    return { figures: [...figures, ...growing, ...compressed, ...slow], where };
  });
  return {
    bench: 'memory',
    how:
      `VmHWM of a process a command, read at its end: encrypt of a sparse file of ${sizeText(smallBytes)} and of ` +
      `${sizeText(largeBytes)} to /dev/null, decrypt of its stream ${measured?.where ?? ''} to /dev/null, put and get ` +
      'of the same on a directory store there, 2 workers and --memory 256MiB. The goal is what the command announces ' +
      'at its start. Medians of three runs. Of the put to a slow peer one run, ended before all was sent.',
    figures: measured?.figures ?? [],
    notes: measured === undefined ? [`There is no room for a stream of ${sizeText(largeBytes)}.`] : [],
  };
}

async function peaksOf(sizeBytes: number, { folder, key, progress }: Place) {
  const content = join(folder, 'content');
  const stream = join(folder, 'stream');
  const store = join(folder, 'store');
  const object = `dir:${store}//bench/content`;
  const keyed = ['--key-file', key, ...machineFlags];
  await writeFile(content, '');
  await truncate(content, sizeBytes);
  progress(`memory, ${sizeText(sizeBytes)}`);
  const encrypt = await medianPeak(() => runSealpartForPeak(['encrypt', ...keyed, '-o', '/dev/null', content]));
  await runSealpart(['encrypt', ...keyed, '-o', stream, content]);
  const decrypt = await medianPeak(() => runSealpartForPeak(['decrypt', ...keyed, '-o', '/dev/null', stream]));
  await rm(stream);
  const put = await medianPeak(async () => {
    await rm(store, { recursive: true, force: true });
    return runSealpartForPeak(['put', ...keyed, content, object]);
  });
  const get = await medianPeak(() => runSealpartForPeak(['get', ...keyed, object, '/dev/null']));
  await rm(store, { recursive: true });
  return { encrypt, decrypt, put, get };
}

/** The run in the middle of three: a peak depends on when garbage was collected. */
async function medianPeak(run: () => Promise<ProcessResult>): Promise<ProcessResult> {
  const results = [await run(), await run(), await run()];
  return results.sort((a, b) => a.peakBytes - b.peakBytes)[1]!;
}

function peakFigures(command: string, small: ProcessResult, large: ProcessResult): Figure[] {
  return [
    { name: `${command}, small`, value: small.peakBytes / mib, unit: 'MiB', goal: planOf(small) },
    { name: `${command}, large`, value: large.peakBytes / mib, unit: 'MiB', goal: planOf(large) },
    {
      name: `${command}: large to small`,
      value: large.peakBytes / small.peakBytes,
      unit: 'ratio',
      goal: { atLeast: 0.9, atMost: 1.1 },
    },
  ];
}

/** The smaller of what the command announced and what it may announce. */
function planOf({ stderr }: ProcessResult): { atMost: number } {
  const announced = stderr.match(/"memoryBytes":(\d+)/)?.[1];
  return { atMost: Math.min(allowedBytes, Number(announced ?? allowedBytes)) / mib };
}

/** Segments of 16 KiB that double every two, from a pipe, until they are as large as the budget lets them become. */
async function growingFigures(sizeBytes: number, { folder, key, progress }: Place): Promise<Figure[]> {
  const content = join(folder, 'content');
  const stream = join(folder, 'stream');
  const keyed = ['--key-file', key, ...machineFlags];
  await truncate(content, sizeBytes);
  progress(`memory, growing segments, ${sizeText(sizeBytes)}`);
  const growth = ['--segment-size', '16KiB', '--grow-every', '2'];
  const encrypt = await runSealpartForPeak(['encrypt', ...keyed, ...growth, '-o', stream], content);
  const decrypt = await runSealpartForPeak(['decrypt', ...keyed, '-o', '/dev/null', stream]);
  const name = `segments from 16 KiB doubling every 2, ${sizeText(sizeBytes)}`;
  return [
    { name: `encrypt, ${name}`, value: encrypt.peakBytes / mib, unit: 'MiB', goal: planOf(encrypt) },
    { name: `decrypt, ${name}`, value: decrypt.peakBytes / mib, unit: 'MiB', goal: planOf(decrypt) },
  ];
}

/** Large segments of zeros: what they unfold to is all that there is, and their frames are next to nothing. */
async function compressedFigures(sizeBytes: number, { folder, key, progress }: Place): Promise<Figure[]> {
  const content = join(folder, 'content');
  const stream = join(folder, 'stream');
  const keyed = ['--key-file', key, ...machineFlags];
  await truncate(content, sizeBytes);
  progress(`memory, compressed segments, ${sizeText(sizeBytes)}`);
  const large = ['--zstd', '--segment-size', '64MiB'];
  const encrypt = await medianPeak(() => runSealpartForPeak(['encrypt', ...keyed, ...large, '-o', stream, content]));
  const decrypt = await medianPeak(() => runSealpartForPeak(['decrypt', ...keyed, '-o', '/dev/null', stream]));
  const name = `compressed segments of 64 MiB, ${sizeText(sizeBytes)}`;
  return [
    { name: `encrypt, ${name}`, value: encrypt.peakBytes / mib, unit: 'MiB', goal: planOf(encrypt) },
    { name: `decrypt, ${name}`, value: decrypt.peakBytes / mib, unit: 'MiB', goal: planOf(decrypt) },
  ];
}

function sizeText(bytes: number): string {
  return bytes >= 2 ** 30 ? `${bytes / 2 ** 30} GiB` : `${bytes / mib} MiB`;
}
