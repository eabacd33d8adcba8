/** Shared memory that a source lends instead of copying: read by workers, changed by nobody until it is returned. */
export interface LentBytes {
  readonly buffer: SharedArrayBuffer;
  readonly offset: number;
  readonly length: number;
}

/**
 * Where bytes come from, in order, once. A source belongs to one reader, who makes one call at a time.
 *
 * A source writes into memory that the reader gives it, so that file content goes from the kernel straight into the
 * shared memory that workers read.
 */
export interface Source {
  /** What to call it in messages: a path, `standard input`. */
  readonly name: string;
  /** Bytes it will give, where that is known before they are read. A source that then gives fewer or more fails. */
  readonly size: number | undefined;
  /**
   * Fills `target` with the next bytes and resolves to how many were written: fewer than `target.length` only at the
   * end, 0 from then on.
   *
   * @throws SealpartError `io` if it cannot be read, `source-changed` if it grew or shrank against `size`,
   *   `aborted` if the signal fired.
   */
  read(target: Uint8Array, signal: AbortSignal): Promise<number>;
  /**
   * Like read, but hands out up to `length` of its own shared memory instead of copying; only at the end fewer, an
   * empty loan from then on. Sources without shared memory do not have it.
   */
  lend?(length: number): LentBytes;
  /** Lets go of what it holds. Safe to call more than once. Never throws for a source that failed. */
  close(): Promise<void>;
}

/** Bytes that can be read at any position, by several readers at once: a file, an object in a store, memory. */
export interface SeekableSource {
  readonly name: string;
  /** All of its bytes. */
  readonly size: number;
  /**
   * Tells content from what it was before: as long as the text is equal, so is the content, as far as its keeper can
   * tell without reading it. Absent if nothing can be said: then work on it cannot be taken up by another process.
   */
  readonly fingerprint?: string;
  /**
   * Fills `target` from `position` on and resolves to how many bytes were written: fewer than `target.length` only
   * where the source ends.
   *
   * @throws SealpartError `io` or `store` if it cannot be read, `source-changed` or `precondition` if it is not what it
   *   was when it was opened, `aborted` if the signal fired.
   */
  readAt(position: number, target: Uint8Array, signal: AbortSignal): Promise<number>;
  /** Like readAt, but hands out its own shared memory instead of copying. Sources without shared memory do not have it. */
  lendAt?(position: number, length: number): LentBytes;
  close(): Promise<void>;
}
