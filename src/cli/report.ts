import { processBytes } from '../pipelines/memory-plan.ts';
import type { CliContext } from './cli-context.ts';
import { oneLine } from './one-line.ts';
import { ProgressDisplay, type ProgressOptions } from './progress.ts';
import type { ReportFlags } from './run-flags.ts';
import { withText } from './text-sink.ts';

/** What a command is about to do, as its first line says. */
export interface Start {
  /** What it works on and where the result goes: the files and the store as they were found. */
  readonly subject: Readonly<Record<string, string>>;
  /** The same in words: `a.bin to a.bin.sealpart`. */
  readonly text: string;
  /** The most memory that the process will use. Without it, what a process takes that has no plan. */
  readonly peakBytes?: number | undefined;
  /** How far it is at any time. */
  readonly progress?: Pick<ProgressOptions, 'totalBytes' | 'read'> | undefined;
}

export interface Result {
  readonly lines: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;
}

/** How a command speaks: a first line, progress, and what came of it. */
export class Report {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly #command: string;
  readonly #context: CliContext;
  readonly #outputIsData: boolean;
  readonly #startedMs: number = performance.now();
  #progress: ProgressDisplay | undefined;

  /** @param outputIsData true if content goes to standard output, so that nothing else may */
  constructor(command: string, flags: ReportFlags, context: CliContext, outputIsData = false) {
    this.#command = command;
    this.json = flags.json === true;
    this.quiet = flags.quiet === true;
    this.#context = context;
    this.#outputIsData = outputIsData;
  }

  get elapsedSeconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }

  /** The first line on standard error, and progress from then on. */
  start({ subject, text, peakBytes = processBytes, progress }: Start): void {
    if (this.quiet) return;
    const output = this.#context.streams.errors;
    const line = this.json
      ? JSON.stringify({ start: { command: this.#command, ...subject, memoryBytes: peakBytes } })
      : `${this.#command} ${oneLine(text)}, memory at most ${Math.ceil(peakBytes / 2 ** 20)} MiB`;
    output.write(`${line}\n`);
    // On a terminal that shows the content, a line that is drawn over would tear it up.
    if (progress === undefined || (this.#outputIsData && this.#context.streams.outputIsTerminal)) return;
    this.#progress = new ProgressDisplay({ output, json: this.json, ...progress });
  }

  /** Runs, and ends the display of progress however the run ends. */
  async until<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } finally {
      this.#progress?.stop();
    }
  }

  /** The last lines: for people on standard error; as JSON on standard output, unless content went there. */
  async result({ lines, facts }: Result): Promise<void> {
    const { streams, signal } = this.#context;
    if (!this.json) {
      if (!this.quiet) for (const line of lines) streams.errors.write(`${oneLine(line)}\n`);
      return;
    }
    const line = JSON.stringify({ command: this.#command, ...facts });
    if (this.#outputIsData) streams.errors.write(`${line}\n`);
    else await withText(streams.openStandardOutput(), signal, (text) => text.line(line));
  }
}
