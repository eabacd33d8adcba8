import { boto3, newestAwsCli } from '../servers/aws-cli.ts';
import { type DebianProgram, debianProgram, installDebianPackages } from '../servers/debian-program.ts';
import { goProgram } from '../servers/go-program.ts';
import type { Program } from '../servers/program.ts';
import { runCommand } from '../servers/run-command.ts';
import { type ClientName, clientPath, debianPaths } from './client-place.ts';

const what = 'client to be tested with';

function ofDebian(name: ClientName, described: Partial<DebianProgram> = {}): Program {
  return debianProgram({ name, what, packages: [name], commands: [name], versionArgument: '--version', ...described });
}

/** A library: Python tells whether it is there. */
const boto3OfDebian: Program = {
  name: 'boto3-debian',
  what,
  find: async () => {
    const path = clientPath('boto3-debian');
    if (path === undefined) return undefined;
    return { version: (await runCommand(path, ['-c', 'import boto3; print(boto3.__version__)'])).trim(), path };
  },
  install: (signal) => installDebianPackages(['python3-boto3'], signal),
};

/** Programs that tests drive against the gateway. */
export const clients: readonly Program[] = [
  newestAwsCli,
  boto3,
  ofDebian('awscli-debian', { packages: ['awscli'], commands: [debianPaths.aws] }),
  boto3OfDebian,
  ofDebian('rclone', { versionArgument: 'version' }),
  ofDebian('s3cmd'),
  ofDebian('restic', { versionArgument: 'version' }),
  goProgram('mc', 'github.com/minio/mc', what),
];
