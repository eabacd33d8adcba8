import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';

/** Runs the commands of one client, and keeps what it complains of. */
export class ClientProcess {
  readonly #command: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  #complaints = '';

  /** @param env what it sees beside the PATH: nothing of this machine's own configuration */
  constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    this.#command = command;
    this.#env = env;
  }

  complaints(): string {
    return this.#complaints;
  }

  /** @returns its standard output. @throws Error with what it printed if it fails */
  async run(args: readonly string[], input = ''): Promise<Buffer> {
    const [program, ...first] = this.#command;
    const child = spawn(program!, [...first, ...args], {
      stdio: 'pipe',
      env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', ...this.#env },
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const closed = once(child, 'close') as Promise<[number | null]>;
    const [stdout, stderr, [exitCode]] = await Promise.all([buffer(child.stdout), buffer(child.stderr), closed]);
    this.#complaints += stderr.toString();
    if (exitCode !== 0) {
      throw new Error(`${program} ${args.join(' ')} ended with ${exitCode}: ${stderr}${stdout.subarray(0, 2000)}`);
    }
    return stdout;
  }

  async text(args: readonly string[], input?: string): Promise<string> {
    return (await this.run(args, input)).toString();
  }
}
