/** Where the time of a run goes. */
export type Stage = 'read' | 'compute' | 'write';

/** What a run has done so far. Counts are of this run only: a resumed upload does not count what was there before. */
export interface TelemetrySnapshot {
  /** Bytes of content that were encrypted, or decrypted and verified. */
  readonly contentBytes: number;
  /** Bytes of segment headers and frames that were made or read; what was sealed again counts once. */
  readonly wireBytes: number;
  readonly frames: number;
  readonly segments: number;
  /** Segments between their first byte read and their last byte written. */
  readonly segmentsInFlight: number;
  readonly segmentsInFlightHighWater: number;
  /** Segments that were encrypted again because a worker failed. */
  readonly repeatedSegments: number;
  readonly plainHighWaterBytes: number;
  readonly wireHighWaterBytes: number;
  /** Milliseconds, summed over what ran at the same time: stages overlap, so they add up to more than the run. */
  readonly stageMs: Readonly<Record<Stage, number>>;
}

/**
 * Counters that pipelines raise and observers read when they like. Nobody is called back and nothing is queued, so
 * that no observer, however slow, can hold data up; what happened between two looks is seen only as a sum.
 */
export class Telemetry {
  #contentBytes = 0;
  #wireBytes = 0;
  #frames = 0;
  #segments = 0;
  #inFlight = 0;
  #inFlightHighWater = 0;
  #repeated = 0;
  #plainHighWater = 0;
  #wireHighWater = 0;
  readonly #stageMs: Record<Stage, number> = { read: 0, compute: 0, write: 0 };

  segmentStarted(): void {
    this.#inFlight++;
    this.#inFlightHighWater = Math.max(this.#inFlightHighWater, this.#inFlight);
  }

  segmentDone(counts: { contentBytes: number; wireBytes: number; frames: number; attempts?: number }): void {
    this.#inFlight--;
    this.#segments++;
    this.#contentBytes += counts.contentBytes;
    this.#wireBytes += counts.wireBytes;
    this.#frames += counts.frames;
    this.#repeated += (counts.attempts ?? 1) - 1;
  }

  /** A segment that was started and will not be done: its run failed. */
  segmentAbandoned(): void {
    this.#inFlight--;
  }

  memoryUsed(plainBytes: number, wireBytes: number): void {
    this.#plainHighWater = Math.max(this.#plainHighWater, plainBytes);
    this.#wireHighWater = Math.max(this.#wireHighWater, wireBytes);
  }

  /** Runs a step and adds its time to a stage, also when it fails. */
  async time<T>(stage: Stage, step: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await step();
    } finally {
      this.#stageMs[stage] += performance.now() - start;
    }
  }

  snapshot(): TelemetrySnapshot {
    return {
      contentBytes: this.#contentBytes,
      wireBytes: this.#wireBytes,
      frames: this.#frames,
      segments: this.#segments,
      segmentsInFlight: this.#inFlight,
      segmentsInFlightHighWater: this.#inFlightHighWater,
      repeatedSegments: this.#repeated,
      plainHighWaterBytes: this.#plainHighWater,
      wireHighWaterBytes: this.#wireHighWater,
      stageMs: { ...this.#stageMs },
    };
  }
}
