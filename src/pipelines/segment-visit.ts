import type { IndexEntries } from '../format/index-entries.ts';
import { indexedPlace, type KnownSegment, type SegmentPlace, scheduledPlace } from '../format/judge-segment-header.ts';
import {
  contentCapacity,
  contentLengthOf,
  contentOffset,
  maxScheduledIndex,
  segmentCount,
} from '../format/schedule.ts';
import type { StreamParameters } from '../format/stream-parameters.ts';

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
  /**
   * What a segment of a stream without compression holds if the length of the input is true: enough to ask for its
   * frames before its header has come, and nothing that the header is refused for.
   */
  readonly expected?: KnownSegment;
}

/**
 * Every segment that a scheduled stream can have: the walk ends at the one that is flagged FINAL.
 *
 * @param inputBytes the length of the input, where what follows from it is worth knowing.
 */
export function* scheduledVisits(p: StreamParameters, inputBytes?: number, from = 0): Generator<SegmentVisit> {
  const hinted = inputBytes === undefined || p.compression === 1 ? undefined : contentLengthOf(p, inputBytes);
  const last = hinted === undefined ? maxScheduledIndex : segmentCount(p, hinted) - 1;
  for (let index = from; index <= last; index++) {
    const place = scheduledPlace(index);
    yield hinted === undefined ? { place } : { place, expected: knownSegment(p, index, hinted) };
  }
}

/** What segment `index` of a scheduled stream of so much content holds. */
export function knownSegment(p: StreamParameters, index: number, contentLength: number): KnownSegment {
  const final = index === segmentCount(p, contentLength) - 1;
  return { final, contentLength: final ? contentLength - contentOffset(p, index) : contentCapacity(p, index) };
}

export function* indexedVisits(entries: IndexEntries): Generator<SegmentVisit> {
  for (const entry of entries) yield { place: indexedPlace(entry), entryDigest: entry.digest };
}

/** What a segment is expected to hold, whose header has not come yet; undefined if nothing can be said. */
export function expectedSegment({ place, expected }: SegmentVisit, p: StreamParameters): KnownSegment | undefined {
  if (p.compression === 1) return undefined;
  if (place.kind === 'indexed') return { final: false, contentLength: place.entry.contentLength };
  return expected ?? (place.kind === 'scheduled' ? place.known : undefined);
}
