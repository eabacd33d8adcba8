import { existsSync } from 'node:fs';
import { awsPath, findOnPath, goProgramPath, pythonPath } from '../servers/server-place.ts';

/** The clients that tests drive. */
export const clientNames = [
  'awscli',
  'awscli-debian',
  'boto3',
  'boto3-debian',
  'rclone',
  's3cmd',
  'restic',
  'mc',
] as const;
export type ClientName = (typeof clientNames)[number];

/** Where Debian puts them: another one of the same name may come first on the PATH. */
export const debianPaths = {
  aws: '/usr/bin/aws',
  python: '/usr/bin/python3',
  boto3: '/usr/lib/python3/dist-packages/boto3/__init__.py',
} as const;

/** The program that is, or runs, a client; undefined if this machine lacks it: `npm run clients -- install` gets it. */
export function clientPath(name: ClientName): string | undefined {
  switch (name) {
    case 'awscli':
      return ifThere(awsPath());
    case 'awscli-debian':
      return ifThere(debianPaths.aws);
    case 'boto3':
      return ifThere(pythonPath());
    case 'boto3-debian':
      return existsSync(debianPaths.boto3) ? ifThere(debianPaths.python) : undefined;
    case 'mc':
      return ifThere(goProgramPath('mc'));
    default:
      return findOnPath(name);
  }
}

function ifThere(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}
