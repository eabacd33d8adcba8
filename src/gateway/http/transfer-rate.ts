import type { HttpLimits } from './http-limits.ts';

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
  readonly waitedMs: number;
}

/** What has moved so far. */
export interface Moved {
  readonly bytes: number;
  /** What is counted as moved, because nobody knows how much of it has. */
  readonly underWayBytes: number;
  /** How long the client was waited for. */
  readonly waitedMs: number;
}

/** Samples that the time of judgement is divided into. */
export const samplesPerWindow = 6;

/** How fast a client sends its body, or takes its answer, over the last while. */
export class TransferRate {
  readonly #limits: Pick<HttpLimits, 'slowAfterMs' | 'slowBytesPerSecond'>;
  readonly #moved: () => Moved;
  readonly #samples: Sample[] = [];

  constructor(limits: Pick<HttpLimits, 'slowAfterMs' | 'slowBytesPerSecond'>, moved: () => Moved) {
    this.#limits = limits;
    this.#moved = moved;
  }

  /** Called at regular times, `samplesPerWindow` of them in the time after which a client is judged. */
  sample(nowMs: number): void {
    const { bytes, waitedMs } = this.#moved();
    this.#samples.push({ atMs: nowMs, bytes, waitedMs });
    if (this.#samples.length > samplesPerWindow + 2) this.#samples.shift();
  }

  /**
   * Bytes a second over the time after which a client is judged. Undefined before that has passed, and for a transfer
   * that was not the client's to speed up: nobody waited for it for half of the time.
   */
  bytesPerSecond(nowMs: number): number | undefined {
    const { slowAfterMs } = this.#limits;
    const since = this.#samples.findLast((sample) => nowMs - sample.atMs >= slowAfterMs);
    if (since === undefined) return undefined;
    const { bytes, underWayBytes, waitedMs } = this.#moved();
    const spanMs = nowMs - since.atMs;
    if (waitedMs - since.waitedMs < spanMs / 2) return undefined;
    return ((bytes + underWayBytes - since.bytes) * 1000) / spanMs;
  }

  /** The rate of a transfer that is too slow to be waited for while others wait. */
  tooSlow(nowMs: number): number | undefined {
    const rate = this.bytesPerSecond(nowMs);
    return rate !== undefined && rate < this.#limits.slowBytesPerSecond ? rate : undefined;
  }
}
