import { expect } from 'vitest';
import type { CliStreams } from '../../src/cli/cli-context.ts';
import { runCli } from '../../src/cli/main.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { createStreamSource } from '../../src/sources/stream-source.ts';
import { stateHome } from './state-home.ts';

export interface InProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input, as a pipe gives it. */
  readonly input?: Uint8Array;
  readonly signal?: AbortSignal;
  readonly outputIsTerminal?: boolean;
}

export interface InProcessResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly out: string;
  readonly stderr: string;
  /** Standard output was finished, and not cut off. */
  readonly outputFinished: boolean;
}

/** Runs `sealpart ARGS` inside of this process: for the many cases where a process of its own would prove no more. */
export async function runInProcess(args: readonly string[], options: InProcessOptions = {}): Promise<InProcessResult> {
  const written: Uint8Array[] = [];
  let finished = false;
  let stderr = '';
  const input = options.input ?? new Uint8Array(0);
  const streams: CliStreams = {
    openStandardInput: () => createStreamSource(readAll(input), { name: 'standard input' }),
    openStandardOutput: () => ({
      name: 'standard output',
      irreversible: true,
      async writeTentative(bytes) {
        written.push(bytes.slice());
      },
      commitSegment: async () => undefined,
      rollbackSegment: async () => undefined,
      async finish() {
        finished = true;
      },
      abort: async () => undefined,
    }),
    outputIsTerminal: options.outputIsTerminal === true,
    errors: {
      write(text) {
        stderr += text;
      },
      isTerminal: false,
      columns: 80,
    },
  };
  const exitCode = await runCli(args, { XDG_STATE_HOME: stateHome, ...options.env }, streams, options.signal);
  const stdout = Buffer.concat(written);
  return { exitCode, stdout, out: stdout.toString(), stderr, outputFinished: finished };
}

async function* readAll(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const source = createMemorySource(bytes);
  const chunk = new Uint8Array(65_536);
  const { signal } = new AbortController();
  for (let count = await source.read(chunk, signal); count > 0; count = await source.read(chunk, signal)) {
    yield chunk.slice(0, count);
  }
}

/** The one error of a run with --json, which must be the last line on standard error. */
export function errorOf(result: { readonly stderr: string }): {
  readonly code: string;
  readonly message: string;
  readonly segment?: number;
  readonly frame?: number;
} {
  const last = result.stderr.trimEnd().split('\n').at(-1) ?? '';
  return (JSON.parse(last) as { error: ReturnType<typeof errorOf> }).error;
}

/** Compares bytes as fast as they can be; vitest looks at each by itself. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect([actual.length, Buffer.compare(actual, expected)]).toEqual([expected.length, 0]);
}
