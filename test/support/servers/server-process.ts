import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { findOnPath } from '../../../scripts/servers/server-place.ts';

const watchdog: string = fileURLToPath(new URL('./watchdog.ts', import.meta.url));
const keptOutputBytes = 64 * 2 ** 10;

export interface ServerProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A program that runs beside the tests and ends with them, however they end. */
export interface ServerProcess {
  readonly pid: number;
  /** The last 64 KiB of what it printed, standard output and standard error together. */
  output(): string;
  /** True until it has ended. */
  running(): boolean;
  /** Sends it a signal, as SIGSTOP and SIGCONT for a server that hangs for a while. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it at once, and waits until it has ended. */
  stop(): Promise<void>;
}

/**
 * Starts a program that the kernel kills when this process dies, even by SIGKILL; where the system has no such thing,
 * a watchdog does.
 */
export async function startServerProcess(
  command: string,
  args: readonly string[],
  options: ServerProcessOptions = {},
): Promise<ServerProcess> {
  const child = spawnMortal(command, args, options);
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('latin1')).slice(-keptOutputBytes);
  };
  child.stdout!.on('data', keep);
  child.stderr!.on('data', keep);
  // The watchdog waits for the end of its input; writing to one that has died is no news.
  child.stdin!.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  await once(child, 'spawn');
  return {
    pid: child.pid!,
    output: () => output,
    running: () => isRunning(child),
    signal: (signal) => {
      child.kill(signal);
    },
    stop: async () => {
      if (isRunning(child)) {
        if (mortality() === 'watchdog') child.stdin!.end();
        else child.kill('SIGKILL');
      }
      await ended;
    },
  };
}

function spawnMortal(command: string, args: readonly string[], { env, cwd }: ServerProcessOptions): ChildProcess {
  const options = {
    stdio: 'pipe',
    // Bundles of certificates that belong to this machine are not the server's business: some fail on them.
    env: { ...process.env, AWS_CA_BUNDLE: undefined, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  } as const;
  return mortality() === 'kernel'
    ? spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], options)
    : spawn(process.execPath, [watchdog, command, ...args], options);
}

let known: 'kernel' | 'watchdog' | undefined;

function mortality(): 'kernel' | 'watchdog' {
  known ??= process.platform === 'linux' && findOnPath('setpriv') !== undefined ? 'kernel' : 'watchdog';
  return known;
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
