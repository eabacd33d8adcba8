import { Worker } from 'node:worker_threads';
import { assert } from '../../assert.ts';
import { SealpartError } from '../../errors.ts';
import type { ChecksumAlgorithm } from '../../s3-protocol/checksums/algorithm.ts';
import type { Digests } from '../../s3-protocol/checksums/content-check.ts';
import type { SharedStretch } from './content-hashing.ts';
import type { HashingReport, HashingTask } from './messages.ts';

interface Update {
  readonly bytes: number;
  readonly done: PromiseWithResolvers<void>;
}

/** A thread that hashes, as those who use it see it. */
export class HashingThread {
  readonly #worker: Worker;
  readonly #buffers = new Map<SharedArrayBuffer, number>();
  /** Updates that were asked for and not reported, in order. */
  readonly #updates: Update[] = [];
  readonly #digests = new Map<number, PromiseWithResolvers<Digests>>();
  readonly #open = new Set<number>();
  readonly #exited = Promise.withResolvers<void>();
  #pendingBytes = 0;
  #contents = 0;
  #cause: unknown;
  #failure: SealpartError | undefined;

  constructor(url: URL, onEnd: (thread: HashingThread) => void) {
    this.#worker = new Worker(url, {
      // As those of the frame pool, and for the same reasons.
      execArgv: ['--no-experimental-require-module'],
      resourceLimits: { maxYoungGenerationSizeMb: 1 },
    });
    this.#worker.unref();
    this.#worker.on('message', (report: HashingReport) => this.#take(report));
    this.#worker.on('error', (error) => {
      this.#cause = error;
    });
    // Not before its end: until then it may still read memory that it was lent.
    this.#worker.once('exit', (code) => {
      onEnd(this);
      this.#end(code);
    });
  }

  /** Bytes that wait to be hashed, and contents that may bring more. */
  get load(): { readonly bytes: number; readonly contents: number } {
    return { bytes: this.#pendingBytes, contents: this.#open.size };
  }

  /** Begins a content. Its number is the caller's to name it by. */
  open(algorithms: readonly ChecksumAlgorithm[]): number {
    const content = this.#contents++;
    if (this.#open.size === 0) this.#worker.ref();
    this.#open.add(content);
    this.#post({ kind: 'open', content, algorithms });
    return content;
  }

  /** @throws SealpartError `worker`; when it has settled, the thread does not read that memory any more */
  update(content: number, { buffer, offset, length }: SharedStretch): Promise<void> {
    assert(this.#open.has(content), 'a content is open until its digest');
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#post({ kind: 'update', content, buffer: this.#numberOf(buffer), offset, length });
    const done = Promise.withResolvers<void>();
    this.#updates.push({ bytes: length, done });
    this.#pendingBytes += length;
    return done.promise;
  }

  /** @throws SealpartError `worker` */
  digest(content: number): Promise<Digests> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#post({ kind: 'digest', content });
    const digests = Promise.withResolvers<Digests>();
    this.#digests.set(content, digests);
    return digests.promise;
  }

  /** Forgets a content. */
  close(content: number): void {
    if (!this.#open.delete(content)) return;
    if (this.#open.size === 0) this.#worker.unref();
    if (this.#failure === undefined) this.#post({ kind: 'close', content });
  }

  /** Ends the thread, whatever it is at. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.#exited.promise;
  }

  #numberOf(memory: SharedArrayBuffer): number {
    const known = this.#buffers.get(memory);
    if (known !== undefined) return known;
    const buffer = this.#buffers.size;
    this.#buffers.set(memory, buffer);
    this.#post({ kind: 'buffer', buffer, memory });
    return buffer;
  }

  #post(task: HashingTask): void {
    this.#worker.postMessage(task);
  }

  #take(report: HashingReport): void {
    if (report.kind === 'digests') {
      this.#digests.get(report.content)?.resolve(new Map(report.digests));
      this.#digests.delete(report.content);
      return;
    }
    for (const { bytes, done } of this.#updates.splice(0, report.count)) {
      this.#pendingBytes -= bytes;
      done.resolve();
    }
  }

  #end(code: number): void {
    const reason = this.#cause instanceof Error ? this.#cause.message : `it ended with ${code}`;
    const failure = new SealpartError('worker', `A thread that hashes content failed: ${reason}.`, {
      cause: this.#cause,
    });
    this.#failure = failure;
    for (const { done } of this.#updates.splice(0)) done.reject(failure);
    for (const digests of this.#digests.values()) digests.reject(failure);
    this.#digests.clear();
    this.#exited.resolve();
  }
}
