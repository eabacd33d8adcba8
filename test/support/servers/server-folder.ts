import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const prefix = 'sealpart-server-';
let swept: Promise<void> | undefined;

/** A new directory for a server's data. The name tells whose it is, for whoever finds it after a SIGKILL. */
export async function makeServerFolder(parent: string = tmpdir()): Promise<string> {
  swept ??= removeOrphans(parent);
  await swept;
  return mkdtemp(join(parent, `${prefix}${process.pid}-`));
}

/** Servers die with the process that started them; their data is removed by the next one that starts any. */
async function removeOrphans(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (owner > 0 && !isAlive(owner)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
