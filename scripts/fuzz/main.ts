import { fileURLToPath } from 'node:url';
import { segmentHeaderLength } from '../../src/format/segment-header.ts';
import { type AcceptVector, hexBytes, loadVectors } from '../vectors/vector.ts';
import { fuzz } from './run-fuzz.ts';
import {
  fieldsTarget,
  footerTarget,
  framesTarget,
  headerTarget,
  indexTarget,
  segmentHeaderTarget,
  zstdTarget,
} from './targets.ts';

const defaultExecutions = 1_000_000;
const [given, seedGiven] = process.argv.slice(2);
const executions = given === undefined ? defaultExecutions : Number(given);
const seed = seedGiven === undefined ? 1 : Number(seedGiven);
if (!Number.isInteger(executions) || executions < 1 || !Number.isInteger(seed)) {
  console.error(
    'usage: npm run fuzz -- [EXECUTIONS [SEED]]      1,000,000 executions unless told; the same seed, the same inputs',
  );
  process.exitCode = 2;
} else await main();

async function main(): Promise<void> {
  const vectors = await loadVectors<AcceptVector>(fileURLToPath(new URL('../../test/vectors/accept', import.meta.url)));
  const scheduled = vectors.filter(({ vector }) => vector.params.layout === 0);
  const small = scheduled.filter(
    ({ vector }) => vector.params.segment_size_log2 === 14 && vector.params.frame_size_log2 === 12,
  );
  const targets = [
    headerTarget(scheduled.map(({ vector, stream }) => stream.slice(0, vector.params.header_len))),
    fieldsTarget(vectors.map(({ vector }) => hexBytes(vector.writer.fields))),
    segmentHeaderTarget(
      small
        .filter(({ vector }) => vector.params.header_len === 512 && vector.params.digest_alg === 2)
        .map(({ vector, stream }) =>
          stream.slice(vector.params.header_len, vector.params.header_len + segmentHeaderLength),
        ),
    ),
    footerTarget,
    indexTarget,
    zstdTarget,
    framesTarget,
  ];
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  let failed = 0;
  for (const target of targets) {
    const report = fuzz(target, Math.ceil((executions * target.share) / shares), seed);
    failed += report.failures.length;
    const counts = `${report.accepted.toLocaleString('en')} accepted, ${report.refused.toLocaleString('en')} refused`;
    console.log(`${report.name.padEnd(16)} ${counts}, slowest ${report.slowestMs.toFixed(1)} ms`);
    for (const { what, input } of report.failures) console.log(`  FAILED: ${what}\n  input: ${input}`);
  }
  if (failed > 0) process.exitCode = 1;
}
