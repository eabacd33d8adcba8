import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Program } from '../servers/program.ts';
import { runCommand } from '../servers/run-command.ts';
import { serversFolder, versions } from '../servers/server-place.ts';

const version = versions.versitygw;
/** A change of what is built is another file. */
const revision = 1;

/** The cases, in one program with the server that they were written for: `./versitygw test CASE`, from its folder. */
export function suitePath(folder: string = serversFolder()): string {
  return join(folder, `conformance-${version}-${revision}`, 'versitygw');
}

/**
 * versitygw's own test cases. They are built with one change: names of buckets carry the process, so that cases can run
 * at once and what one leaves behind cannot fail the next.
 */
export const conformanceSuite: Program = {
  name: 'conformance',
  what: "cases of versitygw's own tests",
  find: async () => (existsSync(suitePath()) ? { version, path: suitePath() } : undefined),
  install: async (signal) => {
    const folder = await mkdtemp(join(tmpdir(), 'sealpart-suite-'));
    try {
      await copySource(join(folder, 'src'), signal);
      await nameBucketsByProcess(join(folder, 'src', 'tests', 'integration', 'utils.go'));
      const built = join(folder, 'versitygw');
      await runCommand('go', ['-C', join(folder, 'src'), 'build', '-o', built, './cmd/versitygw'], { signal });
      await mkdir(dirname(suitePath()), { recursive: true });
      // Copied beside its place and then renamed: what stands there is whole.
      const beside = `${suitePath()}.${process.pid}`;
      await cp(built, beside);
      await rename(beside, suitePath());
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** What Go keeps of modules is write-protected, and so is a copy. */
async function copySource(target: string, signal: AbortSignal): Promise<void> {
  const module = `github.com/versity/versitygw@${version}`;
  const printed = await runCommand('go', ['mod', 'download', '-json', module], { signal });
  const { Dir } = JSON.parse(printed.slice(printed.indexOf('{'), printed.lastIndexOf('}') + 1)) as { Dir: string };
  await cp(Dir, target, { recursive: true });
  await runCommand('chmod', ['-R', 'u+w', target], { signal });
}

async function nameBucketsByProcess(path: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  const changed = text
    .replace('fmt.Sprintf("test-bucket-%v", val)', 'fmt.Sprintf("test-bucket-%d-%v", os.Getpid(), val)')
    .replace('import (', 'import (\n\t"os"');
  if (!changed.includes('os.Getpid()')) throw new Error(`${path} does not name buckets as it did.`);
  await chmod(path, 0o644);
  await writeFile(path, changed);
}

/** The names of all cases, sorted. */
export async function listCases(): Promise<string[]> {
  const help = await runCommand(suitePath(), ['test', '--help']);
  const names = [...help.matchAll(/^ +(\S+) +Runs \S+ integration test$/gm)].map(([, name]) => name!);
  return [...new Set(names)].sort();
}
