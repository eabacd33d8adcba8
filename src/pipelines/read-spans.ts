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
    if (expected === undefined) {
      yield { start, end };
      return;
    }
    yield* segmentSpans(visit, start, expected.contentLength, p.frameSizeLog2);
    next = start + totalLengthOf(expected.contentLength, p.frameSizeLog2);
  }
}

function* segmentSpans(
  { frames }: SegmentVisit,
  start: number,
  payloadLength: number,
  frameSizeLog2: number,
): Generator<ByteSpan> {
  const framesStart = start + segmentHeaderLength;
  const dataFrames = dataFramesOf(payloadLength, frameSizeLog2);
  const { first, end } = frames ?? { first: 0, end: dataFrames };
  // With the first frame goes the header, with the last one of a segment that is read whole what follows it.
  if (first > 0) yield { start, end: framesStart };
  const tailBytes = frames === undefined ? segmentTailLength : 0;
  if (dataFrames === 0) yield { start, end: framesStart + tailBytes };
  for (const batch of batchesOf(payloadLength, 2 ** frameSizeLog2, first, end)) {
    const from = batch.firstFrame === 0 ? start : framesStart + batch.wire.offset;
    const to = framesStart + batch.wire.offset + batch.wire.length;
    yield { start: from, end: batch.firstFrame + batch.frames === end ? to + tailBytes : to };
  }
}
