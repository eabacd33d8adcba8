import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Found, Program } from './program.ts';
import { runCommand } from './run-command.ts';
import { awsPath, findOnPath, pythonPath, versions } from './server-place.ts';

/** The aws-cli in a Python environment of its own, unless the machine has one. */
export const awsCli: Program = {
  name: 'awscli',
  what: 'client to be compared with',
  find: () => foundAt(existsSync(awsPath()) ? awsPath() : findOnPath('aws')),
  install: installPython,
};

/** The aws-cli of exactly this version, whatever else the machine has. */
export const newestAwsCli: Program = {
  name: 'awscli',
  what: 'client to be tested with',
  find: () => foundAt(existsSync(awsPath()) ? awsPath() : undefined),
  install: installPython,
};

/** The boto3 of the same environment. */
export const boto3: Program = {
  name: 'boto3',
  what: 'client to be tested with',
  find: async () => {
    const path = pythonPath();
    if (!existsSync(path)) return undefined;
    const printed = await runCommand(path, ['-c', 'import boto3; print(boto3.__version__)']);
    return { version: printed.trim(), path };
  },
  install: installPython,
};

async function foundAt(path: string | undefined): Promise<Found | undefined> {
  if (path === undefined) return undefined;
  const printed = await runCommand(path, ['--version']);
  return { version: /aws-cli\/(\S+)/.exec(printed)?.[1] ?? 'unknown', path };
}

async function installPython(signal: AbortSignal): Promise<void> {
  const environment = dirname(dirname(awsPath()));
  // pip writes the commands last: without them, what stands there is half an environment.
  await rm(environment, { recursive: true, force: true });
  await runCommand('python3', ['-m', 'venv', environment], { signal });
  const packages = [`awscli==${versions.awscli}`, `boto3==${versions.boto3}`];
  await runCommand(pythonPath(), ['-m', 'pip', 'install', '--quiet', ...packages], { signal });
}
