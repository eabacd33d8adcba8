import type { Sink } from '../sinks/sink.ts';
import type { Source } from '../sources/source.ts';

/** Text for people: standard error. */
export interface TextOutput {
  /** Never fails and never waits: who reads it, if anyone, must not hold up data. */
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Characters that fit on a line. */
  readonly columns: number;
}

/** What a command has for streams: those of the process, or what a test puts in their place. */
export interface CliStreams {
  openStandardInput(): Source;
  openStandardOutput(): Sink;
  readonly outputIsTerminal: boolean;
  readonly errors: TextOutput;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What surrounds every command. */
export interface CliContext {
  /** The arguments behind the program's name, as they were given. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly streams: CliStreams;
  /** Fires when the user wants the command to stop. */
  readonly signal: AbortSignal;
}
