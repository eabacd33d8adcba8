import { join } from 'node:path';
import type { Bench, BenchOptions, BenchReport, Figure } from './bench.ts';
import { writeContent } from './content.ts';
import { ageRival, npmRivals } from './rivals.ts';
import { runRounds } from './rounds.ts';
import { withScratch } from './scratch.ts';
import { buildSealpart, runSealpart } from './sealpart-process.ts';
import { ratioFigure } from './speed-figures.ts';
import { median } from './statistics.ts';

/** Encrypting a file as a whole process, beside other programs that do. */
export const wholeProcess: Bench = { name: 'process', byDefault: true, run: measure };

/** Packages of npm are slower, and are given a file of so much less. */
const slowFraction = 4;

async function measure(options: BenchOptions): Promise<BenchReport> {
  const sizeBytes = options.sizeBytes ?? 4 * 2 ** 30;
  const smallBytes = Math.ceil(sizeBytes / slowFraction);
  const measured = await withScratch(sizeBytes + smallBytes + 2 ** 28, async (folder, where) => {
    const key = join(folder, 'key');
    await runSealpart(['keygen', '-o', key, '--quiet']);
    const ours = { key, main: await buildSealpart(folder) };
    const file = { path: join(folder, 'content'), sizeBytes };
    await writeContent(file.path, sizeBytes);
    const figures: Figure[] = [];
    const notes: string[] = [];
    await besideAge(file, ours, folder, options, figures, notes);
    if (options.rivals) {
      const small = { path: join(folder, 'small'), sizeBytes: smallBytes };
      await writeContent(small.path, smallBytes);
      await besideNpm(small, ours, folder, options, figures, notes);
    } else notes.push('Not measured beside @aws-crypto/client-node and age-encryption: --rivals was not given.');
    return { figures, notes, where };
  });
  const { figures, notes, where } = measured ?? { figures: [], notes: ['There is no room for the file.'], where: '' };
  return {
    bench: 'process',
    how:
      `Wall time from start to end of the process that encrypts a file ${where} to /dev/null: ${sizeBytes / 2 ** 20} ` +
      `MiB (packages of npm: ${smallBytes / 2 ** 20} MiB), sealpart by its command line, built as it is published, with a key file and default ` +
      `threads. One run of each side a round, ${options.rounds} rounds after one that warms up; ratios are medians of ` +
      'the rounds, speeds medians of the runs.',
    figures,
    notes,
  };
}

interface ContentFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** The project's own command line, and the key file that it is given. */
interface Sealpart {
  readonly key: string;
  readonly main: string;
}

function sealpartSides(file: ContentFile, { key, main }: Sealpart) {
  const side = (digest: string) => async (): Promise<void> => {
    const flags = ['--key-file', key, '--digest', digest, '--quiet', '-o', '/dev/null'];
    await runSealpart(['encrypt', ...flags, file.path], main);
  };
  return { fragments: side('sha256-fragments'), tags: side('sha256-tags') };
}

async function besideAge(
  file: ContentFile,
  sealpart: Sealpart,
  folder: string,
  options: BenchOptions,
  figures: Figure[],
  notes: string[],
): Promise<void> {
  options.progress('process, beside age');
  const ours = sealpartSides(file, sealpart);
  const age = await ageRival(folder);
  if ('missing' in age) {
    notes.push(age.missing);
    const { fragments, tags } = await runRounds(ours, file.sizeBytes, options.rounds);
    figures.push(speed('sealpart, digest 2', fragments), speed('sealpart, digest 3', tags));
    return;
  }
  const sides = { ...ours, age: () => age.encrypt(file.path) };
  const results = await runRounds(sides, file.sizeBytes, options.rounds);
  figures.push(
    ratioFigure('digest 3 to age', results.tags, results.age, { atLeast: 1 }),
    ratioFigure('digest 2 to age', results.fragments, results.age, { atLeast: 0.7 }),
    speed('sealpart, digest 2', results.fragments),
    speed('sealpart, digest 3', results.tags),
    speed(age.name, results.age),
  );
}

async function besideNpm(
  file: ContentFile,
  sealpart: Sealpart,
  folder: string,
  options: BenchOptions,
  figures: Figure[],
  notes: string[],
): Promise<void> {
  options.progress('process, beside packages of npm');
  const rivals = await npmRivals(folder);
  if ('missing' in rivals) {
    notes.push(rivals.missing);
    return;
  }
  for (const rival of rivals.installed) {
    const sides = { ...sealpartSides(file, sealpart), rival: () => rival.encrypt(file.path) };
    const { fragments, tags, rival: theirs } = await runRounds(sides, file.sizeBytes, options.rounds);
    figures.push(
      ratioFigure(`digest 2 to ${rival.name}`, fragments, theirs, rival.goal),
      ratioFigure(`digest 3 to ${rival.name}`, tags, theirs, rival.goal),
      speed(rival.name, theirs),
    );
  }
}

function speed(name: string, side: { readonly bytesPerSecond: readonly number[] }): Figure {
  return { name: `${name}: speed`, value: median(side.bytesPerSecond) / 1e9, unit: 'GB/s' };
}
