import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Program } from './program.ts';
import { runCommand } from './run-command.ts';
import { awsPath, findOnPath, versions } from './server-place.ts';

/** The aws-cli in a Python environment of its own, unless the machine has one. */
export const awsCli: Program = {
  name: 'awscli',
  what: 'client to be compared with',
  find: async () => {
    const path = existsSync(awsPath()) ? awsPath() : findOnPath('aws');
    if (path === undefined) return undefined;
    const printed = await runCommand(path, ['--version']);
    return { version: /aws-cli\/(\S+)/.exec(printed)?.[1] ?? 'unknown', path };
  },
  install: async (signal) => {
    const path = awsPath();
    const environment = dirname(dirname(path));
    // pip writes the command last: without it, what stands there is half an environment.
    await rm(environment, { recursive: true, force: true });
    await runCommand('python3', ['-m', 'venv', environment], { signal });
    const pip = ['-m', 'pip', 'install', '--quiet', `awscli==${versions.awscli}`];
    await runCommand(`${dirname(path)}/python`, pip, { signal });
  },
};
