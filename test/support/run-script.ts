import { type ChildProcess, spawn } from 'node:child_process';
import { buffer, text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export interface ScriptOptions {
  /** What it gets as standard input, nothing unless told; `open` for one that never ends. */
  readonly input?: Uint8Array | 'open';
  /** A shell command line in which "$@" stands for the process; redirections go here. */
  readonly shell?: string;
}

export interface ScriptResult {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly killedBy: NodeJS.Signals | null;
}

/** Starts a module given as text in a Node of its own, through a shell. It ends with the test at the latest. */
export function startScript(script: string, shell = 'exec "$@"'): ChildProcess {
  const command = [process.execPath, '--input-type=module', '-e', script];
  const child = spawn('bash', ['-c', shell, 'bash', ...command], { stdio: 'pipe' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

/** Runs a module given as text in a Node of its own to its end. */
export async function runScript(script: string, options: ScriptOptions = {}): Promise<ScriptResult> {
  const child = startScript(script, options.shell);
  child.stdin!.on('error', () => undefined);
  if (options.input !== 'open') child.stdin!.end(options.input ?? '');
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('close', (exitCode, killedBy) => resolve([exitCode, killedBy]));
  });
  const [stdout, stderr, [exitCode, killedBy]] = await Promise.all([buffer(child.stdout!), text(child.stderr!), ended]);
  return { stdout, stderr, exitCode, killedBy };
}

/** The address of a module of this project, for an import in a script. */
export function moduleUrl(pathFromRoot: string): string {
  return JSON.stringify(new URL(`../../${pathFromRoot}`, import.meta.url).href);
}
