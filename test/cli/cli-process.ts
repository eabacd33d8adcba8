import { type ChildProcess, spawn } from 'node:child_process';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { stateHome } from './state-home.ts';

/** The command line's entry, as a process is started with it. */
export const mainFile: string = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Where Node keeps what it compiled: without it, every process would strip the types of every file again. */
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/sealpart-cli', import.meta.url));

export interface CliOptions {
  /** Standard input: nothing unless told; `open` for one that never ends. */
  readonly input?: Uint8Array | string | 'open';
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A shell command line in which "$@" stands for the process; redirections go here. */
  readonly shell?: string;
  /** Another user to run as. */
  readonly uid?: number;
}

export interface CliResult {
  readonly exitCode: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly stdout: Buffer;
  /** Standard output as text. */
  readonly out: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
  /** Standard error so far. */
  readonly stderr: () => string;
}

/** Starts `sealpart ARGS` in a process of its own, which ends with the test at the latest. */
export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const { SEALPART_PASSPHRASE: _, ...inherited } = process.env;
  const env = { ...inherited, XDG_STATE_HOME: stateHome, NODE_COMPILE_CACHE: compileCache, ...options.env };
  const command = [process.execPath, mainFile, ...args];
  const child = spawn('bash', ['-c', options.shell ?? 'exec "$@"', 'bash', ...command], {
    stdio: 'pipe',
    env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  child.stdin.on('error', () => undefined);
  if (options.input !== 'open') child.stdin.end(options.input ?? '');
  let seen = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    seen += chunk;
  });
  return { child, ended: result(child), stderr: () => seen };
}

async function result(child: ChildProcess): Promise<CliResult> {
  const closed = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('close', (exitCode, killedBy) => resolve([exitCode, killedBy]));
  });
  const [stdout, stderr, [exitCode, killedBy]] = await Promise.all([
    buffer(child.stdout!),
    text(child.stderr!),
    closed,
  ]);
  return { exitCode, killedBy, stdout, out: stdout.toString(), stderr };
}

/** Runs `sealpart ARGS` to its end. */
export function runProcess(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, options).ended;
}

/** Runs it and fails the test unless it succeeds. */
export async function succeed(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const done = await runProcess(args, options);
  if (done.exitCode !== 0) throw new Error(`sealpart ${args.join(' ')} ended with ${done.exitCode}: ${done.stderr}`);
  return done;
}

/** Waits until something is true, looking often. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 20));
}
