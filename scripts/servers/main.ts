import { parseArgs } from 'node:util';
import { awsCli } from './aws-cli.ts';
import { debianProgram } from './debian-program.ts';
import { goProgram } from './go-program.ts';
import { install, type Standing, standingOf, standingsTable } from './install.ts';
import type { Program } from './program.ts';
import { serversFolder } from './server-place.ts';

const programs: readonly Program[] = [
  goProgram('versitygw', 'github.com/versity/versitygw/cmd/versitygw', 'S3 server over plain files'),
  goProgram('minio', 'github.com/minio/minio', 'S3 server'),
  debianProgram({
    name: 'rgw',
    what: "Ceph's S3 server",
    packages: ['ceph-mon', 'ceph-osd', 'radosgw'],
    commands: ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'monmaptool', 'osdmaptool'],
    versionArgument: '--version',
  }),
  awsCli,
  debianProgram({
    name: 'rclone',
    what: 'client to be compared with',
    packages: ['rclone'],
    commands: ['rclone'],
    versionArgument: 'version',
  }),
];

const usage = `usage: npm run servers -- list
       npm run servers -- install [NAME…] [--limit SECONDS]

  ${programs.map(({ name }) => name).join(', ')}; all of them unless named

  --limit SECONDS   for each, 600 unless told

They go below ${serversFolder()} (SEALPART_SERVERS says where), Debian's packages into the system.`;

interface Request {
  readonly command: 'list' | 'install';
  readonly chosen: readonly Program[];
  readonly limitMs: number;
}

/** @throws Error saying what is wrong with them */
function parseRequest(args: string[]): Request {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { limit: { type: 'string', default: '600' } },
  });
  const [command, ...names] = positionals;
  if (command !== 'list' && command !== 'install') throw new Error('The first argument is list or install.');
  const seconds = Number(values.limit);
  if (!(seconds > 0)) throw new Error(`--limit takes a number of seconds above 0, not ${values.limit}.`);
  const chosen = names.length === 0 ? programs : names.map(programNamed);
  return { command, chosen, limitMs: seconds * 1000 };
}

function programNamed(name: string): Program {
  const found = programs.find((program) => program.name === name);
  if (found === undefined) throw new Error(`There is no server or client called ${name}.`);
  return found;
}

let request: Request | undefined;
try {
  request = parseRequest(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exitCode = 2;
}
if (request !== undefined) {
  const { command, chosen, limitMs } = request;
  const standings: Standing[] = [];
  // One after the other: a build takes every core there is, and dpkg takes one at a time.
  for (const program of chosen) {
    if (command === 'install') console.error(`${program.name} …`);
    standings.push(await (command === 'install' ? install(program, limitMs) : standingOf(program)));
  }
  console.log(standingsTable(standings));
}
