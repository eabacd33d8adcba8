import type { KeyObject } from 'node:crypto';

/** A frame as the bare loop knows it, in bytes: header, ciphertext, tag (docs/format.md §4). */
export const bareFrame = { headerBytes: 20, tagBytes: 16, overheadBytes: 36, aadBytes: 88 } as const;

/** What the threads of the bare loop share. */
export interface BareLoopMemory {
  readonly plain: SharedArrayBuffer;
  readonly wire: SharedArrayBuffer;
  /** One Int32: the next batch that nobody has taken. */
  readonly counter: SharedArrayBuffer;
}

/** `crc32` only reads the frames. */
export type BareOperation = 'encrypt' | 'decrypt' | 'crc32';

/** What all of them do together, until it is done. */
export interface BareLoopJob {
  readonly operation: BareOperation;
  readonly digestAlg: 2 | 3;
  readonly key: KeyObject;
  readonly frameBytes: number;
  readonly framesEach: number;
  readonly batches: number;
}
