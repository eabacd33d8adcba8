import type { TextOutput } from './cli-context.ts';
import { bytesText, countText, durationText, rateText } from './human-numbers.ts';
import { jsonLine } from './one-line.ts';

/** How far a command is: asked for as often as it is shown. */
export interface ProgressReading {
  readonly bytes: number;
  readonly segmentsInFlight?: number | undefined;
}

export interface ProgressOptions {
  readonly output: TextOutput;
  readonly json: boolean;
  /** What all of it comes to, if that is known. */
  readonly totalBytes: number | undefined;
  readonly read: () => ProgressReading;
  /** A clock that only runs forward. */
  readonly nowMs?: () => number;
}

/** Ten times a second at most, also when a late timer is followed by one on time. */
const redrawIntervalMs = 125;
const lineIntervalMs = 2000;
/** The rate is that of so much time, so that it follows changes and does not jump about. */
const rateWindowMs = 5000;

const clearLine = '\r\x1b[K';

/**
 * Shows how far a command is, until it is stopped: on a terminal one line that is drawn over, elsewhere a line every
 * two seconds. It looks at counters by its own clock, so that nothing ever waits for it.
 */
export class ProgressDisplay {
  readonly #o: ProgressOptions;
  readonly #nowMs: () => number;
  readonly #samples: { readonly atMs: number; readonly bytes: number }[] = [];
  readonly #timer: NodeJS.Timeout;
  #drawn = false;

  constructor(options: ProgressOptions) {
    this.#o = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#samples.push({ atMs: this.#nowMs(), bytes: options.read().bytes });
    const intervalMs = this.#redraws ? redrawIntervalMs : lineIntervalMs;
    this.#timer = setInterval(() => this.#show(), intervalMs).unref();
  }

  /** Shows nothing more, and leaves no line that is half drawn. */
  stop(): void {
    clearInterval(this.#timer);
    this.clear();
  }

  /** Makes room for a line of somebody else; what is drawn comes back below it. */
  clear(): void {
    if (this.#drawn) this.#o.output.write(clearLine);
    this.#drawn = false;
  }

  get #redraws(): boolean {
    return this.#o.output.isTerminal && !this.#o.json;
  }

  #show(): void {
    const { output, json } = this.#o;
    const state = this.#measure();
    if (json) {
      output.write(`${jsonLine({ progress: state })}\n`);
    } else if (this.#redraws) {
      // A line that is as long as the terminal is wide would wrap, and could not be drawn over.
      output.write(`${clearLine}${lineOf(state).slice(0, Math.max(1, output.columns - 1))}`);
      this.#drawn = true;
    } else {
      output.write(`${lineOf(state)}\n`);
    }
  }

  #measure(): ProgressState {
    const { read, totalBytes } = this.#o;
    const { bytes, segmentsInFlight } = read();
    const atMs = this.#nowMs();
    this.#samples.push({ atMs, bytes });
    while (this.#samples.length > 2 && this.#samples[1]!.atMs <= atMs - rateWindowMs) this.#samples.shift();
    const since = this.#samples[0]!;
    const elapsedMs = atMs - since.atMs;
    const bytesPerSecond = elapsedMs > 0 ? Math.round(((bytes - since.bytes) * 1000) / elapsedMs) : 0;
    // More than was expected says only that the expectation was wrong.
    const known = totalBytes !== undefined && totalBytes > 0 && bytes <= totalBytes ? totalBytes : undefined;
    return {
      bytes,
      totalBytes: known,
      bytesPerSecond,
      etaSeconds: known !== undefined && bytesPerSecond > 0 ? Math.ceil((known - bytes) / bytesPerSecond) : undefined,
      segmentsInFlight,
    };
  }
}

interface ProgressState {
  readonly bytes: number;
  readonly totalBytes: number | undefined;
  readonly bytesPerSecond: number;
  readonly etaSeconds: number | undefined;
  readonly segmentsInFlight: number | undefined;
}

function lineOf(state: ProgressState): string {
  const { bytes, totalBytes, etaSeconds, segmentsInFlight } = state;
  const pieces: string[] = [];
  if (totalBytes === undefined) pieces.push(bytesText(bytes));
  else pieces.push(`${Math.floor((100 * bytes) / totalBytes)} %`, `${bytesText(bytes)} of ${bytesText(totalBytes)}`);
  pieces.push(rateText(state.bytesPerSecond));
  if (etaSeconds !== undefined) pieces.push(`ETA ${durationText(etaSeconds)}`);
  if (segmentsInFlight !== undefined) pieces.push(`${countText(segmentsInFlight, 'segment')} in flight`);
  return pieces.join('  ');
}
