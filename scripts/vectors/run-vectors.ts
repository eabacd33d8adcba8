import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkAccept } from './check-accept.ts';
import { checkRecord, type RecordVector } from './check-record.ts';
import { checkRefuse } from './check-refuse.ts';
import { closePools, openPools, type Pools } from './decrypt-paths.ts';
import { type AcceptVector, loadVectors, type RefuseVector } from './vector.ts';

/** One case, ready to be run. */
export interface VectorCase {
  readonly name: string;
  readonly check: (pools: Pools) => Promise<void>;
}

/** Everything that a directory of vectors says: streams to accept, streams to refuse, records. */
export async function loadCases(directory: string): Promise<VectorCase[]> {
  const accept = await loadVectors<AcceptVector>(join(directory, 'accept'));
  const refuse = await loadVectors<RefuseVector>(join(directory, 'refuse'));
  const records = JSON.parse(await readFile(join(directory, 'records.json'), 'utf8')) as RecordVector[];
  return [
    ...accept.map((loaded) => ({
      name: `accept/${loaded.vector.name}`,
      check: (pools: Pools) => checkAccept(loaded, pools),
    })),
    ...refuse.map((loaded) => ({
      name: `refuse/${loaded.vector.name}`,
      check: (pools: Pools) => checkRefuse(loaded, pools),
    })),
    ...records.map((record, i) => ({ name: `records/${i}`, check: async () => checkRecord(record) })),
  ];
}

export interface VectorReport {
  readonly passed: number;
  readonly failures: readonly { readonly name: string; readonly reason: string }[];
}

/** Runs every case and goes on behind those that fail. */
export async function runVectors(directory: string): Promise<VectorReport> {
  const cases = await loadCases(directory);
  const pools = openPools();
  const failures: { name: string; reason: string }[] = [];
  try {
    for (const { name, check } of cases) {
      try {
        await check(pools);
      } catch (error) {
        failures.push({ name, reason: error instanceof Error ? error.message : String(error) });
      }
    }
  } finally {
    await closePools(pools);
  }
  return { passed: cases.length - failures.length, failures };
}
