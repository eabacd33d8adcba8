import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from './cli-process.ts';

/**
 * Stops a process where it is (SIGSTOP), but not in the middle of a write to one of these databases: it would keep
 * everybody else out of it for as long as it stands still.
 */
export async function pauseBetweenWrites(child: ChildProcess, databases: readonly string[]): Promise<void> {
  for (;;) {
    child.kill('SIGSTOP');
    await untilStopped(child);
    if (databases.every(isFree)) return;
    child.kill('SIGCONT');
    await delay(10 * Math.random());
  }
}

async function untilStopped({ pid, exitCode }: ChildProcess): Promise<void> {
  if (process.platform !== 'linux') return delay(200);
  await until(async () => {
    if (exitCode !== null) throw new Error('The process has ended before it was stopped.');
    // The state stands behind the name, which is in brackets.
    return /^\) T /m.test((await readFile(`/proc/${pid}/stat`, 'latin1')).replace(/^.*(?=\))/s, ''));
  });
}

function isFree(path: string): boolean {
  if (!existsSync(path)) return true;
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('BEGIN IMMEDIATE');
    database.exec('ROLLBACK');
    return true;
  } catch {
    return false;
  } finally {
    database.close();
  }
}
