import { processBytes } from '../pipelines/memory-plan.ts';
import type { CliContext } from './cli-context.ts';
import { jsonLine, oneLine } from './one-line.ts';
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

/** So long a store may keep a run waiting before the first line is said without what it has not told yet. */
const patienceMs = 1500;

/** How a command speaks: a first line, progress, and what came of it. */
export class Report {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly #command: string;
  readonly #context: CliContext;
  readonly #outputIsData: boolean;
  readonly #startedMs: number = performance.now();
  #progress: ProgressDisplay | undefined;
  #patience: NodeJS.Timeout | undefined;
  /** What the first line will be about, until it was said. */
  #expected: Pick<Start, 'subject' | 'text'> | undefined;
  #said = false;
  /** Lines that must not come before the first one. */
  readonly #waiting: string[] = [];

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

  /**
   * What the first line will be about, known before the run knows its memory: it is said without, should the run fail
   * first, or wait for long.
   */
  expect(start: Pick<Start, 'subject' | 'text'>): void {
    if (this.#said) return;
    this.#expected = start;
    this.#patience ??= setTimeout(() => this.#sayExpected(), patienceMs).unref();
  }

  /** The first line on standard error, and progress from then on. */
  start({ subject, text, peakBytes = processBytes, progress }: Start): void {
    const memory = `memory at most ${Math.ceil(peakBytes / 2 ** 20)} MiB`;
    const facts = { ...subject, memoryBytes: peakBytes };
    this.#firstLine(this.#said ? { subject: facts, text: memory } : { subject: facts, text: `${text}, ${memory}` });
    if (this.quiet) return;
    // On a terminal that shows the content, a line that is drawn over would tear it up.
    if (progress === undefined || (this.#outputIsData && this.#context.streams.outputIsTerminal)) return;
    this.#progress?.stop();
    this.#progress = new ProgressDisplay({ output: this.#context.streams.errors, json: this.json, ...progress });
  }

  /** A line in between, which progress makes room for, and which waits for the first one: for people, or as JSON. */
  note(text: string, facts: Readonly<Record<string, unknown>>): void {
    if (!this.quiet) this.failure(text, facts);
  }

  /** The same for what went wrong without ending the run: said in any case. */
  failure(text: string, facts: Readonly<Record<string, unknown>>): void {
    const line = `${this.json ? jsonLine(facts) : oneLine(text)}\n`;
    if (!this.#said) {
      this.#waiting.push(line);
      return;
    }
    this.#progress?.clear();
    this.#context.streams.errors.write(line);
  }

  /** Runs, and ends the display of progress however the run ends. */
  async until<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } finally {
      this.#sayExpected();
      this.#sayWaiting();
      this.#progress?.stop();
    }
  }

  /** Says it, and what has waited for it. */
  #firstLine({ subject, text }: { readonly subject: Readonly<Record<string, unknown>>; readonly text: string }): void {
    this.#stopWaiting();
    this.#said = true;
    const { errors } = this.#context.streams;
    const line = this.json
      ? jsonLine({ start: { command: this.#command, ...subject } })
      : `${this.#command} ${oneLine(text)}`;
    if (!this.quiet) errors.write(`${line}\n`);
    this.#sayWaiting();
  }

  #sayWaiting(): void {
    for (const waiting of this.#waiting.splice(0)) this.#context.streams.errors.write(waiting);
  }

  #sayExpected(): void {
    if (this.#expected !== undefined) this.#firstLine(this.#expected);
  }

  #stopWaiting(): void {
    clearTimeout(this.#patience);
    this.#expected = undefined;
  }

  /** The last lines: for people on standard error; as JSON on standard output, unless content went there. */
  async result({ lines, facts }: Result): Promise<void> {
    const { streams, signal } = this.#context;
    if (!this.json) {
      if (!this.quiet) for (const line of lines) streams.errors.write(`${oneLine(line)}\n`);
      return;
    }
    const line = jsonLine({ command: this.#command, ...facts });
    if (this.#outputIsData) streams.errors.write(`${line}\n`);
    else await withText(streams.openStandardOutput(), signal, (text) => text.line(line));
  }
}
