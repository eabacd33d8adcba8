/**
 * Where bytes go, in order, a segment at a time. A sink belongs to one writer, who makes one call at a time and awaits
 * it; the bytes given to a call may be overwritten as soon as the call has settled.
 *
 *     ( writeTentative* ( commitSegment | rollbackSegment ) )*  then  finish | abort
 *
 * What is committed is a prefix of the result, and counts only once `finish` has resolved: before that nothing stands
 * where the result was asked for, unless the sink is irreversible.
 */
export interface Sink {
  /** What to call it in messages: a path, `standard output`. */
  readonly name: string;
  /**
   * True for a sink whose writes cannot be taken back (a pipe, a socket): it is given nothing that the release policy
   * (docs/format.md §6) holds back. rollbackSegment of such a sink only says that the segment ended there.
   */
  readonly irreversible: boolean;
  /** Appends to the segment that is open, and opens one if none is. */
  writeTentative(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** What was written since the last commit is now part of the result. */
  commitSegment(signal: AbortSignal): Promise<void>;
  /** Forgets what was written since the last commit. */
  rollbackSegment(): Promise<void>;
  /**
   * All segments are there and verified: makes the result durable and visible under its name. If it fails, `abort` is
   * all that is left to do.
   */
  finish(signal: AbortSignal): Promise<void>;
  /**
   * Leaves nothing of the result behind. Safe in any state and more than once; after `finish` it does nothing.
   *
   * @throws SealpartError `io` that names what it had to leave behind
   */
  abort(): Promise<void>;
}
