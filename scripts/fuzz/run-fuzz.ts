import { isRefusal } from '../../src/errors.ts';
import { mutate } from './mutate.ts';
import { SeededRandom } from './random.ts';
import type { FuzzTarget } from './targets.ts';

/** What became of one target's executions. */
export interface FuzzReport {
  readonly name: string;
  readonly executions: number;
  readonly accepted: number;
  readonly refused: number;
  readonly slowestMs: number;
  /** Inputs, in hex, that the target mishandled, with what happened. */
  readonly failures: readonly { readonly input: string; readonly what: string }[];
}

/** No input of a few kilobytes may take a parser longer: what does is a denial of service. */
const mostMs = 1000;
const mostFailures = 5;

export function fuzz(target: FuzzTarget, executions: number, seed: number): FuzzReport {
  const random = new SeededRandom(seed);
  const failures: { input: string; what: string }[] = [];
  let accepted = 0;
  let refused = 0;
  let slowestMs = 0;
  for (let i = 0; i < executions && failures.length < mostFailures; i++) {
    // The seeds themselves come first: a target that refuses them would test nothing.
    const unchanged = target.seeds[i];
    const input = unchanged?.slice() ?? mutate(random.pick(target.seeds), random);
    if (unchanged === undefined && random.below(2) === 0) target.repair?.(input);
    const start = performance.now();
    const what = execute(target, input);
    const tookMs = performance.now() - start;
    slowestMs = Math.max(slowestMs, tookMs);
    if (what === 'accepted') accepted++;
    else if (what === 'refused') refused++;
    const trouble = troubleOf(what, unchanged !== undefined, tookMs);
    if (trouble !== undefined) failures.push({ input: Buffer.from(input).toString('hex'), what: trouble });
  }
  return {
    name: target.name,
    executions: accepted + refused + failures.length,
    accepted,
    refused,
    slowestMs,
    failures,
  };
}

function execute(target: FuzzTarget, input: Uint8Array): string {
  try {
    const answer = target.run(input);
    if (answer === undefined) return 'refused';
    return answer ? 'accepted' : 'accepted something that does not re-encode to the same bytes, or let plaintext out';
  } catch (error) {
    return isRefusal(error) ? 'refused' : `threw ${error instanceof Error ? error.stack : String(error)}`;
  }
}

function troubleOf(what: string, isSeed: boolean, tookMs: number): string | undefined {
  if (what !== 'accepted' && what !== 'refused') return what;
  if (isSeed && what === 'refused') return 'refused a valid input';
  return tookMs > mostMs ? `took ${tookMs.toFixed(0)} ms` : undefined;
}
