import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { RunCost } from '../rounds.ts';
import type { SideJob } from './side-job.ts';

const main: string = fileURLToPath(new URL('./side-main.ts', import.meta.url));

/** A side in a process of its own, which stays: what starting it takes is not counted. */
export interface SideProcess {
  run(): Promise<RunCost>;
  stop(): Promise<void>;
}

/** @throws Error with what the process said, if it ends before it is stopped; so do its runs */
export async function startSide(job: SideJob): Promise<SideProcess> {
  // Whatever this machine has set for AWS is not the bench's business.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));
  const child = fork(main, [JSON.stringify(job)], { env, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const complaint = text(child.stderr!);
  const ended = once(child, 'exit');
  const answer = <T>(): Promise<T> => nextMessage<T>(child, job.side, ended, complaint);
  await answer();
  return {
    run: () => {
      child.send('run');
      return answer<RunCost>();
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

async function nextMessage<T>(
  child: ChildProcess,
  side: string,
  ended: Promise<unknown>,
  complaint: Promise<string>,
): Promise<T> {
  const waiting = new AbortController();
  try {
    const message = await Promise.race([
      once(child, 'message', { signal: waiting.signal }),
      ended.then(() => undefined),
    ]);
    if (message === undefined) throw new Error(`The side ${side} failed: ${(await complaint).trim()}`);
    return message[0] as T;
  } finally {
    waiting.abort();
  }
}
