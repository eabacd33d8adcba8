import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** The versions that the tests are run with: exact, so that two machines test the same thing. */
export const versions = {
  versitygw: 'v1.7.0',
  // The last public commit: the tagged releases before it are not modules that can be installed by name.
  minio: 'v0.0.0-20260212201848-7aac2a2c5b7c',
  rclone: 'v1.75.1',
  mc: 'v0.0.0-20250313080218-cf909e1063a9',
  awscli: '1.46.2',
  // Of the same day as the aws-cli: they share one botocore.
  boto3: '1.44.5',
} as const;

/** What Go builds. */
export type GoProgramName = 'versitygw' | 'minio' | 'mc' | 'rclone';

/** Where what is installed for the tests is kept: $SEALPART_SERVERS, else below the user's cache. */
export function serversFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.SEALPART_SERVERS) return env.SEALPART_SERVERS;
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sealpart-servers');
}

/** A program built from Go, whose version is part of its name: another version is another file. */
export function goProgramPath(name: GoProgramName, folder: string = serversFolder()): string {
  return join(folder, 'bin', `${name}-${versions[name]}`);
}

/** The aws-cli in a Python environment of its own, in which boto3 is too. */
export function awsPath(folder: string = serversFolder()): string {
  return join(folder, `awscli-${versions.awscli}-boto3-${versions.boto3}`, 'bin', 'aws');
}

/** The Python that has the newest boto3. */
export function pythonPath(folder: string = serversFolder()): string {
  return join(dirname(awsPath(folder)), 'python');
}

/** The first program of that name on the PATH. */
export function findOnPath(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
