import { dataFramesOf, segmentHeaderLength, totalLengthOf } from '../format/segment-header.ts';
import type { StreamParameters } from '../format/stream-parameters.ts';
import { batchesOf } from '../segments/batches.ts';
import { segmentTailLength } from '../segments/segment-decryption.ts';
import { expectedSegment, type SegmentVisit } from './segment-visit.ts';
import type { ByteSpan } from './wire-input.ts';

/**
 * What a run will read, in the order in which it will: headers, batches of frames, tails.
 *
 * @param position where the first visit begins unless it says so itself.
 * @param end where the last segment ends that a visit may go to: what cannot be told beforehand is taken for all of it.
 */
export function* readSpans(
  visits: Iterable<SegmentVisit>,
  p: StreamParameters,
  position: number,
  end: number,
): Generator<ByteSpan> {
  let next = position;
  for (const visit of visits) {
    const start = visit.position ?? next;
    const expected = expectedSegment(visit, p);
    const totalLength = visit.totalLength ?? (expected && totalLengthOf(expected.contentLength, p.frameSizeLog2));
    next = totalLength === undefined ? end : start + totalLength;
    if (expected === undefined) yield { start, end: next };
    else yield* segmentSpans(visit, start, expected.contentLength, p.frameSizeLog2);
    if (totalLength === undefined) return;
  }
}

function* segmentSpans(
  { frames }: SegmentVisit,
  start: number,
  payloadLength: number,
  frameSizeLog2: number,
): Generator<ByteSpan> {
  const framesStart = start + segmentHeaderLength;
  const { first, end } = frames ?? { first: 0, end: dataFramesOf(payloadLength, frameSizeLog2) };
  let asked = framesStart;
  // What is read whole begins with its header, what is read in part leaves out the frames between.
  const headerAlone = first > 0 || first === end;
  if (headerAlone) yield { start, end: framesStart };
  for (const { firstFrame, wire } of batchesOf(payloadLength, 2 ** frameSizeLog2, first, end)) {
    const from = firstFrame === 0 ? start : framesStart + wire.offset;
    asked = framesStart + wire.offset + wire.length;
    yield { start: from, end: asked };
  }
  if (frames === undefined) yield { start: asked, end: asked + segmentTailLength };
}
