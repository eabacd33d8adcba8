import { SealpartError } from '../errors.ts';
import { equalBytes } from './bytes.ts';
import type { IndexEntry } from './index-entries.ts';
import { maxIndexEntries } from './index-entries.ts';
import { contentCapacity, maxScheduledIndex } from './schedule.ts';
import { dataFramesOf, type SegmentHeader, segmentFlags, segmentHeaderLength, wireLengthOf } from './segment-header.ts';
import { layouts, type StreamParameters } from './stream-parameters.ts';

/** What a segment's place in its stream demands of its header. */
export type SegmentPlace =
  /** Layout 0: the schedule; and for readers who know the length already, what follows from that. */
  | { readonly kind: 'scheduled'; readonly segmentIndex: number; readonly known?: KnownSegment }
  /** Layout 1: the segment's entry in the verified index. */
  | { readonly kind: 'indexed'; readonly segmentIndex: number; readonly entry: IndexEntry }
  /** Layout 1, for a reader who cannot open the index: only what any such segment must be. */
  | { readonly kind: 'unlisted'; readonly segmentIndex: number }
  /** Layout 1: the index segment itself. */
  | { readonly kind: 'index'; readonly segmentIndex: number };

/** What the length of a stream's content says of one of its segments. */
export interface KnownSegment {
  readonly final: boolean;
  readonly contentLength: number;
}

export const indexSegmentIndex = 0xffffffff;

export function scheduledPlace(segmentIndex: number, known?: KnownSegment): SegmentPlace {
  return known === undefined ? { kind: 'scheduled', segmentIndex } : { kind: 'scheduled', segmentIndex, known };
}

export function indexedPlace(entry: IndexEntry): SegmentPlace {
  return { kind: 'indexed', segmentIndex: entry.segmentIndex, entry };
}

export function unlistedPlace(segmentIndex: number): SegmentPlace {
  return { kind: 'unlisted', segmentIndex };
}

export const indexPlace: SegmentPlace = { kind: 'index', segmentIndex: indexSegmentIndex };

/**
 * Judges a parsed segment header against its stream and its place, in the order of docs/format.md §6: segment_index,
 * compression above 1, then everything else.
 *
 * @throws SealpartError `segment-order`, `unsupported`, `bad-segment`
 */
export function judgeSegmentHeader(header: SegmentHeader, parameters: StreamParameters, place: SegmentPlace): void {
  const segment = place.segmentIndex;
  // §2.1, §7.8.
  if (header.segmentIndex !== segment) {
    throw new SealpartError(
      'segment-order',
      `Segment ${header.segmentIndex} stands where segment ${segment} belongs: parts were lost, repeated or exchanged.`,
      { segment },
    );
  }
  // §3.6, §6.7: an unknown compression is the one thing that comes before all the rest.
  if (header.compression > 1) {
    throw new SealpartError('unsupported', `This program does not know compression ${header.compression}.`, {
      segment,
    });
  }
  const fault =
    flagsFault(header, parameters, place) ?? lengthsFault(header, parameters) ?? placeFault(header, parameters, place);
  if (fault !== undefined) {
    throw new SealpartError('bad-segment', `The header of segment ${segment} is not what belongs here: ${fault}.`, {
      segment,
    });
  }
}

function flagsFault(header: SegmentHeader, parameters: StreamParameters, place: SegmentPlace): string | undefined {
  // §3.4.
  if ((header.flags & ~(segmentFlags.final | segmentFlags.index)) !== 0) return 'it has unknown flags';
  // §3.5.
  if (header.digestAlg !== parameters.digestAlg) return 'it names another digest than the stream';
  if (header.compression > parameters.compression) return 'it is compressed in a stream that is not';
  const final = (header.flags & segmentFlags.final) !== 0;
  const index = (header.flags & segmentFlags.index) !== 0;
  switch (place.kind) {
    case 'scheduled':
      if (index) return 'it is flagged INDEX in a scheduled stream';
      if (place.known !== undefined && place.known.final !== final) {
        return final ? 'it is flagged FINAL before the end' : 'it is the last one and not flagged FINAL';
      }
      return undefined;
    case 'indexed':
    case 'unlisted':
      return final || index ? 'it is flagged FINAL or INDEX before the end' : undefined;
    case 'index':
      return final && index ? undefined : 'the index is not flagged FINAL and INDEX';
  }
}

/** What must hold between the fields of any segment header (§3), computed without wrap-around. */
function lengthsFault(header: SegmentHeader, parameters: StreamParameters): string | undefined {
  const { contentLength, payloadLength } = header;
  // §3.8.
  if (header.compression === 0) {
    if (payloadLength !== contentLength) return 'payload_len is not content_len';
  } else if (payloadLength === 0 || payloadLength >= contentLength) {
    return 'a compressed payload is not smaller than its content';
  }
  // §3.7.
  if (header.dataFrames !== dataFramesOf(payloadLength, parameters.frameSizeLog2)) {
    return 'data_frames is not what payload_len takes';
  }
  if (header.frameCount !== header.dataFrames + 2) return 'frame_count is not data_frames + 2';
  if (header.wireLength !== wireLengthOf(payloadLength, parameters.frameSizeLog2)) {
    return 'wire_len is not what payload_len takes';
  }
  // §3.1.
  return header.reservedIsZero ? undefined : 'reserved bytes are not zero';
}

function placeFault(header: SegmentHeader, parameters: StreamParameters, place: SegmentPlace): string | undefined {
  switch (place.kind) {
    case 'scheduled':
      if (place.known !== undefined && place.known.contentLength !== header.contentLength) {
        return 'content_len is not what the length of the input leaves for it';
      }
      return scheduleFault(header, parameters, place.segmentIndex);
    case 'indexed':
      return entryFault(header, parameters, place.entry);
    case 'unlisted':
      return header.contentLength > 2 ** parameters.segmentSizeLog2
        ? 'content_len is over the segment size'
        : undefined;
    case 'index': {
      if (header.compression !== 0) return 'the index is compressed';
      // §7.3.
      const entries = header.contentLength / 64;
      const whole = Number.isInteger(entries) && entries >= 1 && entries <= maxIndexEntries;
      return whole ? undefined : 'its content is not 1 to 2^20 index entries';
    }
  }
}

function scheduleFault(header: SegmentHeader, parameters: StreamParameters, index: number): string | undefined {
  if (parameters.layout !== layouts.scheduled || index > maxScheduledIndex) return 'no schedule has this segment';
  const capacity = contentCapacity(parameters, index);
  // §2.2.
  if ((header.flags & segmentFlags.final) === 0) {
    return header.contentLength === capacity
      ? undefined
      : `it is not the last one and holds less or more than ${capacity}`;
  }
  // §2.3: An empty stream is one segment of no content; any other last segment holds at least a byte (§2).
  const least = index === 0 ? 0 : 1;
  const fits = header.contentLength >= least && header.contentLength <= capacity;
  return fits ? undefined : `as the last segment it must hold ${least} to ${capacity} bytes`;
}

function entryFault(header: SegmentHeader, parameters: StreamParameters, entry: IndexEntry): string | undefined {
  // §7.8.
  if (header.contentLength !== entry.contentLength) return 'content_len is not that of its index entry';
  if (header.contentLength > 2 ** parameters.segmentSizeLog2) return 'content_len is over the segment size';
  if (segmentHeaderLength + header.wireLength !== entry.totalLength) return 'wire_len is not that of its index entry';
  if (!equalBytes(header.salt, entry.salt))
    return 'segment_salt is not that of its index entry: another attempt at this part';
  return undefined;
}
