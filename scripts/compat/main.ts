import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gatewayCredentials, startGateway } from '../../test/support/gateway/start-gateway.ts';
import { startVersitygw } from '../../test/support/servers/versitygw.ts';
import { clients } from '../clients/clients.ts';
import { standingOf } from '../servers/install.ts';
import { versions } from '../servers/server-place.ts';
import { type CompatibilityRun, compatibilityDocument, groupsTable } from './compatibility-report.ts';
import {
  compareWithKnown,
  type Ground,
  grounds,
  knownOver,
  readKnownFailures,
  withFailures,
  withoutBetter,
  writeKnownFailures,
} from './known-failures.ts';
import type { CaseResult } from './run-case.ts';
import { runCases } from './run-cases.ts';
import type { S3Endpoint } from './s3-endpoint.ts';
import { conformanceSuite, listCases } from './suite.ts';

const usage = `usage: npm run compat -- [--over dir|versitygw]… [--cases PATTERN|@FILE]… [--jobs N] [--reference] [--shrink]
                         [--accept REASON]

  Runs versitygw's own test cases against versitygw, and against the gateway over its directory store and over versitygw.
  Fails if a case fails that is not in test/compat/known-failures.json. A run of everything writes docs/compatibility.md.

  --over GROUND     over this store only
  --cases PATTERN   only cases whose names match this regular expression; @FILE: those that the file names, one a line
  --jobs N          how many cases run at once, 3 unless told
  --reference       versitygw itself only
  --shrink          take what passes now out of the list
  --accept REASON   put what fails and is not in the list there, for this reason`;

const documentPath = fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url));

interface Request {
  readonly over: readonly Ground[];
  readonly patterns: readonly string[];
  readonly jobs: number;
  readonly referenceOnly: boolean;
  readonly shrink: boolean;
  readonly accept: string | undefined;
}

/** @throws Error saying what is wrong with them */
function parseRequest(args: string[]): Request {
  const { values } = parseArgs({
    args,
    options: {
      over: { type: 'string', multiple: true },
      cases: { type: 'string', multiple: true },
      jobs: { type: 'string', default: '3' },
      reference: { type: 'boolean', default: false },
      shrink: { type: 'boolean', default: false },
      accept: { type: 'string' },
    },
  });
  const over = (values.over ?? grounds).map((name) => {
    const ground = grounds.find((one) => one === name);
    if (ground === undefined) throw new Error(`--over takes ${grounds.join(' or ')}, not ${name}.`);
    return ground;
  });
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs takes a whole number above 0, not ${values.jobs}.`);
  const { cases: patterns = [], reference: referenceOnly, shrink, accept } = values;
  return { over, patterns, jobs, referenceOnly, shrink, accept };
}

function choose(names: readonly string[], patterns: readonly string[]): readonly string[] {
  if (patterns.length === 0) return names;
  const named = patterns.filter((pattern) => pattern.startsWith('@'));
  const listed = new Set(named.flatMap((pattern) => readFileSync(pattern.slice(1), 'utf8').split(/\s+/)));
  const expressions = patterns.filter((pattern) => !pattern.startsWith('@')).map((pattern) => new RegExp(pattern));
  return names.filter((name) => listed.has(name) || expressions.some((expression) => expression.test(name)));
}

async function runOn(
  title: string,
  names: readonly string[],
  endpoint: S3Endpoint,
  jobs: number,
): Promise<CaseResult[]> {
  const start = performance.now();
  const results = await runCases(names, endpoint, { jobs });
  const passed = results.filter(({ verdict }) => verdict === 'passed').length;
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(`${title}: ${passed} passed, ${results.length - passed} failed, ${seconds} s`);
  return results;
}

async function runReference(names: readonly string[], jobs: number): Promise<CaseResult[]> {
  await using server = await startVersitygw();
  return await runOn('versitygw itself', names, { ...server, url: server.endpoint }, jobs);
}

async function runGateway(over: Ground, names: readonly string[], jobs: number): Promise<CaseResult[]> {
  // The cases take the access key for the owner of what it makes, as versitygw does.
  const flags = ['--owner', gatewayCredentials.accessKeyId];
  await using gateway = await startGateway({ over, flags });
  const results = await runOn(`the gateway over ${over}`, names, gateway, jobs);
  if (!gateway.running()) throw new Error(`The gateway over ${over} has ended: ${gateway.output().slice(-4000)}`);
  return results;
}

/** Says what differs from the list, which it changes as it is asked to. @returns true if nothing failed that may not */
function settle(
  ground: Ground,
  results: readonly CaseResult[],
  reference: readonly CaseResult[],
  { shrink, accept }: Request,
): boolean {
  const known = readKnownFailures();
  const { unexpected, better } = compareWithKnown(results, knownOver(known, ground), reference);
  for (const { name, verdict, why } of unexpected) console.log(`  ${verdict} over ${ground}: ${name}: ${why}`);
  for (const name of better) console.log(`  passes over ${ground}, and is in the list: ${name}`);
  if (better.length > 0 && !shrink) console.log('  --shrink takes those that pass out of the list.');
  let changed = shrink ? withoutBetter(known, ground, better) : known;
  if (accept !== undefined && unexpected.length > 0) {
    changed = withFailures(
      changed,
      ground,
      accept,
      unexpected.map(({ name }) => name),
    );
  }
  if (changed !== known) writeKnownFailures(changed);
  return unexpected.length === 0 || accept !== undefined;
}

async function run(request: Request): Promise<boolean> {
  const { over, patterns, jobs, referenceOnly } = request;
  if ((await conformanceSuite.find()) === undefined) await conformanceSuite.install(AbortSignal.timeout(600_000));
  const names = choose(await listCases(), patterns);
  const reference = await runReference(names, jobs);
  if (referenceOnly) {
    for (const { name, verdict, why } of reference)
      if (verdict !== 'passed') console.log(`  ${verdict}: ${name}: ${why}`);
    return true;
  }
  const gateway: Record<Ground, CaseResult[]> = { dir: [], versitygw: [] };
  for (const ground of over) gateway[ground] = await runGateway(ground, names, jobs);
  const settled = over.map((ground) => settle(ground, gateway[ground], reference, request));
  const shown: CompatibilityRun = {
    reference,
    gateway,
    known: readKnownFailures(),
    clients: await Promise.all(clients.map(standingOf)),
    suiteVersion: versions.versitygw,
  };
  console.log(groupsTable(shown));
  if (patterns.length === 0 && over.length === grounds.length)
    writeFileSync(documentPath, compatibilityDocument(shown));
  return settled.every((good) => good);
}

let request: Request | undefined;
try {
  request = parseRequest(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exitCode = 2;
}
if (request !== undefined && !(await run(request))) process.exitCode = 1;
