import { assert } from '../assert.ts';
import { frameOverhead } from './frame-header.ts';
import { dataFramesOf, totalLengthOf } from './segment-header.ts';
import { layouts, type StreamParameters } from './stream-parameters.ts';

// docs/format.md §2: in layout 0 everything follows from F, S, M, G and header_len. Sums run over the at most 17
// segment sizes a stream can have, never over segments.

/** 0xffffffff is the index segment's of layout 1. */
export const maxScheduledIndex = 0xfffffffe;

/** size(i) = 2^min(M, S + floor(i / G)). */
export function segmentSize(p: StreamParameters, index: number): number {
  const doublings = p.growEvery > 0 ? Math.floor(index / p.growEvery) : 0;
  return 2 ** Math.min(p.segmentSizeMaxLog2, p.segmentSizeLog2 + doublings);
}

/** The content that segment `index` holds unless it is the last one. */
export function contentCapacity(p: StreamParameters, index: number): number {
  return segmentSize(p, index) - (index === 0 ? p.headerLen : 0);
}

/** Bytes of content before segment `index`. */
export function contentOffset(p: StreamParameters, index: number): number {
  if (index === 0) return 0;
  return sumOverSizes(p, index, (size) => size) - p.headerLen;
}

/** Where segment `index` begins on the wire, counted from the stream's first byte. */
export function wireOffset(p: StreamParameters, index: number): number {
  if (index === 0) return p.headerLen;
  const asIfFull = sumOverSizes(p, index, (size) => totalLengthOf(size, p.frameSizeLog2));
  return asIfFull - firstSegmentShortfall(p) + p.headerLen;
}

/** How much less segment 0 takes on the wire than a full segment of its size: the header's room is not content. */
function firstSegmentShortfall(p: StreamParameters): number {
  const size = segmentSize(p, 0);
  return totalLengthOf(size, p.frameSizeLog2) - totalLengthOf(size - p.headerLen, p.frameSizeLog2);
}

function sumOverSizes(p: StreamParameters, segments: number, term: (size: number) => number): number {
  let sum = 0;
  let left = segments;
  for (let log2 = p.segmentSizeLog2; left > 0; log2++) {
    const ofThisSize = log2 === p.segmentSizeMaxLog2 ? left : Math.min(left, p.growEvery);
    sum += ofThisSize * term(2 ** log2);
    left -= ofThisSize;
  }
  return sum;
}

/** How many segments hold so much content: an empty stream is one. */
export function segmentCount(p: StreamParameters, contentLength: number): number {
  return contentLength === 0 ? 1 : locateContent(p, contentLength - 1).segmentIndex + 1;
}

/** A byte of content: its segment and its place in it. */
export interface ContentPosition {
  readonly segmentIndex: number;
  readonly offset: number;
}

export function locateContent(p: StreamParameters, offset: number): ContentPosition {
  assert(offset >= 0 && Number.isSafeInteger(offset), 'a content offset');
  // The header counts as the first bytes of segment 0, so that offsets shifted by it fall on powers of two.
  const { index, rest } = locateIn(p, offset + p.headerLen, (size) => size);
  return { segmentIndex: index, offset: index === 0 ? offset : rest };
}

function locateIn(
  p: StreamParameters,
  position: number,
  term: (size: number) => number,
): { index: number; rest: number } {
  let index = 0;
  let rest = position;
  for (let log2 = p.segmentSizeLog2; ; log2++) {
    const size = term(2 ** log2);
    const here = Math.floor(rest / size);
    if (log2 === p.segmentSizeMaxLog2 || here < p.growEvery) return { index: index + here, rest: rest - here * size };
    index += p.growEvery;
    rest -= p.growEvery * size;
  }
}

/** The whole stream's bytes for so much content. Only without compression. */
export function streamLength(p: StreamParameters, contentLength: number): number {
  const last = segmentCount(p, contentLength) - 1;
  return wireOffset(p, last) + totalLengthOf(contentLength - contentOffset(p, last), p.frameSizeLog2);
}

/**
 * The content that a stream of so many bytes holds, or undefined if no stream of these parameters has that length. A
 * hint until the last segment was verified: any store can answer any length.
 */
export function contentLengthOf(p: StreamParameters, length: number): number | undefined {
  assert(p.layout === layouts.scheduled && p.compression === 0, 'lengths map one to one without compression only');
  const firstEnd = wireOffset(p, 1);
  const position =
    length <= firstEnd
      ? { index: 0, rest: length - p.headerLen }
      : locateIn(p, length - p.headerLen + firstSegmentShortfall(p) - 1, (size) =>
          totalLengthOf(size, p.frameSizeLog2),
        );
  // A length names the byte after the last one, so the byte before it is located and counted again.
  const tail = length <= firstEnd ? position.rest : position.rest + 1;
  const payload = payloadOf(tail, p.frameSizeLog2);
  if (payload === undefined || position.index > maxScheduledIndex) return undefined;
  if (payload > contentCapacity(p, position.index) || (payload === 0 && position.index > 0)) return undefined;
  return contentOffset(p, position.index) + payload;
}

/** The payload of a segment of so many bytes in all, or undefined if there is none. */
export function payloadOf(totalLength: number, frameSizeLog2: number): number | undefined {
  const frames = totalLength - totalLengthOf(0, frameSizeLog2);
  if (frames < 0) return undefined;
  const dataFrames = Math.ceil(frames / (2 ** frameSizeLog2 + frameOverhead));
  const payload = frames - dataFrames * frameOverhead;
  return payload >= 0 && dataFramesOf(payload, frameSizeLog2) === dataFrames ? payload : undefined;
}
