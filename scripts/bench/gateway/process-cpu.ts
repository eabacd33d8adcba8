import { readFile } from 'node:fs/promises';

/** Linux counts a process's time in hundredths of a second for whoever reads /proc. */
const ticksPerSecond = 100;

/** User and system time of a process and all its threads so far, in seconds. Linux only. */
export async function processCpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** The most memory that a process ever had resident, in MiB. Linux only. */
export async function processPeakMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]) / 1024;
}
