import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Catalogue, choose, type Fault, readCatalogue } from './catalogue.ts';
import { faultTable, reportFaults } from './fault-table.ts';
import { root, runTests } from './run-tests.ts';
import { faultTestFiles, textOf } from './test-files.ts';

const usage = `usage: npm run faults -- [ID…]

  Causes the faults of docs/faults.md, all of them unless told: C01, or C0 for C01 to C09, or S. Prints of each what was
  injected, how often it was reached, and what came of it. Fails if a test does, or if a fault was not caused.`;

/** What an id in a test's name looks like to those who asked for these; undefined if all are wanted. */
function patternOf(prefixes: readonly string[]): string | undefined {
  return prefixes.length === 0 ? undefined : `\\b(?:${prefixes.join('|')})`;
}

/** Files that speak of a fault: to load all others would take longer than to run these. */
function filesOf(pattern: string | undefined): string[] {
  return faultTestFiles().filter((path) => pattern === undefined || new RegExp(pattern).test(textOf(path)));
}

async function causeFaults(faults: readonly Fault[], prefixes: readonly string[]): Promise<void> {
  const pattern = patternOf(prefixes);
  const { failed, skipped, notes, seconds } = await runTests({ files: filesOf(pattern), pattern });
  const { rows, missing, reached } = reportFaults(faults, notes, failed);
  console.log(faultTable(rows));
  const caused = faults.length - missing.length;
  console.log(
    `\n${caused} of ${faults.length} faults caused, reached ${reached.toLocaleString('en')} times, ${Math.round(seconds)} s`,
  );
  for (const name of failed) console.error(`failed: ${name}`);
  if (missing.length > 0) {
    console.error(`not caused: ${missing.map(({ id }) => id).join(', ')}`);
    // Tests that were left out by their names count as skipped too.
    if (skipped > 0) console.error('Some tests need S3 servers: npm run servers -- install');
  }
  if (failed.length > 0 || missing.length > 0) process.exitCode = 1;
}

const prefixes = process.argv.slice(2).map((prefix) => prefix.toUpperCase());
let faults: readonly Fault[] | undefined;
try {
  const catalogue: Catalogue = readCatalogue(readFileSync(join(root, 'docs', 'faults.md'), 'utf8'));
  faults = choose(catalogue, prefixes);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exitCode = 2;
}
if (faults !== undefined) await causeFaults(faults, prefixes);
