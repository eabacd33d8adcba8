import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { RunCost } from '../rounds.ts';

/** The shell knows what its children took, which Node does not tell of its own. */
const script = '"$@"; status=$?; times >&3; exit $status';

/**
 * Runs a command to its end and throws its standard output away.
 *
 * @param env what is set beside this process's environment.
 * @throws Error if it cannot be started or ends with another exit code than 0
 */
export async function runTimed(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunCost> {
  const start = performance.now();
  const child = spawn('sh', ['-c', script, 'sh', ...command], {
    env: { ...process.env, AWS_CA_BUNDLE: undefined, AWS_PROFILE: undefined, ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const outputs = Promise.all([text(child.stderr!), text(child.stdio[3] as NodeJS.ReadableStream)]);
  const [[exitCode], [stderr, times]] = await Promise.all([once(child, 'exit'), outputs]);
  const seconds = (performance.now() - start) / 1000;
  if (exitCode !== 0) throw new Error(`${command[0]} ended with ${exitCode}: ${stderr.trim()}`);
  return { seconds, cpuSeconds: childSeconds(times) };
}

/** The second line of `times` is of the children, user and system: `0m1.250s 0m0.310s`. */
function childSeconds(times: string): number {
  const found = [...(times.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return found.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}
