/** What is asked of a figure. */
export interface Goal {
  readonly atLeast?: number;
  readonly atMost?: number;
  /** What is hoped for beyond that. */
  readonly aim?: number;
}

/** One number that was measured. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** `ratio`, `GB/s` (10^9 bytes a second), `ns/B`, `s/GiB` (of CPU time), `MiB`, `s`. */
  readonly unit: 'ratio' | 'GB/s' | 'ns/B' | 's/GiB' | 'MiB' | 's' | 'requests';
  readonly goal?: Goal;
}

/** What a bench found out. */
export interface BenchReport {
  readonly bench: string;
  /** How all of its figures were measured, in a sentence or two. */
  readonly how: string;
  readonly figures: readonly Figure[];
  /** What could not be measured, and why. */
  readonly notes: readonly string[];
}

export interface BenchOptions {
  /** Runs of each side that count. */
  readonly rounds: number;
  /** Bytes of content instead of what each bench takes by itself. */
  readonly sizeBytes: number | undefined;
  /** Installs other implementations from npm into a temporary directory, to measure against them. */
  readonly rivals: boolean;
  /** On which server the sides of s3 are compared. */
  readonly server: 'null' | 'versitygw';
  /** Tells whoever waits what is being done. */
  readonly progress: (text: string) => void;
}

export interface Bench {
  readonly name: string;
  /** True if it runs when no bench is named. */
  readonly byDefault: boolean;
  readonly run: (options: BenchOptions) => Promise<BenchReport>;
}

export function verdictOf({ value, goal }: Figure): 'met' | 'missed' | undefined {
  if (goal === undefined) return undefined;
  return value >= (goal.atLeast ?? -Infinity) && value <= (goal.atMost ?? Infinity) ? 'met' : 'missed';
}
