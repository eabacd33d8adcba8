import { SealpartError } from '../errors.ts';
import { frameOverhead } from '../format/frame-header.ts';
import type { IndexEntry } from '../format/index-entries.ts';
import { indexedPlace, judgeSegmentHeader, type KnownSegment, scheduledPlace } from '../format/judge-segment-header.ts';
import {
  contentCapacity,
  contentLengthOf,
  contentOffset,
  locateContent,
  segmentCount,
  wireOffset,
} from '../format/schedule.ts';
import {
  dataFramesOf,
  parseSegmentHeader,
  type SegmentHeader,
  segmentFlags,
  segmentHeaderLength,
} from '../format/segment-header.ts';
import type { StreamParameters } from '../format/stream-parameters.ts';
import { SegmentDecryption } from '../segments/segment-decryption.ts';
import type { StreamCrypto } from '../segments/stream-crypto.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import { type ContentRange, isInside, type RangeRequest, resolveRange } from './content-range.ts';
import type { SegmentVisit } from './segment-visit.ts';
import { readUpTo, type WireInput } from './wire-input.ts';

/** Which segments and frames hold a range. */
export interface LocatedRange {
  readonly range: ContentRange;
  readonly visits: readonly SegmentVisit[];
}

interface Located {
  readonly pool: FramePool;
  readonly stream: StreamCrypto;
  readonly input: WireInput;
  readonly size: number;
}

/**
 * Finds a range by arithmetic (docs/format.md §2). What depends on the length waits until the last segment has
 * authenticated it (§6, readers of a part).
 *
 * @throws SealpartError `bad-range`, and the refusals of the last segment
 */
export async function locateScheduled(request: RangeRequest, at: Located, signal: AbortSignal): Promise<LocatedRange> {
  const p = at.stream.parameters;
  const contentLength = contentLengthOf(p, at.size);
  // §2.4.
  if (contentLength === undefined) {
    throw new SealpartError(
      'truncated',
      `${at.input.name} has a length that no whole stream of its kind has: it was cut, or added to.`,
    );
  }
  // §6.20.
  if (!isInside(request, contentLength)) await authenticateLength(contentLength, at, signal);
  // §6.16, §6.17: places and lengths follow from the header; what is fetched is compared with them.
  const range = resolveRange(request, contentLength);
  const lastSegment = segmentCount(p, contentLength) - 1;
  const visits: SegmentVisit[] = [];
  for (let i = locateContent(p, range.first).segmentIndex; i <= locateContent(p, range.last).segmentIndex; i++) {
    const known = knownSegment(p, i, lastSegment, contentLength);
    const place = scheduledPlace(i, known);
    visits.push(visitOf(p, range, known.contentLength, contentOffset(p, i), { place, position: wireOffset(p, i) }));
  }
  return { range, visits };
}

function knownSegment(p: StreamParameters, index: number, lastSegment: number, contentLength: number): KnownSegment {
  const final = index === lastSegment;
  return { final, contentLength: final ? contentLength - contentOffset(p, index) : contentCapacity(p, index) };
}

/** The last segment's header and TERMINATOR, at the place where arithmetic expects them, prove the length (§6). */
async function authenticateLength(contentLength: number, at: Located, signal: AbortSignal): Promise<void> {
  const p = at.stream.parameters;
  const last = segmentCount(p, contentLength) - 1;
  const place = scheduledPlace(last, knownSegment(p, last, last, contentLength));
  const header = parseSegmentHeader(await readUpTo(at.input, wireOffset(p, last), segmentHeaderLength, signal), last);
  judgeSegmentHeader(header, p, place);
  await verifyEnd(header, at, signal);
}

async function verifyEnd(header: SegmentHeader, at: Located, signal: AbortSignal): Promise<void> {
  const terminator = await readUpTo(at.input, at.size - frameOverhead, frameOverhead, signal);
  if (terminator.length < frameOverhead) {
    throw new SealpartError('truncated', `${at.input.name} became shorter while it was read.`, {
      segment: header.segmentIndex,
    });
  }
  new SegmentDecryption(at.pool, at.stream, header).verifyTerminator(terminator);
}

/** Finds a range in a compressed stream, whose wire positions only a walk over all segment headers gives (§6). */
export async function locateCompressed(request: RangeRequest, at: Located, signal: AbortSignal): Promise<LocatedRange> {
  const p = at.stream.parameters;
  const positions: number[] = [];
  let position = p.headerLen;
  let header: SegmentHeader;
  do {
    const index = positions.length;
    header = parseSegmentHeader(await readUpTo(at.input, position, segmentHeaderLength, signal), index);
    // §6.19.
    judgeSegmentHeader(header, p, scheduledPlace(index));
    positions.push(position);
    position += segmentHeaderLength + header.wireLength;
    if (position > at.size)
      throw new SealpartError('truncated', `The input ends inside segment ${index}.`, { segment: index });
  } while ((header.flags & segmentFlags.final) === 0);
  if (position < at.size) throw new SealpartError('trailing-data', 'There are bytes after the end of the stream.');
  await verifyEnd(header, at, signal);

  const last = positions.length - 1;
  const contentLength = contentOffset(p, last) + header.contentLength;
  const range = resolveRange(request, contentLength);
  const visits: SegmentVisit[] = [];
  for (let i = locateContent(p, range.first).segmentIndex; i <= locateContent(p, range.last).segmentIndex; i++) {
    const place = scheduledPlace(i, knownSegment(p, i, last, contentLength));
    // A compressed payload opens as a whole only.
    visits.push({ place, position: positions[i]!, contentStart: contentOffset(p, i) });
  }
  return { range, visits };
}

/** Finds a range in the verified index (§7). */
export function locateIndexed(
  request: RangeRequest,
  p: StreamParameters,
  entries: readonly IndexEntry[],
): LocatedRange {
  const contentLength = entries.reduce((sum, entry) => sum + entry.contentLength, 0);
  const range = resolveRange(request, contentLength);
  const visits: SegmentVisit[] = [];
  let content = 0;
  let position = 0;
  for (const entry of entries) {
    const touched = content <= range.last && content + entry.contentLength > range.first;
    if (touched) {
      const visit = { place: indexedPlace(entry), position, entryDigest: entry.digest };
      visits.push(visitOf(p, range, entry.contentLength, content, visit));
    }
    content += entry.contentLength;
    position += entry.totalLength;
  }
  return { range, visits };
}

/** The frames of a segment that hold its share of a range; all of them with their digest if that is what it takes. */
function visitOf(
  p: StreamParameters,
  range: ContentRange,
  segmentLength: number,
  segmentStart: number,
  visit: SegmentVisit,
): SegmentVisit {
  const frameSize = 2 ** p.frameSizeLog2;
  const first = Math.floor(Math.max(0, range.first - segmentStart) / frameSize);
  const end = Math.floor(Math.min(segmentLength - 1, range.last - segmentStart) / frameSize) + 1;
  const frames = first === 0 && end === dataFramesOf(segmentLength, p.frameSizeLog2) ? undefined : { first, end };
  // §6.18: a segment that is wanted whole is read with its digest.
  const contentStart = segmentStart + (frames === undefined ? 0 : first * frameSize);
  return frames === undefined ? { ...visit, contentStart } : { ...visit, contentStart, frames };
}
