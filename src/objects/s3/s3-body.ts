import { assert } from '../../assert.ts';
import { SealpartError } from '../../errors.ts';
import type { ObjectBody, ObjectHead } from '../object-store.ts';
import type { ChunkReader } from './chunk-reader.ts';
import { oneLine, readFailure } from './failure.ts';

/** What a body needs of the store it comes from. */
export interface S3BodyGround {
  readonly storeName: string;
  /** The object as messages name it. */
  readonly label: string;
  /** Asks again for the bytes `first` to `last`, both counted, of the object that this is, and of no other. */
  resume(first: number, last: number, signal: AbortSignal): Promise<ChunkReader>;
  /** How often it may be asked in a row without much coming of it. */
  readonly maxResumes: number;
  /** Called once, when the body is closed. */
  onClose(): void;
}

/** After so many bytes a connection that breaks is not one that does not work. */
const progressBytes = 1024 * 1024;

/** The bytes of an answer. If it breaks off, the rest is asked for; what is read is never short. */
export class S3Body implements ObjectBody {
  readonly head: ObjectHead;
  readonly #ground: S3BodyGround;
  readonly #last: number;
  #reader: ChunkReader;
  #position: number;
  #resumes = 0;
  #sinceResumeBytes = 0;
  #state: 'open' | 'failed' | 'closed' = 'open';

  constructor(
    ground: S3BodyGround,
    head: ObjectHead,
    range: { readonly first: number; readonly last: number },
    reader: ChunkReader,
  ) {
    this.#ground = ground;
    this.head = head;
    this.#position = range.first;
    this.#last = range.last;
    this.#reader = reader;
  }

  async read(target: Uint8Array, signal: AbortSignal): Promise<number> {
    assert(this.#state !== 'closed', 'a body must not be read after it was closed');
    if (this.#state === 'failed') throw this.#error('an earlier read of it had failed');
    try {
      let filled = 0;
      while (filled < target.length && this.#position <= this.#last) {
        filled += await this.#readSome(target.subarray(filled), signal);
      }
      return filled;
    } catch (error) {
      // What was read so far is lost with the call, so the next one would go on in the wrong place.
      if (this.#state === 'open') this.#state = 'failed';
      this.#reader.destroy();
      throw error;
    }
  }

  async #readSome(target: Uint8Array, signal: AbortSignal): Promise<number> {
    const wanted = target.subarray(0, Math.min(target.length, this.#last - this.#position + 1));
    try {
      const count = await this.#reader.read(wanted, signal);
      this.#position += count;
      this.#sinceResumeBytes += count;
      // The connection is free for the next request when the end of the answer has been seen.
      if (this.#position > this.#last) this.#reader.drain();
      if (count > 0) return count;
      return await this.#resume('the answer ended early', undefined, signal);
    } catch (error) {
      if (error instanceof SealpartError) throw error;
      const failure = readFailure(error);
      if (failure === undefined) throw error;
      return await this.#resume(failure.message || failure.code, error, signal);
    }
  }

  /** Gives 0, the bytes that came of it. */
  async #resume(reason: string, cause: unknown, signal: AbortSignal): Promise<0> {
    if (this.#sinceResumeBytes >= progressBytes) this.#resumes = 0;
    this.#sinceResumeBytes = 0;
    this.#resumes += 1;
    if (this.#resumes > this.#ground.maxResumes) throw this.#error(`${oneLine(reason)}, again and again`, cause);
    this.#reader.destroy();
    this.#checkOpen();
    this.#reader = await this.#ground.resume(this.#position, this.#last, signal);
    this.#checkOpen();
    return 0;
  }

  #checkOpen(): void {
    if (this.#state !== 'closed') return;
    this.#reader.destroy();
    throw new SealpartError('aborted', `${this.#ground.label} was closed while it was read.`);
  }

  #error(reason: string, cause?: unknown): SealpartError {
    const { storeName, label } = this.#ground;
    const evidence = cause === undefined ? {} : { cause };
    return new SealpartError('store', `${storeName} could not give all of ${label}: ${reason}.`, evidence);
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    if (this.#position <= this.#last) this.#reader.destroy();
    else this.#reader.drain();
    this.#ground.onClose();
  }
}
