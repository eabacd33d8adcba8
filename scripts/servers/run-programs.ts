import { parseArgs } from 'node:util';
import { install, type Standing, standingOf, standingsTable } from './install.ts';
import type { Program } from './program.ts';
import { serversFolder } from './server-place.ts';

/** One of the commands that list and install programs. */
export interface ProgramsCommand {
  /** As it is called: `npm run servers`. */
  readonly command: string;
  /** What these programs are, in one word of a sentence. */
  readonly kind: string;
  readonly programs: readonly Program[];
}

interface Request {
  readonly command: 'list' | 'install';
  readonly chosen: readonly Program[];
  readonly limitMs: number;
}

/** Lists or installs programs as its arguments say, and prints how each stands. Sets the exit code of the process. */
export async function runPrograms(described: ProgramsCommand, args: string[]): Promise<void> {
  let request: Request;
  try {
    request = parseRequest(described, args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usageOf(described)}`);
    process.exitCode = 2;
    return;
  }
  const { command, chosen, limitMs } = request;
  const standings: Standing[] = [];
  // One after the other: a build takes every core there is, and dpkg takes one at a time.
  for (const program of chosen) {
    if (command === 'install') console.error(`${program.name} …`);
    standings.push(await (command === 'install' ? install(program, limitMs) : standingOf(program)));
  }
  console.log(standingsTable(standings));
}

function usageOf({ command, programs }: ProgramsCommand): string {
  return `usage: ${command} -- list
       ${command} -- install [NAME…] [--limit SECONDS]

  ${programs.map(({ name }) => name).join(', ')}; all of them unless named

  --limit SECONDS   for each, 600 unless told

They go below ${serversFolder()} (SEALPART_SERVERS says where), Debian's packages into the system.`;
}

/** @throws Error saying what is wrong with them */
function parseRequest({ kind, programs }: ProgramsCommand, args: string[]): Request {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { limit: { type: 'string', default: '600' } },
  });
  const [command, ...names] = positionals;
  if (command !== 'list' && command !== 'install') throw new Error('The first argument is list or install.');
  const seconds = Number(values.limit);
  if (!(seconds > 0)) throw new Error(`--limit takes a number of seconds above 0, not ${values.limit}.`);
  const chosen = names.length === 0 ? programs : names.map((name) => programNamed(name, kind, programs));
  return { command, chosen, limitMs: seconds * 1000 };
}

function programNamed(name: string, kind: string, programs: readonly Program[]): Program {
  const found = programs.find((program) => program.name === name);
  if (found === undefined) throw new Error(`There is no ${kind} called ${name}.`);
  return found;
}
