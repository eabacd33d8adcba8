/**
 * Syncs a folder for many at once: whoever comes while it is being synced waits for one that begins later, with all
 * others who came meanwhile. So what each has done before it came is sure when it goes on.
 */
export class FolderSync {
  readonly #sync: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  run(): Promise<void> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(running: Promise<void>): Promise<void> {
    // How that one ends is told to those who wait for it.
    await Promise.allSettled([running]);
    this.#next = undefined;
    await this.#begin();
  }

  #begin(): Promise<void> {
    const running = this.#sync().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
