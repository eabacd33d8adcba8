import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Program } from './program.ts';
import { runCommand } from './run-command.ts';
import { type GoProgramName, goProgramPath, versions } from './server-place.ts';

/** A program that Go builds from its source, at one exact version. */
export function goProgram(name: GoProgramName, module: string, what: string): Program {
  const version = versions[name];
  const path = goProgramPath(name);
  return {
    name,
    what,
    find: async () => (existsSync(path) ? { version, path } : undefined),
    install: async (signal) => {
      await mkdir(dirname(path), { recursive: true });
      // Built beside its place and then renamed: what stands there is whole, also if two of these run at once.
      const building = await mkdtemp(join(dirname(path), `${name}-`));
      try {
        await runCommand('go', ['install', `${module}@${version}`], { env: { GOBIN: building }, signal });
        await rename(join(building, name), path);
      } finally {
        await rm(building, { recursive: true, force: true });
      }
    },
  };
}
