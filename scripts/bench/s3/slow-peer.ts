import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '../../../test/support/servers/certificate.ts';
import type { Figure } from '../bench.ts';
import { startNullS3 } from '../null-s3/start-null-s3.ts';

const script: string = fileURLToPath(new URL('./slow-put.ts', import.meta.url));
const mib = 2 ** 20;
const contentBytes = 256 * mib;
const memoryBytes = 64 * mib;
const readBytesPerSecond = mib;

/**
 * What a put over https takes that is much faster than its peer. It is ended before all is sent: what it may hold is
 * held a second after it began, and whatever came on top with what is sent would show.
 *
 * @param seconds how long it is watched, up to a minute.
 * @returns nothing where the system does not tell
 */
export async function slowPeerFigures(folder: string, seconds: number): Promise<Figure[]> {
  if (process.platform !== 'linux') return [];
  const content = join(folder, 'slow-content');
  await writeFile(content, '');
  await truncate(content, contentBytes);
  const tls = await makeCertificate(folder);
  await using server = await startNullS3({ tls, readBytesPerSecond });
  const args = [content, server.endpoint, tls.certificatePath, `${memoryBytes}`];
  const child = fork(script, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const complaint = text(child.stderr!);
  const exited = once(child, 'exit');
  try {
    const first = await Promise.race([once(child, 'message'), exited.then(() => undefined)]);
    if (first === undefined) throw new Error(`The put ended before it began: ${await complaint}`);
    const early = await peakAfter(seconds / 4, child.pid!);
    const late = await peakAfter((3 * seconds) / 4, child.pid!);
    const name = `put of ${contentBytes / mib} MiB with --memory ${memoryBytes / mib}MiB over https, peer reads 1 MiB/s`;
    const goal = { atMost: Number(first[0]) / mib };
    return [
      { name: `${name}, ${seconds / 4} s`, value: early / mib, unit: 'MiB', goal },
      { name: `${name}, ${seconds} s`, value: late / mib, unit: 'MiB', goal },
    ];
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
}

/** VmHWM, in bytes. */
async function peakAfter(seconds: number, pid: number): Promise<number> {
  await delay(seconds * 1000);
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const peakKiB = status.match(/^VmHWM:\s+(\d+) kB$/m)?.[1];
  if (peakKiB === undefined) throw new Error('The put ended while it was watched.');
  return Number(peakKiB) * 1024;
}
