import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FaultNote } from '../../test/support/fault-log.ts';
import { readNotes } from './notes.ts';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

export interface TestRun {
  /** Paths from the project's root. */
  readonly files: readonly string[];
  /** Only tests whose names match. */
  readonly pattern?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface TestOutcome {
  readonly passed: number;
  readonly skipped: number;
  /** Names of the tests that failed, and of files that could not be run. */
  readonly failed: readonly string[];
  readonly notes: readonly FaultNote[];
  readonly seconds: number;
}

/** As much of vitest's report as is used. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Runs tests, which print to standard error, and collects what they note of faults. */
export async function runTests({ files, pattern, env }: TestRun): Promise<TestOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'sealpart-faults-'));
  try {
    const [log, report] = [join(folder, 'notes'), join(folder, 'report.json')];
    const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
    const chosen = pattern === undefined ? [] : ['-t', pattern];
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const start = performance.now();
    const child = spawn(process.execPath, [vitest, 'run', ...files, ...reporters, ...chosen], {
      cwd: root,
      env: { ...process.env, ...env, SEALPART_FAULT_LOG: log },
      stdio: ['ignore', process.stderr, process.stderr],
    });
    const [exitCode] = await once(child, 'exit');
    const seconds = (performance.now() - start) / 1000;
    const outcome = countsOf(await readReport(report));
    // What failed outside of any test is in no report.
    const failed = exitCode === 0 || outcome.failed.length > 0 ? outcome.failed : ['vitest'];
    return { ...outcome, failed, notes: readNotes(await readOrEmpty(log)), seconds };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readReport(path: string): Promise<Report> {
  const text = await readOrEmpty(path);
  return text === '' ? { testResults: [] } : (JSON.parse(text) as Report);
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function countsOf({ testResults }: Report): Pick<TestOutcome, 'passed' | 'skipped' | 'failed'> {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const failed = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const skipped = tests.length - passed - failed.length;
  return { passed, skipped, failed: [...failed, ...broken.map(({ name }) => name)] };
}
