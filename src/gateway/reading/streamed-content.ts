import { assert } from '../../assert.ts';
import { SealpartError } from '../../errors.ts';
import { freeBytes } from '../../flow/free-bytes.ts';
import { untilAborted } from '../../flow/until-aborted.ts';
import { awaitedLater } from '../../pipelines/awaited-later.ts';
import type { Sink } from '../../sinks/sink.ts';
import type { AnswerSink, StreamedBody } from '../http/gateway-answer.ts';
import type { HeldMemory } from './heap-budget.ts';

/** Puts content into a sink that cannot take it back, and finishes it. Cancelled when the signal fires. */
export type ContentRun = (sink: Sink, signal: AbortSignal) => Promise<unknown>;

/**
 * Content that is decrypted while it is sent. The run begins at once, so that the first of it is there when the head of
 * the answer is; what it has before anybody takes it is bounded by the run's own share of memory.
 */
export class StreamedContent implements StreamedBody {
  readonly lengthBytes: number;
  readonly #stop = new AbortController();
  readonly #target = Promise.withResolvers<AnswerSink>();
  readonly #begun = Promise.withResolvers<void>();
  readonly #run: Promise<void>;
  readonly #leave: () => void;
  #sentBytes = 0;

  /** @param leave called once the run has settled. */
  constructor(lengthBytes: number, run: ContentRun, leave: () => void) {
    this.lengthBytes = lengthBytes;
    this.#leave = leave;
    this.#run = awaitedLater(this.#follow(run));
  }

  /** Rejects as the run does; resolves when all was taken. */
  get done(): Promise<void> {
    return this.#run;
  }

  /** Resolves when the first of it was verified, or all of it; never if that fails, of which `done` tells. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  async send(sink: AnswerSink, signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#stop.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#target.resolve(sink);
    try {
      await this.#run;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort(new SealpartError('aborted', 'The answer was not wanted any more.'));
    await Promise.allSettled([this.#run]);
  }

  async #follow(run: ContentRun): Promise<void> {
    try {
      await run(this.#sink(), this.#stop.signal);
      assert(this.#sentBytes === this.lengthBytes, 'all the content that was announced, and no more');
      this.#begun.resolve();
    } finally {
      this.#leave();
    }
  }

  #sink(): Sink {
    return {
      name: 'the answer',
      irreversible: true,
      writeTentative: async (bytes, signal) => {
        assert(this.#sentBytes + bytes.length <= this.lengthBytes, 'no more content than was announced');
        this.#begun.resolve();
        const target = await untilAborted(this.#target.promise, signal);
        await target.write(bytes, signal);
        this.#sentBytes += bytes.length;
      },
      // What was sent stays sent: that it is not all is told by how the connection ends.
      commitSegment: async () => undefined,
      rollbackSegment: async () => undefined,
      finish: async () => undefined,
      abort: async () => undefined,
    };
  }
}

/** Content that is at hand, all of it or a part, and held until that was sent. */
export class HeldContent implements StreamedBody {
  readonly lengthBytes: number;
  readonly #bytes: Uint8Array;
  readonly #content: Uint8Array;
  readonly #held: HeldMemory;

  /** @param content what the bytes are of: its memory is given back with theirs. */
  constructor(bytes: Uint8Array, content: Uint8Array, held: HeldMemory) {
    this.lengthBytes = bytes.length;
    this.#bytes = bytes;
    this.#content = content;
    this.#held = held;
  }

  async send(sink: AnswerSink, signal: AbortSignal): Promise<void> {
    try {
      await sink.write(this.#bytes, signal);
    } finally {
      this.#letGo();
    }
  }

  async close(): Promise<void> {
    this.#letGo();
  }

  #letGo(): void {
    freeBytes(this.#content);
    this.#held.release();
  }
}
