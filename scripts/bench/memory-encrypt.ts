import { NullSink } from '../../src/sinks/null-sink.ts';
import { startBareLoop } from './bare-loop.ts';
import type { Bench, BenchOptions, BenchReport, Figure } from './bench.ts';
import { copyingSource, lendingSource, sharedContent } from './content.ts';
import { measureMachineLimit } from './machine-limit.ts';
import { digestAlgs, encrypt, frameSizeBytes, planToEncrypt, startPool } from './pipeline-side.ts';
import { runRounds } from './rounds.ts';
import { cpuRatioFigure, ratioFigure, scalingFigures, speedFigures } from './speed-figures.ts';

const goals = { 2: { atLeast: 0.8, aim: 0.95 }, 3: { atLeast: 0.7, aim: 0.9 } } as const;

/** Encrypting from memory to nowhere, beside the bare loop. */
export const memoryEncrypt: Bench = { name: 'memory-encrypt', byDefault: true, run: measure };

async function measure(options: BenchOptions): Promise<BenchReport> {
  const sizeBytes = options.sizeBytes ?? 512 * 2 ** 20;
  const content = sharedContent(sizeBytes);
  const plan = await planToEncrypt(sizeBytes, 2);
  const pools = [startPool(1, plan), startPool(2, plan)] as const;
  const memory = { plain: content, frameBytes: frameSizeBytes, batchBytes: 2 ** 20, wireBytes: plan.wireBytes };
  const loops = [
    await startBareLoop({ threads: 1, ...memory }),
    await startBareLoop({ threads: 2, ...memory }),
  ] as const;
  const figures: Figure[] = [];
  try {
    for (const digestAlg of digestAlgs) {
      options.progress(`memory-encrypt, digest ${digestAlg}`);
      const side = (name: string, run: () => Promise<void>) => ({ name, bytes: sizeBytes, run });
      const lent = (workers: 0 | 1) => () =>
        encrypt(lendingSource(content), new NullSink(), digestAlg, { pool: pools[workers] });
      const results = await runRounds(
        [
          side('bare 1', () => loops[0].run('encrypt', digestAlg, sizeBytes)),
          side('pipeline 1', lent(0)),
          side('bare 2', () => loops[1].run('encrypt', digestAlg, sizeBytes)),
          side('pipeline 2', lent(1)),
          side('copying 2', () => encrypt(copyingSource(content), new NullSink(), digestAlg, { pool: pools[1] })),
        ],
        options.rounds,
      );
      const [bareOne, one, bareTwo, two, copying] = results as [never, never, never, never, never];
      const digest = `digest ${digestAlg}`;
      figures.push(
        ratioFigure(`${digest}: 2 workers to the bare loop`, two, bareTwo, goals[digestAlg]),
        cpuRatioFigure(`${digest}: the same by CPU time`, two, bareTwo),
        ratioFigure(`${digest}: the same, the source copying`, copying, bareTwo),
        ...scalingFigures(digest, { one, two }, { one: bareOne, two: bareTwo }),
        ...speedFigures(`${digest}, bare loop, 2 threads`, bareTwo),
        ...speedFigures(`${digest}, 2 workers`, two),
        ...speedFigures(`${digest}, 2 workers, copying`, copying),
      );
    }
    options.progress('openssl speed');
    const limit = await measureMachineLimit(loops[1], 2, sizeBytes, sizeBytes < 2 ** 28 ? 1 : 3);
    return {
      bench: 'memory-encrypt',
      how:
        `encryptStream over ${sizeBytes / 2 ** 20} MiB of shared memory that the source lends (copying: that it copies) into a ` +
        'sink that keeps nothing, segments of 8 MiB, frames of 64 KiB, threads already running; the bare loop over the ' +
        `same memory. One run of each side a round, ${options.rounds} rounds after one that warms up; ratios are ` +
        'medians of the rounds, speeds and CPU time (all threads) medians of the runs.',
      figures: [...figures, ...limit.figures],
      notes: limit.notes,
    };
  } finally {
    for (const loop of loops) await loop.close();
    for (const pool of pools) await pool.close();
  }
}
