import { assert } from '../assert.ts';
import { throwIfAborted } from '../errors.ts';
import type { Sink } from './sink.ts';

/** Counts what it is given and keeps nothing: for verifying, and for measuring. */
export class NullSink implements Sink {
  readonly name: string;
  readonly irreversible = false;
  #committedBytes = 0;
  #committedSegments = 0;
  #openBytes = 0;
  #state: 'open' | 'finished' | 'aborted' = 'open';

  /** @param name - What to call it in messages. */
  constructor(name = 'nowhere') {
    this.name = name;
  }

  /** Bytes of the segments that were committed. */
  get committedBytes(): number {
    return this.#committedBytes;
  }

  get committedSegments(): number {
    return this.#committedSegments;
  }

  async writeTentative(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#expectOpen();
    throwIfAborted(signal);
    this.#openBytes += bytes.length;
  }

  async commitSegment(signal: AbortSignal): Promise<void> {
    this.#expectOpen();
    throwIfAborted(signal);
    this.#committedBytes += this.#openBytes;
    this.#committedSegments += 1;
    this.#openBytes = 0;
  }

  async rollbackSegment(): Promise<void> {
    this.#expectOpen();
    this.#openBytes = 0;
  }

  async finish(signal: AbortSignal): Promise<void> {
    this.#expectOpen();
    assert(this.#openBytes === 0, 'no segment is open at the end');
    throwIfAborted(signal);
    this.#state = 'finished';
  }

  async abort(): Promise<void> {
    if (this.#state !== 'finished') this.#state = 'aborted';
  }

  #expectOpen(): void {
    assert(this.#state === 'open', `a sink that is ${this.#state} is not used`);
  }
}
