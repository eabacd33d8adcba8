import { readFile } from 'node:fs/promises';

/**
 * The permission bits that new files do not get. Linux tells; elsewhere the only way to learn them is to change them
 * for a moment, in which other threads make files without them.
 */
export async function readUmask(): Promise<number> {
  let status: string;
  try {
    status = await readFile('/proc/self/status', 'utf8');
  } catch {
    return process.umask();
  }
  const digits = /^Umask:\s*([0-7]+)$/m.exec(status)?.[1];
  return digits === undefined ? process.umask() : Number.parseInt(digits, 8);
}
