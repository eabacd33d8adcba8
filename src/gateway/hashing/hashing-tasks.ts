import { assert } from '../../assert.ts';
import type { ChecksumAlgorithm } from '../../s3-protocol/checksums/algorithm.ts';
import { type ContentHash, openContentHash } from '../../s3-protocol/checksums/content-hash.ts';
import type { HashingReport, HashingTask } from './messages.ts';

/** Updates are reported one by one from so many bytes on: their memory is waited for. Smaller ones are reported together. */
const reportBytes = 256 * 1024;

type Hashes = readonly (readonly [ChecksumAlgorithm, ContentHash])[];

/** What a thread that hashes does with its tasks: one after the other, in the order in which they come. */
export class HashingTasks {
  readonly #report: (report: HashingReport) => void;
  readonly #waiting: HashingTask[] = [];
  readonly #buffers = new Map<number, SharedArrayBuffer>();
  readonly #contents = new Map<number, Hashes>();
  #isRunning = false;
  #updated = 0;
  #updatedBytes = 0;

  constructor(report: (report: HashingReport) => void) {
    this.#report = report;
  }

  /** Takes tasks, and does them before it returns, unless one has to wait for an algorithm that is compiled first. */
  async take(tasks: Iterable<HashingTask>): Promise<void> {
    this.#waiting.push(...tasks);
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let task = this.#waiting.shift(); task !== undefined; task = this.#waiting.shift()) {
      if (task.kind === 'open') await this.#open(task.content, task.algorithms);
      else this.#do(task);
    }
    this.#isRunning = false;
    this.#reportUpdates();
  }

  async #open(content: number, algorithms: readonly ChecksumAlgorithm[]): Promise<void> {
    const hashes = await Promise.all(algorithms.map(openContentHash));
    this.#contents.set(
      content,
      algorithms.map((algorithm, i) => [algorithm, hashes[i]!]),
    );
  }

  #do(task: Exclude<HashingTask, { kind: 'open' }>): void {
    if (task.kind === 'buffer') this.#buffers.set(task.buffer, task.memory);
    else if (task.kind === 'update') this.#update(task);
    else if (task.kind === 'close') this.#contents.delete(task.content);
    else this.#digest(task.content);
  }

  #update({ content, buffer, offset, length }: Extract<HashingTask, { kind: 'update' }>): void {
    const memory = this.#buffers.get(buffer);
    assert(memory !== undefined, 'memory is given before it is named');
    const bytes = Buffer.from(memory, offset, length);
    // Of a content that was closed meanwhile, nothing is hashed any more.
    for (const [, hash] of this.#contents.get(content) ?? []) hash.update(bytes);
    this.#updated++;
    this.#updatedBytes += length;
    if (this.#updatedBytes >= reportBytes) this.#reportUpdates();
  }

  #digest(content: number): void {
    const hashes = this.#contents.get(content) ?? [];
    this.#contents.delete(content);
    const digests = hashes.map(([algorithm, hash]) => [algorithm, new Uint8Array(hash.digest())] as const);
    this.#reportUpdates();
    this.#report({ kind: 'digests', content, digests });
  }

  #reportUpdates(): void {
    if (this.#updated > 0) this.#report({ kind: 'updated', count: this.#updated });
    this.#updated = 0;
    this.#updatedBytes = 0;
  }
}
