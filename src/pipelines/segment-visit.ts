import type { IndexEntry } from '../format/index-entries.ts';
import { indexedPlace, type SegmentPlace, scheduledPlace } from '../format/judge-segment-header.ts';
import { maxScheduledIndex } from '../format/schedule.ts';

/** Frames of a segment, from `first` up to, not including, `end`. */
export interface FrameSpan {
  readonly first: number;
  readonly end: number;
}

/** A segment that a reader goes to, and what it wants there. */
export interface SegmentVisit {
  readonly place: SegmentPlace;
  /** Where its header stands; absent: where the one before ended. */
  readonly position?: number;
  /** Only these DATA frames; absent: the whole segment, digest included. */
  readonly frames?: FrameSpan;
  /** Content bytes before what this visit gives. */
  readonly contentStart?: number;
  /** What its index entry says its digest is. */
  readonly entryDigest?: Uint8Array;
}

/** Every segment that a scheduled stream can have: the walk ends at the one that is flagged FINAL. */
export function* scheduledVisits(): Generator<SegmentVisit> {
  for (let index = 0; index <= maxScheduledIndex; index++) yield { place: scheduledPlace(index) };
}

export function* indexedVisits(entries: readonly IndexEntry[]): Generator<SegmentVisit> {
  for (const entry of entries) yield { place: indexedPlace(entry), entryDigest: entry.digest };
}
