import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Runs a command to its end.
 *
 * @returns what it printed, on standard output and standard error
 * @throws Error with the line of its output that tells most, if it cannot be started, fails or runs out of time
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  { env, signal }: CommandOptions = {},
): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, {
      env: { ...process.env, ...env },
      maxBuffer: 64 * 2 ** 20,
      ...(signal && { signal }),
    });
    return stdout + stderr;
  } catch (error) {
    const failed = error as NodeJS.ErrnoException & { readonly stdout?: string; readonly stderr?: string };
    if (failed.code === 'ENOENT') throw new Error(`There is no ${command} on this machine.`, { cause: error });
    if (signal?.aborted) throw new Error(`${command} ${args[0]} took too long.`, { cause: error });
    throw new Error(`${command} ${args[0]} failed: ${tellingLine(failed)}`, { cause: error });
  }
}

/** Tools end with the reason, or mark it. */
function tellingLine({
  stdout = '',
  stderr = '',
  message,
}: {
  stdout?: string;
  stderr?: string;
  message: string;
}): string {
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => /^(E:|ERROR)/.test(line)) ?? lines.at(-1) ?? message).trim();
}
