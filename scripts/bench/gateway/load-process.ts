import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadJob, LoadResult } from './load-job.ts';

/** A load client in a process of its own, so that what it costs is not counted. */
export interface LoadProcess {
  run(job: LoadJob): Promise<LoadResult>;
  stop(): Promise<void>;
}

export async function startLoad(): Promise<LoadProcess> {
  const child = fork(fileURLToPath(new URL('./load-client.ts', import.meta.url)), [], { execArgv: [] });
  await once(child, 'message');
  return {
    run: async (job) => answerOf(child, job),
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

async function answerOf(child: ChildProcess, job: LoadJob): Promise<LoadResult> {
  const answered = once(child, 'message');
  child.send(job);
  const [answer] = (await answered) as [{ readonly result: LoadResult } | { readonly error: string }];
  if ('error' in answer) throw new Error(answer.error);
  return answer.result;
}
