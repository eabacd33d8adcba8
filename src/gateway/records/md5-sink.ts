import { createHash } from 'node:crypto';
import { assert } from '../../assert.ts';
import { throwIfAborted } from '../../errors.ts';
import type { Sink } from '../../sinks/sink.ts';

/** Takes the MD5 of content and keeps nothing of it. What it says counts when it was finished. */
export class Md5Sink implements Sink {
  readonly name = 'an MD5';
  readonly irreversible = false;
  readonly #hash = createHash('md5');
  #isWhole = true;
  #digest: string | undefined;

  /** In hex. */
  get digest(): string {
    assert(this.#digest !== undefined, 'an MD5 is that of content which was verified to its end');
    return this.#digest;
  }

  async writeTentative(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    this.#hash.update(bytes);
  }

  async commitSegment(signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
  }

  async rollbackSegment(): Promise<void> {
    // A hash takes nothing back.
    this.#isWhole = false;
  }

  async finish(signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    assert(this.#isWhole, 'nothing of what is finished was taken back');
    this.#digest = this.#hash.digest('hex');
  }

  async abort(): Promise<void> {
    this.#isWhole = false;
  }
}
