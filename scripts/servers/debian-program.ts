import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Program } from './program.ts';
import { runCommand } from './run-command.ts';
import { findOnPath } from './server-place.ts';

export interface DebianProgram {
  readonly name: string;
  readonly what: string;
  readonly packages: readonly string[];
  /** What must be on the PATH, or where its path says; the first tells its version. */
  readonly commands: readonly string[];
  readonly versionArgument: string;
}

/** A program of the distribution, at the version that the distribution has. */
export function debianProgram({ name, what, packages, commands, versionArgument }: DebianProgram): Program {
  const paths = (): (string | undefined)[] => commands.map(locate);
  return {
    name,
    what,
    find: async () => {
      const [path, ...others] = paths();
      if (path === undefined || others.includes(undefined)) return undefined;
      const printed = await runCommand(path, [versionArgument]);
      return { version: /\d+\.\d+(?:\.\d+)*/.exec(printed)?.[0] ?? 'unknown', path };
    },
    install: (signal) => installDebianPackages(packages, signal),
  };
}

function locate(command: string): string | undefined {
  if (!isAbsolute(command)) return findOnPath(command);
  return existsSync(command) ? command : undefined;
}

/** @throws Error saying in its first line why they cannot be had */
export async function installDebianPackages(packages: readonly string[], signal: AbortSignal): Promise<void> {
  if (findOnPath('apt-get') === undefined) throw new Error(`Install ${packages.join(', ')} by hand: no apt-get here.`);
  if (process.getuid?.() !== 0) throw new Error(`Only root can install: apt-get install ${packages.join(' ')}`);
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, signal };
  // Somebody else may be installing: dpkg's lock is waited for.
  const wait = ['-o', 'DPkg::Lock::Timeout=120'];
  await runCommand('apt-get', ['update', '-q'], options);
  await runCommand('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...wait, ...packages], options);
}
