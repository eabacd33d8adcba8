import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const workerPath = fileURLToPath(new URL('./store-worker.ts', import.meta.url));

/** A worker that is running. */
export interface RunningWorker {
  readonly process: ChildProcess;
  /** The lines it has written so far. */
  readonly lines: readonly string[];
  /** Resolves at a line that begins like this; rejects if the worker ends before. */
  reached(prefix: string): Promise<void>;
  /** Resolves with the signal that ended it, or null, when all of its lines are there. */
  readonly ended: Promise<NodeJS.Signals | null>;
}

/** Starts store-worker.ts; `shell` may wrap its command line. */
export function startWorker(args: readonly string[], shell?: (command: string) => string): RunningWorker {
  const command = [process.execPath, workerPath, ...args];
  const child =
    shell === undefined
      ? spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
      : spawn('sh', ['-c', shell(command.map((word) => `'${word}'`).join(' '))], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout! });
  reader.on('line', (line) => lines.push(line));
  const ended = Promise.all([once(child, 'exit'), once(reader, 'close')]).then(([[, signal]]) => signal);
  return {
    process: child,
    lines,
    ended,
    async reached(prefix) {
      const isThere = () => lines.some((line) => line.startsWith(prefix));
      while (!isThere()) {
        const event = await Promise.race([once(reader, 'line'), ended.then(() => 'ended')]);
        if (event === 'ended' && !isThere()) throw new Error(`the worker ended before ${prefix}: ${lines.join(', ')}`);
      }
    },
  };
}
