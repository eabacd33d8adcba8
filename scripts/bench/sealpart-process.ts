import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const root: string = fileURLToPath(new URL('../../', import.meta.url));
const cli: string = join(root, 'src/cli/main.ts');
const printPeak: string = new URL('./print-peak.ts', import.meta.url).href;

/** How a command went that was run as a process of its own. */
export interface ProcessResult {
  readonly seconds: number;
  readonly stderr: string;
  /** VmHWM, in bytes: the most that was resident; 0 where the system does not tell. */
  readonly peakBytes: number;
}

/**
 * Runs a command to its end and throws its standard output away.
 *
 * @param inputPath a file that it gets as standard input, through a pipe.
 * @throws Error if it cannot be started or ends with another exit code than 0
 */
export async function runProcess(command: string, args: readonly string[], inputPath?: string): Promise<ProcessResult> {
  const start = performance.now();
  const input = inputPath === undefined ? 'ignore' : 'pipe';
  const child = spawn(command, args, { stdio: [input, 'ignore', 'pipe', 'pipe'] });
  const outputs = Promise.all([text(child.stderr!), text(child.stdio[3] as NodeJS.ReadableStream)]);
  const fed = inputPath === undefined ? undefined : pipeline(createReadStream(inputPath), child.stdin!);
  const [[exitCode], [stderr, status]] = await Promise.all([once(child, 'exit'), outputs, fed]);
  const seconds = (performance.now() - start) / 1000;
  if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}: ${stderr.trim()}`);
  const peakKiB = status.match(/^VmHWM:\s+(\d+) kB$/m)?.[1];
  return { seconds, stderr, peakBytes: Number(peakKiB ?? 0) * 1024 };
}

/** Runs the project's own command line, from its source unless told. */
export function runSealpart(args: readonly string[], main: string = cli): Promise<ProcessResult> {
  return runProcess(process.execPath, [main, ...args]);
}

/**
 * Builds the project as it is published: what starts there does not strip types first.
 *
 * @returns the path of the command line's main module
 * @throws Error if the compiler is not installed
 */
export async function buildSealpart(folder: string): Promise<string> {
  const built = join(folder, 'built');
  await mkdir(built);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await runProcess(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(built, 'dist')]);
  await copyFile(join(root, 'package.json'), join(built, 'package.json'));
  await symlink(join(root, 'node_modules'), join(built, 'node_modules'));
  return join(built, 'dist/cli/main.js');
}

/** The same, told to say at its end how much memory it ever had. */
export function runSealpartForPeak(args: readonly string[], inputPath?: string): Promise<ProcessResult> {
  return runProcess(process.execPath, ['--import', printPeak, cli, ...args], inputPath);
}
