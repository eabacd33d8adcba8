import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CaseResult } from './run-case.ts';

/** Stores that the gateway is run over. */
export const grounds = ['dir', 'versitygw'] as const;
export type Ground = (typeof grounds)[number];

/** Why which cases do not pass: the reason, then their names over each store. */
export interface KnownReason {
  readonly reason: string;
  readonly dir?: readonly string[];
  readonly versitygw?: readonly string[];
}

export type KnownFailures = readonly KnownReason[];

const path = fileURLToPath(new URL('../../test/compat/known-failures.json', import.meta.url));

export function readKnownFailures(): KnownFailures {
  return JSON.parse(readFileSync(path, 'utf8')) as KnownFailures;
}

export function writeKnownFailures(known: KnownFailures): void {
  writeFileSync(path, knownFailuresText(known));
}

const lineChars = 120;

/** The list as it stands in its file: laid out as the formatter does it, so that what a run writes needs no other hand. */
export function knownFailuresText(known: KnownFailures): string {
  const spread = `${JSON.stringify(known, undefined, 2)}\n`;
  return spread.replace(
    /^( *"\w+": )\[\n([^\][]*)\n *\](,?)$/gm,
    (whole, name: string, items: string, comma: string) => {
      const line = `${name}[${items.trim().replace(/,\n */g, ', ')}]${comma}`;
      return line.length <= lineChars ? line : whole;
    },
  );
}

/** Names of the cases that need not pass over a store, with the reason. */
export function knownOver(known: KnownFailures, ground: Ground): ReadonlyMap<string, string> {
  return new Map(known.flatMap(({ reason, [ground]: names = [] }) => names.map((name) => [name, reason] as const)));
}

/** How results differ from what is known. */
export interface Difference {
  /** They fail, and are in no list. */
  readonly unexpected: readonly CaseResult[];
  /** They pass, and are still in the list; but for those that pass by luck, as versitygw itself does not. */
  readonly better: readonly string[];
}

/** @param reference results of versitygw itself */
export function compareWithKnown(
  results: readonly CaseResult[],
  known: ReadonlyMap<string, string>,
  reference: readonly CaseResult[],
): Difference {
  const unsure = new Set(reference.filter(({ verdict }) => verdict !== 'passed').map(({ name }) => name));
  const passed = results.filter(({ verdict }) => verdict === 'passed').map(({ name }) => name);
  return {
    unexpected: results.filter(({ name, verdict }) => verdict !== 'passed' && !known.has(name)),
    better: passed.filter((name) => known.has(name) && !unsure.has(name)),
  };
}

/** The list without what passes now. */
export function withoutBetter(known: KnownFailures, ground: Ground, better: readonly string[]): KnownFailures {
  const kept = known.map((entry): KnownReason => {
    const { [ground]: names } = entry;
    return names === undefined ? entry : { ...entry, [ground]: names.filter((name) => !better.includes(name)) };
  });
  return kept.filter(({ dir = [], versitygw = [] }: KnownReason) => dir.length + versitygw.length > 0);
}

/** The list with more cases that are known to fail, for a reason; what stood there for another one no longer does. */
export function withFailures(
  known: KnownFailures,
  ground: Ground,
  reason: string,
  names: readonly string[],
): KnownFailures {
  const elsewhere = withoutBetter(
    known.filter((one) => one.reason !== reason),
    ground,
    names,
  );
  const entry = known.find((one) => one.reason === reason) ?? { reason };
  const all = [...new Set([...(entry[ground] ?? []), ...names])].sort();
  return [...elsewhere, { ...entry, [ground]: all }];
}
