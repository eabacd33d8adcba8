import { parseArgs } from 'node:util';
import { runTests, type TestOutcome } from '../faults/run-tests.ts';
import { enduranceTable } from './endurance-table.ts';
import { type Endurance, endurances } from './endurances.ts';

const usage = `usage: npm run endurance -- [NAME…] [--trial]

${endurances.map(({ name, what, takes }) => `  ${name.padEnd(14)} ${what}\n${' '.repeat(17)}${takes}`).join('\n')}

  One after the other, all of them unless named.

  --trial   little of each, to see that it runs`;

interface Request {
  readonly chosen: readonly Endurance[];
  readonly trial: boolean;
}

/** @throws Error saying what is wrong with them */
function parseRequest(args: string[]): Request {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { trial: { type: 'boolean', default: false } },
  });
  const unknown = positionals.find((name) => endurances.every((each) => each.name !== name));
  if (unknown !== undefined) throw new Error(`There is nothing called ${unknown} to endure.`);
  const chosen = positionals.length === 0 ? endurances : endurances.filter(({ name }) => positionals.includes(name));
  return { chosen, trial: values.trial };
}

const tellEveryMs = 60_000;

async function endure({ name, what, takes, files, setting }: Endurance, trial: boolean): Promise<TestOutcome> {
  console.error(`${name}: ${what}; ${trial ? 'a little of it' : takes}`);
  const start = performance.now();
  const teller = setInterval(() => {
    console.error(`${name}: ${Math.round((performance.now() - start) / 60_000)} min so far`);
  }, tellEveryMs);
  try {
    return await runTests({ files, env: trial ? setting.trial : setting.full });
  } finally {
    clearInterval(teller);
  }
}

let request: Request | undefined;
try {
  request = parseRequest(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exitCode = 2;
}
if (request !== undefined) {
  const { chosen, trial } = request;
  const outcomes: { name: string; outcome: TestOutcome }[] = [];
  for (const each of chosen) outcomes.push({ name: each.name, outcome: await endure(each, trial) });
  console.log(enduranceTable(outcomes));
  for (const { outcome } of outcomes) for (const name of outcome.failed) console.error(`failed: ${name}`);
  if (outcomes.some(({ outcome }) => outcome.failed.length > 0)) process.exitCode = 1;
}
