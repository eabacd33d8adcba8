import { concatBytes } from '../../src/format/bytes.ts';
import type { Sink } from '../../src/sinks/sink.ts';

/** A sink that remembers everything that it was ever given, and how it ended. It does not look at signals. */
export class WatchedSink implements Sink {
  readonly name = 'a watched sink';
  readonly irreversible: boolean;
  readonly #pieces: Uint8Array[] = [];
  #givenBytes = 0;
  #committedBytes = 0;
  #state: 'open' | 'finished' | 'aborted' = 'open';

  constructor(irreversible = false) {
    this.irreversible = irreversible;
  }

  get givenBytes(): number {
    return this.#givenBytes;
  }

  get committedBytes(): number {
    return this.#committedBytes;
  }

  get state(): 'open' | 'finished' | 'aborted' {
    return this.#state;
  }

  /** All that was written, committed or not. */
  given(): Uint8Array {
    return concatBytes(...this.#pieces);
  }

  async writeTentative(bytes: Uint8Array): Promise<void> {
    this.#expectOpen('written to');
    this.#pieces.push(bytes.slice());
    this.#givenBytes += bytes.length;
  }

  async commitSegment(): Promise<void> {
    this.#expectOpen('committed');
    this.#committedBytes = this.#givenBytes;
  }

  async rollbackSegment(): Promise<void> {
    this.#expectOpen('rolled back');
  }

  async finish(): Promise<void> {
    this.#expectOpen('finished');
    this.#state = 'finished';
  }

  async abort(): Promise<void> {
    if (this.#state === 'open') this.#state = 'aborted';
  }

  #expectOpen(what: string): void {
    if (this.#state !== 'open') throw new Error(`a sink that is ${this.#state} was ${what}`);
  }
}
