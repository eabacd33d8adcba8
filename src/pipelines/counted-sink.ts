import type { Sink } from '../sinks/sink.ts';

/** Passes everything on to another sink, and counts what is part of the result. */
export class CountedSink implements Sink {
  readonly name: string;
  readonly irreversible: boolean;
  readonly #sink: Sink;
  #openBytes = 0;
  #committedBytes = 0;

  constructor(sink: Sink) {
    this.name = sink.name;
    this.irreversible = sink.irreversible;
    this.#sink = sink;
  }

  /** Bytes of the segments that were committed. */
  get committedBytes(): number {
    return this.#committedBytes;
  }

  async writeTentative(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#sink.writeTentative(bytes, signal);
    this.#openBytes += bytes.length;
  }

  async commitSegment(signal: AbortSignal): Promise<void> {
    await this.#sink.commitSegment(signal);
    this.#committedBytes += this.#openBytes;
    this.#openBytes = 0;
  }

  async rollbackSegment(): Promise<void> {
    await this.#sink.rollbackSegment();
    this.#openBytes = 0;
  }

  finish(signal: AbortSignal): Promise<void> {
    return this.#sink.finish(signal);
  }

  abort(): Promise<void> {
    return this.#sink.abort();
  }
}
