import { SealpartError, throwIfAborted } from '../errors.ts';
import { judgeSegmentHeader, type KnownSegment, scheduledPlace } from '../format/judge-segment-header.ts';
import { contentCapacity, contentOffset, locateContent } from '../format/schedule.ts';
import { parseSegmentHeader, type SegmentHeader, segmentFlags, segmentHeaderLength } from '../format/segment-header.ts';
import { isInside, type RangeRequest, resolveRange } from './content-range.ts';
import { endSpan, type Located, type LocatedRange, verifyEnd } from './locate-range.ts';
import type { SegmentVisit } from './segment-visit.ts';
import { Waypoints } from './waypoints.ts';
import { readUpTo } from './wire-input.ts';

/** The last segment that a walk has met. */
interface MetSegment {
  readonly index: number;
  readonly header: SegmentHeader;
  readonly position: number;
  /** Where the next one begins, if there is one. */
  readonly end: number;
  readonly contentEnd: number;
  readonly final: boolean;
}

/**
 * Finds a range in a compressed stream, whose wire positions only a walk over its segment headers gives (§6). The walk
 * goes to the end of the input; where every step of it costs a request, only as far as the range needs it to.
 *
 * @throws SealpartError `bad-range`, and the refusals of the segment headers and of the end
 */
export async function locateCompressed(request: RangeRequest, at: Located, signal: AbortSignal): Promise<LocatedRange> {
  const p = at.stream.parameters;
  const waypoints = new Waypoints();
  const frugal = at.input.requests !== undefined;
  let last = await meet(0, p.headerLen, at, signal);
  waypoints.add(0, p.headerLen);
  while (!last.final && !(frugal && isInside(request, last.contentEnd))) {
    waypoints.add(last.index + 1, last.end);
    last = await meet(last.index + 1, last.end, at, signal);
  }
  // §6.20: what depends on the length waits until the walk has ended where the input does.
  if (!(frugal && isInside(request, last.contentEnd))) await endWalk(request, last, at, signal);
  const range = resolveRange(request, last.contentEnd);
  const firstIndex = locateContent(p, range.first).segmentIndex;
  const lastIndex = locateContent(p, range.last).segmentIndex;
  const position = await positionOf(firstIndex, waypoints, at, signal);
  const wireEnd = lastIndex === last.index ? last.end : await positionOf(lastIndex + 1, waypoints, at, signal);
  const known = (index: number): KnownSegment =>
    index === last.index
      ? { final: last.final, contentLength: last.header.contentLength }
      : { final: false, contentLength: contentCapacity(p, index) };
  const visits = function* (): Generator<SegmentVisit> {
    // A compressed payload opens as a whole only. Each segment begins where the header before it says.
    for (let index = firstIndex; index <= lastIndex; index++) {
      const visit = { place: scheduledPlace(index, known(index)), contentStart: contentOffset(p, index) };
      yield index === firstIndex ? { ...visit, position } : visit;
    }
  };
  return { range, visits, wireEnd };
}

async function meet(index: number, position: number, at: Located, signal: AbortSignal): Promise<MetSegment> {
  throwIfAborted(signal);
  const span = { start: position, end: Math.min(at.size, position + segmentHeaderLength) };
  await at.input.requests?.prefetch([span], signal);
  const header = parseSegmentHeader(await readUpTo(at.input, position, segmentHeaderLength, signal), index);
  // §6.19.
  judgeSegmentHeader(header, at.stream.parameters, scheduledPlace(index));
  const end = position + segmentHeaderLength + header.wireLength;
  if (end > at.size) {
    throw new SealpartError('truncated', `The input ends inside segment ${index}.`, { segment: index });
  }
  const contentEnd = contentOffset(at.stream.parameters, index) + header.contentLength;
  return { index, header, position, end, contentEnd, final: (header.flags & segmentFlags.final) !== 0 };
}

/** Where a segment begins that the walk has come by: some steps are taken again where they were too many to remember. */
async function positionOf(index: number, waypoints: Waypoints, at: Located, signal: AbortSignal): Promise<number> {
  let { step, position } = waypoints.before(index);
  for (; step < index; step++) position = (await meet(step, position, at, signal)).end;
  return position;
}

async function endWalk(request: RangeRequest, last: MetSegment, at: Located, signal: AbortSignal): Promise<void> {
  if (last.end < at.size) throw new SealpartError('trailing-data', 'There are bytes after the end of the stream.');
  const framesStart = last.position + segmentHeaderLength;
  await at.input.requests?.prefetch([endSpan(request, last.contentEnd, framesStart, at.size)], signal);
  await verifyEnd(last.header, at, signal);
}
