import type { ChecksumAlgorithm } from '../../s3-protocol/checksums/algorithm.ts';
import type { Digests } from '../../s3-protocol/checksums/content-check.ts';

/** Shared memory by its place. */
export interface SharedStretch {
  readonly buffer: SharedArrayBuffer;
  readonly offset: number;
  readonly length: number;
}

/** Hashes of one content, which comes in order. */
export interface HashedContent {
  /** Resolves when the memory may be used again. Calls may overlap; their order counts. */
  update(stretch: SharedStretch): Promise<void>;
  /** All content has come. Nothing may follow. @throws SealpartError `worker` */
  digest(signal: AbortSignal): Promise<Digests>;
  /** Forgets what was begun. Safe after `digest` and more than once. */
  close(): void;
}

/** Threads that hash: an MD5 costs more than the encryption, and has to be computed in order, by one thread a content. */
export interface ContentHashing {
  readonly workers: number;
  /** No algorithm costs nothing. */
  open(algorithms: ReadonlySet<ChecksumAlgorithm>): HashedContent;
  close(): Promise<void>;
}
