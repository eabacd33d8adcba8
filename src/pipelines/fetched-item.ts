import type { ArenaLease } from '../flow/shared-arena.ts';
import type { BatchPlace } from '../segments/batches.ts';
import type { SegmentDecryption } from '../segments/segment-decryption.ts';
import type { BatchResult, Stretch } from '../workers/messages.ts';
import type { SegmentVisit } from './segment-visit.ts';

/** Plain memory of a segment that is released only as a whole, by places in the arena. */
export interface HeldSegment {
  /** One lease for both: two could stand so that neither of the gaps around the first has room for the second. */
  readonly lease: ArenaLease;
  readonly payload: Stretch;
  /** Where a compressed payload unfolds to. */
  readonly content: Stretch | undefined;
}

/** The frames of a batch: in wire memory, or in memory that the input lends. */
export interface BatchWire extends ArenaLease {
  readonly lent?: SharedArrayBuffer;
}

/** What the fetcher hands on, in the order of the wire. */
export type FetchedItem =
  | {
      readonly kind: 'segment';
      readonly visit: SegmentVisit;
      /** Ready when the segment's header has come and was judged; rejects with what it is refused for. */
      readonly decryption: Promise<SegmentDecryption>;
      readonly held: HeldSegment | undefined;
    }
  | {
      readonly kind: 'batch';
      readonly place: BatchPlace;
      readonly wire: BatchWire;
      /** Absent where the segment is held: its payload's memory is. */
      readonly plain: ArenaLease | undefined;
      readonly result: Promise<BatchResult>;
    }
  /** All frames that were asked for; with the segment's tail if it was visited as a whole. */
  | { readonly kind: 'segment-end'; readonly tail: Promise<Uint8Array> | undefined }
  /** The end of the stream, and whether the input goes on behind it. */
  | { readonly kind: 'end'; readonly trailing: boolean }
  /** What stopped the fetcher, at the place where it happened. */
  | { readonly kind: 'error'; readonly error: unknown };
