import { MemorySink } from '../../src/sinks/memory-sink.ts';
import { NullSink } from '../../src/sinks/null-sink.ts';
import type { Bench, BenchOptions, BenchReport, Figure } from './bench.ts';
import { copyingInput, lendingSource, sharedContent, sharedCopy } from './content.ts';
import { type PairedLoops, withPairedLoops } from './paired-loops.ts';
import { decrypt, digestAlgs, encrypt, planToDecrypt } from './pipeline-side.ts';
import { runRounds } from './rounds.ts';
import { cpuRatioFigure, ratioFigure, scalingFigures, speedFigures } from './speed-figures.ts';

const goals = { 2: { atLeast: 0.75, aim: 0.95 }, 3: { atLeast: 0.65, aim: 0.9 } } as const;

/** Decrypting from memory to nowhere, beside the bare loop. */
export const memoryDecrypt: Bench = { name: 'memory-decrypt', byDefault: true, run: measure };

async function measure(options: BenchOptions): Promise<BenchReport> {
  const sizeBytes = options.sizeBytes ?? 512 * 2 ** 20;
  const figures: Figure[] = [];
  for (const digestAlg of digestAlgs) {
    options.progress(`memory-decrypt, digest ${digestAlg}`);
    const wire = await encryptedContent(sizeBytes, digestAlg);
    const plan = await planToDecrypt(wire, 2);
    const plain = sharedContent(plan.plainBytes);
    const measured = await withPairedLoops(plan, plain, wire.byteLength, async (paired) => {
      // What the bare loop decrypts has to stand there first.
      for (const loop of Object.values(paired.loops)) await loop.run('encrypt', digestAlg, sizeBytes);
      return measureDigest(digestAlg, wire, sizeBytes, paired, options.rounds);
    });
    figures.push(...measured);
  }
  return {
    bench: 'memory-decrypt',
    how:
      `decryptStream of ${sizeBytes / 2 ** 20} MiB of content in shared memory that the source lends (copying: that it ` +
      'copies into wire memory) into a sink that keeps nothing, threads already running; the bare loop over as ' +
      `many frames, and plain memory of the size that the pipeline gives itself. One run of each side a round, ${options.rounds} rounds ` +
      'after one that warms up; ratios are medians of the rounds, speeds and CPU time (all threads) medians of the runs.',
    figures,
    notes: [],
  };
}

async function encryptedContent(sizeBytes: number, digestAlg: 2 | 3): Promise<SharedArrayBuffer> {
  const sink = new MemorySink();
  await encrypt(lendingSource(sharedContent(sizeBytes)), sink, digestAlg, { workers: 2 });
  return sharedCopy(sink.bytes());
}

async function measureDigest(
  digestAlg: 2 | 3,
  wire: SharedArrayBuffer,
  sizeBytes: number,
  { pools, loops }: PairedLoops,
  rounds: number,
): Promise<Figure[]> {
  const { bareOne, one, bareTwo, two, copying } = await runRounds(
    {
      bareOne: () => loops.one.run('decrypt', digestAlg, sizeBytes),
      one: () => decrypt(lendingSource(wire), new NullSink(), { pool: pools.one }),
      bareTwo: () => loops.two.run('decrypt', digestAlg, sizeBytes),
      two: () => decrypt(lendingSource(wire), new NullSink(), { pool: pools.two }),
      copying: () => decrypt(copyingInput(wire), new NullSink(), { pool: pools.two }),
    },
    sizeBytes,
    rounds,
  );
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
