import PQueue from 'p-queue';
import { type ErrorCode, SealpartError } from '../errors.ts';
import { doneText, roundedSeconds } from './command-text.ts';
import { blameStore, exitCodeOf, exitCodes } from './exit-codes.ts';
import { countText } from './human-numbers.ts';
import { listedName } from './one-line.ts';
import type { Report } from './report.ts';
import { describeError } from './report-error.ts';

/** What became of a file that did not fail. */
export type TreeOutcome =
  | { readonly kind: 'done'; readonly contentBytes: number; readonly facts?: Readonly<Record<string, unknown>> }
  /** There already, or of a kind that is left out: no failure, but said. */
  | { readonly kind: 'skipped'; readonly reason: string };

/** One file of a tree. */
export interface TreeJob {
  /** What to call it in messages: its path in the tree, or its key. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly run: () => Promise<TreeOutcome>;
}

export interface TreeOptions {
  readonly report: Report;
  readonly signal: AbortSignal;
  /** What is done with each: `put`. */
  readonly deed: string;
  /** False where each file takes so much memory for its keys that they must come one after the other. */
  readonly severalAtOnce: boolean;
}

/** What was done of a tree. */
export interface TreeTally {
  readonly done: number;
  readonly contentBytes: number;
  readonly skipped: number;
  readonly failed: number;
  /** The error that decides the exit code; absent if all went well. */
  readonly worst?: unknown;
}

/** So many small files are under way at once, because each is mostly waiting for its store. */
const smallFilesAtOnce = 8;
/** A file above this keeps workers and connections busy by itself: one of them at a time, beside the small ones. */
const smallFileBytes = 2 ** 23;
/** After so many failures side by side of what all files depend on, the rest is not tried. */
const failuresInARow = 5;

const shared: ReadonlySet<ErrorCode> = new Set(['store', 'denied', 'kms-unavailable', 'manifest', 'worker']);

/**
 * Runs the jobs of a tree, several at once. One that fails is told of by name and does not stop the others.
 *
 * @throws the reason of the signal, and what the jobs' own iteration throws
 */
export async function runTree(jobs: AsyncIterable<TreeJob>, options: TreeOptions): Promise<TreeTally> {
  const run = new TreeRun(options);
  try {
    for await (const job of jobs) {
      if (run.isOver) break;
      await run.start(job);
    }
  } finally {
    await run.settled();
  }
  return run.tally();
}

class TreeRun {
  readonly #o: TreeOptions;
  readonly #small: PQueue;
  readonly #large: PQueue;
  #done = 0;
  #contentBytes = 0;
  #skipped = 0;
  #failed = 0;
  #inARow = 0;
  #worst: { readonly error: unknown; readonly rank: number } | undefined;

  constructor(options: TreeOptions) {
    this.#o = options;
    this.#small = new PQueue({ concurrency: options.severalAtOnce ? smallFilesAtOnce : 1 });
    this.#large = options.severalAtOnce ? new PQueue({ concurrency: 1 }) : this.#small;
  }

  /** True when it makes no sense to go on. */
  get isOver(): boolean {
    return this.#o.signal.aborted || this.#inARow >= failuresInARow;
  }

  /** Returns as soon as there is room for the next one. */
  async start(job: TreeJob): Promise<void> {
    const queue = job.sizeBytes > smallFileBytes ? this.#large : this.#small;
    void queue.add(() => this.#runOne(job));
    await queue.onSizeLessThan(1);
  }

  async settled(): Promise<void> {
    await Promise.all([this.#small.onIdle(), this.#large.onIdle()]);
  }

  tally(): TreeTally {
    const { signal } = this.#o;
    if (signal.aborted) throw signal.reason;
    const counts = { done: this.#done, contentBytes: this.#contentBytes, skipped: this.#skipped, failed: this.#failed };
    return this.#worst === undefined ? counts : { ...counts, worst: this.#worst.error };
  }

  /** Never rejects: what fails is told of, and counted. */
  async #runOne({ name, run }: TreeJob): Promise<void> {
    if (this.isOver) return;
    const { report, deed } = this.#o;
    try {
      const outcome = await run();
      this.#inARow = 0;
      if (outcome.kind === 'skipped') {
        this.#skipped++;
        report.note(`skipped ${listedName(name)}: ${outcome.reason}`, {
          file: { name, outcome: 'skipped', reason: outcome.reason },
        });
        return;
      }
      this.#done++;
      this.#contentBytes += outcome.contentBytes;
      const { contentBytes, facts } = outcome;
      if (report.json) report.note('', { file: { name, outcome: deed, contentBytes, ...facts } });
    } catch (error) {
      this.#fail(name, error);
    }
  }

  #fail(name: string, error: unknown): void {
    const { report, signal } = this.#o;
    // What a signal stopped has not failed.
    if (signal.aborted) return;
    this.#failed++;
    this.#inARow = error instanceof SealpartError && shared.has(error.code) ? this.#inARow + 1 : 0;
    const rank = rankOf(exitCodeOf(error, signal));
    if (this.#worst === undefined || rank < this.#worst.rank) this.#worst = { error, rank };
    const told = describeError(error);
    report.failure(`failed ${listedName(name)}: ${told.code}: ${told.message}`, {
      file: { name, outcome: 'failed', ...told },
    });
  }
}

/** The worst first: data that was refused, then what may be so for all files, then what one file alone can have. */
const worstFirst: readonly number[] = [
  exitCodes.refused,
  exitCodes.noKey,
  exitCodes.store,
  exitCodes.owned,
  exitCodes.sourceChanged,
  exitCodes.failure,
  exitCodes.usage,
];

function rankOf(exitCode: number): number {
  return worstFirst.indexOf(exitCode);
}

/** Says what was done of a tree, and throws what decides the exit code if something failed. */
export async function reportTree(
  tally: TreeTally,
  subject: Readonly<Record<string, string>>,
  { report, deed }: Pick<TreeOptions, 'report' | 'deed'>,
): Promise<void> {
  const { done, contentBytes, skipped, failed, worst } = tally;
  const seconds = report.elapsedSeconds;
  const row = (count: number, what: string): string => `${String(count).padStart(10)}  ${what}`;
  await report.result({
    lines: [
      row(done, doneText(deed, contentBytes, seconds)),
      row(skipped, 'skipped'),
      row(failed, failed === 0 ? 'failed' : 'failed, as the lines above say'),
    ],
    facts: { ...subject, files: done, skipped, failed, contentBytes, seconds: roundedSeconds(seconds) },
  });
  if (worst !== undefined) throw treeFailure(failed, worst);
}

function treeFailure(failed: number, worst: unknown): unknown {
  if (!(worst instanceof SealpartError)) return worst;
  const exitCode = exitCodeOf(worst, new AbortController().signal);
  const text = `${countText(failed, 'file')} of the tree failed; the worst of it: ${worst.message}`;
  const { code, segment, frame } = worst;
  const failure = new SealpartError(code, text, { cause: worst, segment, frame });
  // It was the store's failure there, so it is here.
  if (exitCode === exitCodes.store) blameStore(failure);
  return failure;
}
