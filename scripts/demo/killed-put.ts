import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ObjectName, ObjectStore } from '../../src/index.ts';

const commandLine = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface CommandResult {
  /** Zero for success, undefined for a process that a signal ended. */
  readonly exitCode: number | undefined;
  readonly stderr: string;
}

/** Runs `sealpart ARGS` as a process of its own. */
export async function runSealpart(
  args: readonly string[],
  folder: string,
  signal: AbortSignal,
  whileRunning?: (kill: () => void, ended: AbortSignal) => Promise<void>,
): Promise<CommandResult> {
  const child = spawn(process.execPath, [commandLine, ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
  });
  const ended = new AbortController();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const closed = once(child, 'close').finally(() => ended.abort());
  await Promise.all([closed, whileRunning?.(() => child.kill('SIGKILL'), ended.signal)]);
  return { exitCode: child.exitCode ?? undefined, stderr };
}

/** Resolves when an upload has so many parts in the store, or when the process that sends them has ended. */
export async function untilPartsAreStored(
  store: ObjectStore,
  object: ObjectName,
  count: number,
  ended: AbortSignal,
): Promise<void> {
  const calm = new AbortController().signal;
  while (!ended.aborted) {
    for await (const upload of store.listUploads(object.bucket, calm)) {
      let stored = 0;
      for await (const _part of store.listParts(upload, calm)) stored++;
      if (stored >= count) return;
    }
    await delay(2);
  }
}
