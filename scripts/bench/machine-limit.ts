import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BareLoop } from './bare-loop.ts';
import type { Figure } from './bench.ts';

const frameBytes = 65_536;

/** What the machine could do at most, were each byte encrypted, hashed and checked one after the other. */
export interface MachineLimit {
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
}

/**
 * Asks `openssl speed` for AES-256-GCM and SHA-256, and measures zlib's CRC-32 on the threads of the bare loop.
 *
 * @param seconds how long openssl measures each.
 */
export async function measureMachineLimit(
  bare: BareLoop,
  threads: number,
  contentBytes: number,
  seconds: number,
): Promise<MachineLimit> {
  const start = performance.now();
  await bare.run('crc32', 3, contentBytes);
  const crc = contentBytes / ((performance.now() - start) / 1000);
  try {
    const gcm = await opensslSpeed('aes-256-gcm', threads, seconds);
    const sha = await opensslSpeed('sha256', threads, seconds);
    const figures = [
      figure(`openssl speed -multi ${threads}, AES-256-GCM, 64 KiB`, gcm),
      figure(`openssl speed -multi ${threads}, SHA-256, 64 KiB`, sha),
      figure(`zlib CRC-32, ${threads} threads`, crc),
      figure('limit 1/(1/a + 1/b + 1/c), digest 2', 1 / (1 / gcm + 1 / sha + 1 / crc)),
      figure('limit 1/(1/a + 1/c), digest 3', 1 / (1 / gcm + 1 / crc)),
    ];
    return { figures, notes: [] };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { figures: [figure('zlib CRC-32', crc)], notes: [`No limit by openssl speed: ${reason}`] };
  }
}

function figure(name: string, bytesPerSecond: number): Figure {
  return { name, value: bytesPerSecond / 1e9, unit: 'GB/s' };
}

/** Bytes a second of all processes together. */
async function opensslSpeed(algorithm: string, processes: number, seconds: number): Promise<number> {
  const args = ['speed', '-multi', `${processes}`, '-seconds', `${seconds}`, '-bytes', `${frameBytes}`, '-mr'];
  const { stdout } = await promisify(execFile)('openssl', [...args, '-evp', algorithm]);
  // The sum of all processes is the last line: +F:25:AES-256-GCM:5427036160.00
  const rate = stdout.match(/^\+F:\d+:[^:]+:([\d.]+)\s*$/m)?.[1];
  if (rate === undefined) throw new Error(`openssl speed ${algorithm} printed no rate.`);
  return Number(rate);
}
