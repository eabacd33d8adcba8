import { type AcceptVector, parametersOf } from './vector.ts';

const headerProbe = 4096;
const tailProbe = 65_536;
const segmentHeader = 64;
const frameOverhead = 36;
const segmentTail = 140;
const indexSegment = 0xffffffff;

/**
 * The most bytes that a reader of a part may read, counted from the vector's own list of segments: what finds and
 * proves the place, and the frames that hold the range.
 *
 * @param provesLength true for ranges whose answer depends on the length
 */
export function rangeBudget(
  vector: AcceptVector,
  streamLength: number,
  range: { first: number; last: number },
  provesLength: boolean,
): number {
  const { frameSizeLog2, headerLen, layout, compression } = parametersOf(vector);
  const frameSize = 2 ** frameSizeLog2;
  const header = Math.max(headerLen, headerProbe);
  let bytes = Math.min(streamLength, header);
  if (layout === 1) {
    const index = vector.segments.at(-1)!.total_len;
    bytes += Math.min(streamLength, tailProbe) + Math.max(0, index + headerLen + 20 - tailProbe);
  }
  // The walk reads every header once, and the touched ones again.
  if (compression === 1) bytes += vector.segments.length * segmentHeader;
  if (provesLength || compression === 1) bytes += segmentHeader + frameOverhead;
  let start = 0;
  for (const { content_len, total_len, segment_index } of vector.segments) {
    const from = Math.max(range.first, start);
    const to = Math.min(range.last, start + content_len - 1);
    if (from <= to && segment_index !== indexSegment) {
      if (compression === 1) bytes += total_len;
      else {
        const firstFrame = Math.floor((from - start) / frameSize);
        const endFrame = Math.floor((to - start) / frameSize) + 1;
        const content = Math.min(content_len, endFrame * frameSize) - firstFrame * frameSize;
        const whole = firstFrame === 0 && endFrame === Math.ceil(content_len / frameSize);
        bytes += segmentHeader + content + (endFrame - firstFrame) * frameOverhead + (whole ? segmentTail : 0);
      }
    }
    start += content_len;
  }
  return bytes;
}
