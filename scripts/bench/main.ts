import { parseArgs } from 'node:util';
import type { Bench, BenchOptions, BenchReport } from './bench.ts';
import { gatewayMemory } from './gateway/gateway-memory.ts';
import { gatewaySpeed } from './gateway/gateway-speed.ts';
import { describeMachine, machineText } from './machine.ts';
import { memoryDecrypt } from './memory-decrypt.ts';
import { memoryEncrypt } from './memory-encrypt.ts';
import { peakMemory } from './peak-memory.ts';
import { reportTable } from './report-table.ts';
import { s3Speed } from './s3/s3-speed.ts';
import { storeSpeed } from './store-speed.ts';
import { wholeProcess } from './whole-process.ts';

const benches: readonly Bench[] = [
  memoryEncrypt,
  memoryDecrypt,
  wholeProcess,
  storeSpeed,
  s3Speed,
  peakMemory,
  gatewaySpeed,
  gatewayMemory,
];

const usage = `usage: npm run bench -- [NAME…] [--rounds N] [--size MIB] [--rivals] [--server NAME] [--json]

  ${benches.map(({ name, byDefault }) => (byDefault ? name : `${name} (only when named)`)).join(', ')}

  --rounds N   runs of each side that count, 5 unless told
  --size MIB   content, instead of what each bench takes by itself
  --rivals     process: also measures packages of npm, which it installs into a temporary directory
  --server NAME  s3: versitygw instead of a server that keeps nothing
  --json       JSON on standard output instead of tables`;

interface Request {
  readonly names: readonly string[];
  readonly rounds: number;
  readonly sizeBytes: number | undefined;
  readonly rivals: boolean;
  readonly server: BenchOptions['server'];
  readonly json: boolean;
}

/** @throws Error saying what is wrong with them */
function parseRequest(args: string[]): Request {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      size: { type: 'string' },
      rivals: { type: 'boolean', default: false },
      server: { type: 'string', default: 'null' },
      json: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.find((name) => benches.every((bench) => bench.name !== name));
  if (unknown !== undefined) throw new Error(`There is no bench called ${unknown}.`);
  return {
    names: positionals,
    rounds: positiveInteger('--rounds', values.rounds),
    sizeBytes: values.size === undefined ? undefined : positiveInteger('--size', values.size) * 2 ** 20,
    rivals: values.rivals,
    server: serverNamed(values.server),
    json: values.json,
  };
}

function positiveInteger(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${flag} takes a whole number above 0, not ${text}.`);
}

function serverNamed(text: string): BenchOptions['server'] {
  if (text === 'null' || text === 'versitygw') return text;
  throw new Error(`--server takes null or versitygw, not ${text}.`);
}

async function runBenches({ names, json, ...request }: Request): Promise<void> {
  const machine = describeMachine();
  if (!json) console.log(`${machineText(machine)}\n`);
  const progress = (text: string): void => {
    if (process.stderr.isTTY) console.error(`measuring ${text} …`);
  };
  const reports: BenchReport[] = [];
  for (const bench of benches) {
    if (names.length === 0 ? !bench.byDefault : !names.includes(bench.name)) continue;
    const report = await bench.run({ ...request, progress });
    reports.push(report);
    if (!json) console.log(reportTable(report));
  }
  if (json) console.log(JSON.stringify({ machine, reports }, undefined, 2));
}

let request: Request | undefined;
try {
  request = parseRequest(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exitCode = 2;
}
if (request !== undefined) await runBenches(request);
