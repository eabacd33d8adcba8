import { SealpartError } from '../errors.ts';
import { footerLength } from '../format/footer.ts';
import { indexEntryLength, maxPartNumber, maxSegmentsPerPart, partNumberOf } from '../format/index-entries.ts';
import {
  indexPlace,
  indexSegmentIndex,
  judgeSegmentHeader,
  scheduledPlace,
  unlistedPlace,
} from '../format/judge-segment-header.ts';
import { parseSegmentHeader, type SegmentHeader, segmentFlags, segmentHeaderLength } from '../format/segment-header.ts';
import type { StreamHeader } from '../format/stream-header.ts';
import { layouts, type StreamParameters } from '../format/stream-parameters.ts';
import { readIndexedHeader, type TailPlaces } from './open-indexed-tail.ts';
import { readHeader, startsIndexed } from './open-stream.ts';
import { readUpTo, type WireInput } from './wire-input.ts';

/** A stream as it looks without a key: nothing of it is authenticated. */
export interface UnopenedStream {
  readonly header: StreamHeader;
  /** Where the first segment begins. */
  readonly firstSegment: number;
  /** Bytes behind the last segment that belong to the stream. */
  readonly trailerBytes: number;
  /** Layout 1: where the footer says that index and header stand. */
  readonly tail?: TailPlaces;
}

/** A segment header where it was met. */
export interface WalkedSegment {
  readonly header: SegmentHeader;
  readonly position: number;
}

/**
 * Reads the stream header, wherever the layout puts it.
 *
 * @throws SealpartError what §6 refuses a header for without a key; `not-seekable`
 */
export async function readUnopened(input: WireInput, signal: AbortSignal): Promise<UnopenedStream> {
  if (input.size === undefined || !(await startsIndexed(input, signal))) {
    const header = await readHeader(input, signal);
    return { header, firstSegment: header.bytes.length, trailerBytes: 0 };
  }
  const { header, places } = await readIndexedHeader(input, input.size, signal);
  return { header, firstSegment: 0, trailerBytes: header.bytes.length + footerLength, tail: places };
}

/**
 * Goes from segment header to segment header. The reader may read a segment's frames before it asks for the next one.
 *
 * @throws SealpartError `truncated`, `bad-magic`, `crc-mismatch`, `segment-order`, `unsupported`, `bad-segment`,
 *   `bad-index`, `trailing-data`
 */
export async function* walkSegments(
  input: WireInput,
  stream: UnopenedStream,
  signal: AbortSignal,
): AsyncGenerator<WalkedSegment> {
  const { parameters } = stream.header.core;
  const judge = parameters.layout === layouts.scheduled ? judgeScheduled : judgeUnlisted();
  let position = stream.firstSegment;
  for (let count = 0; ; count++) {
    const bytes = await readUpTo(input, position, segmentHeaderLength, signal);
    const header = judge(bytes, parameters, count);
    const final = (header.flags & segmentFlags.final) !== 0;
    if (final && stream.tail !== undefined) judgeIndexPlace(header, position, count, stream.tail);
    yield { header, position };
    position += segmentHeaderLength + header.wireLength;
    if (!final) continue;
    if (stream.tail === undefined) await judgeEnd(input, position, signal);
    return;
  }
}

function judgeScheduled(bytes: Uint8Array, parameters: StreamParameters, count: number): SegmentHeader {
  const header = parseSegmentHeader(bytes, count);
  judgeSegmentHeader(header, parameters, scheduledPlace(count));
  return header;
}

/** Without the index, order is what can be checked: parts ascending, k running on from 0. */
function judgeUnlisted(): typeof judgeScheduled {
  let last = 0;
  let lastIsEmpty = false;
  return (bytes, parameters) => {
    const header = parseSegmentHeader(bytes, last);
    if (header.segmentIndex === indexSegmentIndex) {
      judgeSegmentHeader(header, parameters, indexPlace);
      return header;
    }
    const segment = header.segmentIndex;
    const part = partNumberOf(segment);
    const first = segment % maxSegmentsPerPart === 0;
    const follows = segment === last + 1 || (first && part > partNumberOf(last));
    if (!follows || part < 1 || part > maxPartNumber) {
      throw new SealpartError('segment-order', `Segment ${segment} cannot stand behind segment ${last}.`, { segment });
    }
    judgeSegmentHeader(header, parameters, unlistedPlace(segment));
    const isEmpty = header.contentLength === 0;
    // §7.2: no index lists such a segment.
    if (!first && (isEmpty || lastIsEmpty)) throw badIndex(`an empty segment stands beside others of part ${part}`);
    last = segment;
    lastIsEmpty = isEmpty;
    return header;
  };
}

/** What the index's header has to agree with where its entries cannot be read (§7.7). */
function judgeIndexPlace(header: SegmentHeader, position: number, segmentsBefore: number, tail: TailPlaces): void {
  const { footer, headerPosition } = tail;
  const totalLength = segmentHeaderLength + header.wireLength;
  if (totalLength !== footer.indexTotalLength) throw badIndex('its footer and its index differ in total_len');
  if (position + totalLength !== headerPosition) {
    throw badIndex('its segments do not add up to the length of the input');
  }
  if (header.contentLength !== segmentsBefore * indexEntryLength) {
    throw badIndex('its index does not list as many segments as there are');
  }
}

function badIndex(what: string): SealpartError {
  return new SealpartError('bad-index', `The indexed stream is not well-formed: ${what}.`);
}

async function judgeEnd(input: WireInput, position: number, signal: AbortSignal): Promise<void> {
  if ((await readUpTo(input, position, 1, signal)).length > 0) {
    throw new SealpartError('trailing-data', 'There are bytes after the end of the stream: something was added to it.');
  }
}
