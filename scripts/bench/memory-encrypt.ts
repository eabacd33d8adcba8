import { NullSink } from '../../src/sinks/null-sink.ts';
import type { Bench, BenchOptions, BenchReport, Figure } from './bench.ts';
import { copyingSource, lendingSource, sharedContent } from './content.ts';
import { measureMachineLimit } from './machine-limit.ts';
import { type PairedLoops, withPairedLoops } from './paired-loops.ts';
import { digestAlgs, encrypt, planToEncrypt } from './pipeline-side.ts';
import { runRounds } from './rounds.ts';
import { cpuRatioFigure, ratioFigure, scalingFigures, speedFigures } from './speed-figures.ts';

const goals = { 2: { atLeast: 0.8, aim: 0.95 }, 3: { atLeast: 0.7, aim: 0.9 } } as const;

/** Encrypting from memory to nowhere, beside the bare loop. */
export const memoryEncrypt: Bench = { name: 'memory-encrypt', byDefault: true, run: measure };

async function measure(options: BenchOptions): Promise<BenchReport> {
  const sizeBytes = options.sizeBytes ?? 512 * 2 ** 20;
  const content = sharedContent(sizeBytes);
  const plan = await planToEncrypt(sizeBytes, 2);
  return withPairedLoops(plan, content, plan.wireBytes, async (paired) => {
    const figures: Figure[] = [];
    for (const digestAlg of digestAlgs) {
      options.progress(`memory-encrypt, digest ${digestAlg}`);
      figures.push(...(await measureDigest(digestAlg, content, paired, options.rounds)));
    }
    options.progress('openssl speed');
    const limit = await measureMachineLimit(paired.loops.two, 2, sizeBytes, sizeBytes < 2 ** 28 ? 1 : 3);
    return {
      bench: 'memory-encrypt',
      how:
        `encryptStream over ${sizeBytes / 2 ** 20} MiB of shared memory that the source lends (copying: that it ` +
        'copies) into a sink that keeps nothing, segments of 8 MiB, frames of 64 KiB, threads already running; the ' +
        `bare loop over the same memory. One run of each side a round, ${options.rounds} rounds after one that warms ` +
        'up; ratios are medians of the rounds, speeds and CPU time (all threads) medians of the runs.',
      figures: [...figures, ...limit.figures],
      notes: limit.notes,
    };
  });
}

async function measureDigest(
  digestAlg: 2 | 3,
  content: SharedArrayBuffer,
  { pools, loops }: PairedLoops,
  rounds: number,
): Promise<Figure[]> {
  const size = content.byteLength;
  const results = await runRounds(
    {
      bareOne: () => loops.one.run('encrypt', digestAlg, size),
      one: () => encrypt(lendingSource(content), new NullSink(), digestAlg, { pool: pools.one }),
      bareTwo: () => loops.two.run('encrypt', digestAlg, size),
      two: () => encrypt(lendingSource(content), new NullSink(), digestAlg, { pool: pools.two }),
      copying: () => encrypt(copyingSource(content), new NullSink(), digestAlg, { pool: pools.two }),
    },
    size,
    rounds,
  );
  const { bareOne, one, bareTwo, two, copying } = results;
  const digest = `digest ${digestAlg}`;
  return [
    ratioFigure(`${digest}: 2 workers to the bare loop`, two, bareTwo, goals[digestAlg]),
    cpuRatioFigure(`${digest}: the same by CPU time`, two, bareTwo),
    ratioFigure(`${digest}: the same, the source copying`, copying, bareTwo),
    ...scalingFigures(digest, { one, two }, { one: bareOne, two: bareTwo }),
    ...speedFigures(`${digest}, bare loop, 2 threads`, bareTwo),
    ...speedFigures(`${digest}, 2 workers`, two),
    ...speedFigures(`${digest}, 2 workers, copying`, copying),
  ];
}
