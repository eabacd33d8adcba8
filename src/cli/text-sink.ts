import type { Sink } from '../sinks/sink.ts';

/** What is collected before it is written: a listing of a million objects is not a million writes. */
const writeSizeChars = 32 * 1024;

/** Writes lines of text to a sink, which is finished with it. */
export class TextSink {
  readonly #sink: Sink;
  readonly #signal: AbortSignal;
  #pending = '';

  constructor(sink: Sink, signal: AbortSignal) {
    this.#sink = sink;
    this.#signal = signal;
  }

  async line(text: string): Promise<void> {
    this.#pending += `${text}\n`;
    if (this.#pending.length >= writeSizeChars) await this.#flush();
  }

  async finish(): Promise<void> {
    await this.#flush();
    await this.#sink.finish(this.#signal);
  }

  async #flush(): Promise<void> {
    if (this.#pending === '') return;
    const bytes = Buffer.from(this.#pending);
    this.#pending = '';
    await this.#sink.writeTentative(bytes, this.#signal);
    await this.#sink.commitSegment(this.#signal);
  }
}

/** Runs with standard output as text, and finishes it if all went well. */
export async function withText(sink: Sink, signal: AbortSignal, use: (text: TextSink) => Promise<void>): Promise<void> {
  try {
    const text = new TextSink(sink, signal);
    await use(text);
    await text.finish();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
