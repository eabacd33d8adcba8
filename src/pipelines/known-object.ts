import type { ObjectBody, ObjectHead } from '../objects/object-store.ts';

/** What a caller knows of an object from before, so that it need not be asked for again. */
export interface KnownObject {
  /** The version that is meant: every answer is compared with it, and what else is known is known of it alone. */
  readonly head: ObjectHead;
  /**
   * Bytes of it that were kept: its stream header, segment headers, the tail of an indexed stream. They are trusted no
   * more than if the store had just given them.
   */
  readonly pieces?: readonly { readonly position: number; readonly bytes: Uint8Array }[] | undefined;
  /**
   * The content's length, if it was authenticated for this version (docs/format.md §6.20): the caller vouches for it,
   * and the end of the object is not read to prove it again.
   */
  readonly contentLength?: number | undefined;
  /** True if the reader can do without the beginning, or asks for it with all the rest: it is not read first. */
  readonly skipsBeginning?: boolean | undefined;
  /** A GET that was begun already: its bytes are not asked for again. The reader closes it. */
  readonly begun?: BegunAnswer | undefined;
  /** True for an indexed stream, of which the tail is then the first thing to be read. */
  readonly indexed?: boolean | undefined;
}

/** An answer of which the next byte is the object's byte `start`, and the last one that before `end`. */
export interface BegunAnswer {
  readonly body: ObjectBody;
  readonly start: number;
  readonly end: number;
}
