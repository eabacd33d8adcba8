import { operations } from '../../src/s3-protocol/routes/find-operation.ts';
import type { Standing } from '../servers/install.ts';
import { caseGroups, groupOf } from './case-groups.ts';
import { type Ground, grounds, type KnownFailures } from './known-failures.ts';
import type { CaseResult } from './run-case.ts';

/** What one run of all cases has shown. */
export interface CompatibilityRun {
  /** Of versitygw itself. */
  readonly reference: readonly CaseResult[];
  /** Of the gateway, over each store. */
  readonly gateway: Readonly<Record<Ground, readonly CaseResult[]>>;
  readonly known: KnownFailures;
  readonly clients: readonly Standing[];
  readonly suiteVersion: string;
}

/** What docs/compatibility.md says. */
export function compatibilityDocument(run: CompatibilityRun): string {
  return `# Compatibility

Made by \`npm run compat\`; it is not written by hand.

## Conformance cases

The cases are versitygw ${run.suiteVersion}'s own, which compare status, error code and message word by word with AWS's. They run against
versitygw itself, against the gateway over its embedded directory store, and against the gateway over versitygw.

${groupsTable(run)}

## Cases that do not pass

${reasonsTable(run.known)}

Their names are in [known-failures.json](../test/compat/known-failures.json). A case that fails and is not there fails the
run.

## Operations

*Rewritten* operations are the gateway's own: object data, sizes or ETags pass through them. *Forwarded* ones are asked by
name of the store behind. Everything else is answered with NotImplemented.

${operationsTable()}

## Clients

The tests drive these against the gateway over both stores, over http and https.

${table(['client', 'version'], [...run.clients.map(({ name, version }) => [name, version])])}
`;
}

/** How many cases of each group pass, as a table. */
export function groupsTable({ reference, gateway }: CompatibilityRun): string {
  const sets = [reference, ...grounds.map((ground) => gateway[ground])].map(passedOf);
  const names = reference.map(({ name }) => name);
  const rowOf = (title: string, chosen: readonly string[]): string[] => {
    const [inReference, ...inGateway] = sets.map((passed) => chosen.filter((name) => passed.has(name)));
    const cells = inGateway.map((passed) => {
      const shared = passed.filter((name) => sets[0]!.has(name)).length;
      return `${passed.length} (${percent(shared, inReference!.length)})`;
    });
    return [title, String(chosen.length), String(inReference!.length), ...cells];
  };
  const rows = caseGroups.flatMap((group) => {
    const chosen = names.filter((name) => groupOf(name) === group);
    return chosen.length === 0 ? [] : [rowOf(group.title, chosen)];
  });
  const wanted = names.filter((name) => groupOf(name).wanted);
  const head = ['group', 'cases', 'versitygw', 'gateway over a directory', 'gateway over versitygw'];
  const sums = [rowOf('**what this version is for**', wanted), rowOf('**all**', names)];
  return `${table(head, [...rows, ...sums])}\n\nIn brackets: of those cases that versitygw passes.`;
}

function passedOf(results: readonly CaseResult[]): ReadonlySet<string> {
  return new Set(results.filter(({ verdict }) => verdict === 'passed').map(({ name }) => name));
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((part * 100) / whole).toFixed(0)} %`;
}

function reasonsTable(known: KnownFailures): string {
  const rows = known.map(({ reason, dir = [], versitygw = [] }) => [
    reason,
    String(dir.length),
    String(versitygw.length),
  ]);
  return table(['reason', 'over a directory', 'over versitygw'], rows);
}

function operationsTable(): string {
  const shown = operations.filter(({ treatment }) => treatment !== 'not-implemented');
  const rows = shown.map(({ name, treatment, access }) => [name, treatment, access]);
  const refused = operations.filter(({ treatment }) => treatment === 'not-implemented').map(({ name }) => name);
  return `${table(['operation', 'treatment', 'needs an access key for'], rows)}

Not implemented: ${refused.sort().join(', ')}.`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
