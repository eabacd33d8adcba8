/** How long somebody has waited for the other side, in all and now. */
export class WaitClock {
  #since: number | undefined;
  #totalMs = 0;

  begin(): void {
    this.#since = performance.now();
  }

  end(): void {
    if (this.#since === undefined) return;
    this.#totalMs += performance.now() - this.#since;
    this.#since = undefined;
  }

  /** How long the wait that is going on has lasted; undefined if there is none. */
  get currentMs(): number | undefined {
    return this.#since === undefined ? undefined : performance.now() - this.#since;
  }

  get totalMs(): number {
    return this.#totalMs + (this.currentMs ?? 0);
  }
}
