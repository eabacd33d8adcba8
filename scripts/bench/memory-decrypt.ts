import { MemorySink } from '../../src/sinks/memory-sink.ts';
import { NullSink } from '../../src/sinks/null-sink.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { startBareLoop } from './bare-loop.ts';
import type { Bench, BenchOptions, BenchReport, Figure } from './bench.ts';
import { lendingSource, sharedContent } from './content.ts';
import { decrypt, digestAlgs, encrypt, frameSizeBytes, planToDecrypt, startPool } from './pipeline-side.ts';
import { runRounds } from './rounds.ts';
import { cpuRatioFigure, ratioFigure, scalingFigures, speedFigures } from './speed-figures.ts';

const goals = { 2: { atLeast: 0.75 }, 3: { atLeast: 0.65 } } as const;

/** Decrypting from memory to nowhere, beside the bare loop. */
export const memoryDecrypt: Bench = { name: 'memory-decrypt', byDefault: true, run: measure };

async function measure(options: BenchOptions): Promise<BenchReport> {
  const sizeBytes = options.sizeBytes ?? 512 * 2 ** 20;
  const figures: Figure[] = [];
  for (const digestAlg of digestAlgs) {
    options.progress(`memory-decrypt, digest ${digestAlg}`);
    figures.push(...(await measureDigest(digestAlg, await encryptedContent(sizeBytes, digestAlg), sizeBytes, options)));
  }
  return {
    bench: 'memory-decrypt',
    how:
      `decryptStream of ${sizeBytes / 2 ** 20} MiB of content in memory, which the source copies into wire memory, into a sink that ` +
      'keeps nothing, threads already running; the bare loop over plain and wire memory of the size that the ' +
      `pipeline gives itself, without that copy. One run of each side a round, ${options.rounds} rounds after one that ` +
      'warms up; ratios are medians of the rounds, speeds and CPU time (all threads) medians of the runs.',
    figures,
    notes: [],
  };
}

async function encryptedContent(sizeBytes: number, digestAlg: 2 | 3): Promise<Uint8Array> {
  const sink = new MemorySink();
  await encrypt(lendingSource(sharedContent(sizeBytes)), sink, digestAlg, { workers: 2 });
  return sink.bytes();
}

async function measureDigest(
  digestAlg: 2 | 3,
  wire: Uint8Array,
  sizeBytes: number,
  options: BenchOptions,
): Promise<Figure[]> {
  const plan = await planToDecrypt(wire, 2);
  const pools = [startPool(1, plan), startPool(2, plan)] as const;
  const plain = sharedContent(plan.plainBytes);
  const memory = { plain, frameBytes: frameSizeBytes, batchBytes: 2 ** 20, wireBytes: plan.wireBytes };
  const loops = [
    await startBareLoop({ threads: 1, ...memory }),
    await startBareLoop({ threads: 2, ...memory }),
  ] as const;
  try {
    for (const loop of loops) await loop.run('encrypt', digestAlg, plan.wireBytes);
    const side = (name: string, run: () => Promise<void>) => ({ name, bytes: sizeBytes, run });
    const run = (workers: 0 | 1) => () => decrypt(createMemorySource(wire), new NullSink(), { pool: pools[workers] });
    const results = await runRounds(
      [
        side('bare 1', () => loops[0].run('decrypt', digestAlg, sizeBytes)),
        side('pipeline 1', run(0)),
        side('bare 2', () => loops[1].run('decrypt', digestAlg, sizeBytes)),
        side('pipeline 2', run(1)),
      ],
      options.rounds,
    );
    const [bareOne, one, bareTwo, two] = results as [never, never, never, never];
    const digest = `digest ${digestAlg}`;
    return [
      ratioFigure(`${digest}: 2 workers to the bare loop`, two, bareTwo, goals[digestAlg]),
      cpuRatioFigure(`${digest}: the same by CPU time`, two, bareTwo),
      ...scalingFigures(digest, { one, two }, { one: bareOne, two: bareTwo }),
      ...speedFigures(`${digest}, bare loop, 2 threads`, bareTwo),
      ...speedFigures(`${digest}, 2 workers`, two),
    ];
  } finally {
    for (const loop of loops) await loop.close();
    for (const pool of pools) await pool.close();
  }
}
