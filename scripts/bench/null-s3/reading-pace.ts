/** How fast a server reads, over all of its connections. */
export class ReadingPace {
  readonly #bytesPerMs: number;
  #freeAtMs = 0;

  /** @param bytesPerSecond what it reads in a second. */
  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** How long to wait, in milliseconds, after so many bytes were read on one connection. */
  waitMs(bytes: number): number {
    const now = performance.now();
    this.#freeAtMs = Math.max(now, this.#freeAtMs) + bytes / this.#bytesPerMs;
    return this.#freeAtMs - now;
  }
}
