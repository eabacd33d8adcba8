import { rm } from 'node:fs/promises';
import { credentials, region, type S3Server } from './s3-server.ts';
import type { ServerProcess } from './server-process.ts';

interface Started extends Pick<S3Server, 'name' | 'endpoint' | 'dataFolder'> {
  /** What goes away with the server. */
  readonly folder: string;
  readonly processes: readonly ServerProcess[];
}

interface Extras extends Pick<S3Server, 'certificatePath' | 'requests'> {
  /** Waits until it can be used. */
  readonly ready: () => Promise<void>;
}

/** Makes one server of the processes that were started for it, as soon as it is ready; else ends them. */
export async function runningServer(started: Started, { ready, ...extras }: Extras): Promise<S3Server> {
  const { folder, processes, ...described } = started;
  const end = async (): Promise<void> => {
    await Promise.all(processes.map((process) => process.stop()));
  };
  const signal = (name: NodeJS.Signals): void => {
    for (const process of processes) process.signal(name);
  };
  const stop = async (): Promise<void> => {
    await end();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await ready();
  } catch (error) {
    await end();
    throw error;
  }
  return {
    ...described,
    ...extras,
    ...credentials,
    region,
    output: () => processes.map((process) => process.output()).join('\n'),
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
