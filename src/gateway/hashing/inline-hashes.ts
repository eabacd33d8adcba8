import type { ChecksumAlgorithm } from '../../s3-protocol/checksums/algorithm.ts';
import type { Digests } from '../../s3-protocol/checksums/content-check.ts';
import { type ContentHash, openContentHash } from '../../s3-protocol/checksums/content-hash.ts';

/** Hashes of content that is so little that a message to a thread would cost more than hashing it here. */
export class InlineHashes {
  readonly #algorithms: readonly ChecksumAlgorithm[];
  #hashes: readonly ContentHash[] | undefined;

  constructor(algorithms: Iterable<ChecksumAlgorithm>) {
    this.#algorithms = [...algorithms];
  }

  async update(bytes: Uint8Array): Promise<void> {
    for (const hash of await this.#open()) hash.update(bytes);
  }

  /** Nothing may follow. */
  async digest(): Promise<Digests> {
    const hashes = await this.#open();
    return new Map(this.#algorithms.map((algorithm, i) => [algorithm, hashes[i]!.digest()]));
  }

  async #open(): Promise<readonly ContentHash[]> {
    this.#hashes ??= await Promise.all(this.#algorithms.map(openContentHash));
    return this.#hashes;
  }
}
