import { abortError } from '../../src/errors.ts';
import type { Source } from '../../src/sources/source.ts';

/** A source that gives what it is told to give, waits behind it, and ends when it is told to. */
export class GatedSource implements Source {
  readonly name = 'a gated source';
  readonly size = undefined;
  readonly #bytes: Uint8Array;
  #position = 0;
  #open = 0;
  #ended = false;
  #waiting = 0;
  #wake: () => void = () => undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** True while a reader waits for what was not given yet. */
  get starved(): boolean {
    return this.#waiting > 0;
  }

  /** Lets everything up to this offset through. */
  giveUpTo(offset: number): void {
    this.#open = offset;
    this.#wake();
  }

  /** Lets everything through, and says that nothing follows. */
  end(): void {
    this.#ended = true;
    this.giveUpTo(this.#bytes.length);
  }

  async read(target: Uint8Array, signal: AbortSignal): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const piece = this.#bytes.subarray(this.#position, Math.min(this.#open, this.#position + target.length - filled));
      target.set(piece, filled);
      filled += piece.length;
      this.#position += piece.length;
      if (filled === target.length || (this.#ended && this.#position === this.#bytes.length)) break;
      if (piece.length === 0) await this.#wait(signal);
    }
    return filled;
  }

  async #wait(signal: AbortSignal): Promise<void> {
    this.#waiting++;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => reject(abortError(signal)), { once: true });
      });
    } finally {
      this.#waiting--;
    }
  }

  async close(): Promise<void> {}
}
