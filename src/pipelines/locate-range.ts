import { SealpartError } from '../errors.ts';
import { frameOverhead } from '../format/frame-header.ts';
import type { IndexEntries } from '../format/index-entries.ts';
import { indexedPlace, judgeSegmentHeader, scheduledPlace } from '../format/judge-segment-header.ts';
import { contentLengthOf, contentOffset, locateContent, segmentCount, wireOffset } from '../format/schedule.ts';
import { dataFramesOf, parseSegmentHeader, type SegmentHeader, segmentHeaderLength } from '../format/segment-header.ts';
import type { StreamParameters } from '../format/stream-parameters.ts';
import { SegmentDecryption } from '../segments/segment-decryption.ts';
import type { StreamCrypto } from '../segments/stream-crypto.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import { type ContentRange, isInside, type RangeRequest, resolveRange } from './content-range.ts';
import { knownSegment, type SegmentVisit } from './segment-visit.ts';
import { type ByteSpan, readUpTo, type WireInput } from './wire-input.ts';

/** Which segments and frames hold a range. */
export interface LocatedRange {
  readonly range: ContentRange;
  /** Made one by one as they are gone to: a range may have more of them than there is memory for. */
  readonly visits: () => Iterable<SegmentVisit>;
  /** Where the last segment ends that is gone to, if that is what the visits do not tell. */
  readonly wireEnd?: number;
}

export interface Located {
  readonly pool: FramePool;
  readonly stream: StreamCrypto;
  readonly input: WireInput;
  readonly size: number;
  /** The content's length, if somebody vouches for it. */
  readonly knownContentLength?: number | undefined;
}

/** The end of a range that ends with the content is fetched together with what proves the length, up to so much. */
const mostTailBytes = 2 ** 20;

/**
 * Finds a range by arithmetic (docs/format.md §2). What depends on the length waits until the last segment has
 * authenticated it (§6, readers of a part).
 *
 * @throws SealpartError `bad-range`, and the refusals of the last segment
 */
export async function locateScheduled(request: RangeRequest, at: Located, signal: AbortSignal): Promise<LocatedRange> {
  const p = at.stream.parameters;
  const contentLength = plausibleLength(at);
  if (contentLength !== (at.knownContentLength ?? contentLength)) throw implausible(at);
  // §6.20.
  if (at.knownContentLength === undefined && !isInside(request, contentLength)) {
    await at.input.requests?.prefetch(endSpans(request, contentLength, at), signal);
    await authenticateLength(contentLength, at, signal);
  }
  return locateKnown(request, p, contentLength);
}

/** The content that a stream of the input's length has: a hint. @throws SealpartError `truncated` if none has it */
export function plausibleLength(at: Pick<Located, 'stream' | 'size' | 'input'>): number {
  const contentLength = contentLengthOf(at.stream.parameters, at.size);
  // §2.4.
  if (contentLength === undefined) throw implausible(at);
  return contentLength;
}

function implausible({ input }: Pick<Located, 'input'>): SealpartError {
  return new SealpartError(
    'truncated',
    `${input.name} has a length that no whole stream of its kind has: it was cut, or added to.`,
  );
}

/** The content's length, authenticated, by as few bytes as that takes. */
export async function proveScheduledLength(at: Located, signal: AbortSignal): Promise<number> {
  const contentLength = plausibleLength(at);
  await at.input.requests?.prefetch(endSpans({ suffix: 0 }, contentLength, at), signal);
  await authenticateLength(contentLength, at, signal);
  return contentLength;
}

/**
 * Finds a range of a scheduled stream without compression, of which parameters and length are known.
 *
 * @throws SealpartError `bad-range`
 */
export function locateKnown(request: RangeRequest, p: StreamParameters, contentLength: number): LocatedRange {
  // §6.16, §6.17: places and lengths follow from the header; what is fetched is compared with them.
  const range = resolveRange(request, contentLength);
  return { range, visits: () => scheduledRange(p, range, contentLength) };
}

function* scheduledRange(p: StreamParameters, range: ContentRange, contentLength: number): Generator<SegmentVisit> {
  const last = locateContent(p, range.last).segmentIndex;
  for (let i = locateContent(p, range.first).segmentIndex; i <= last; i++) {
    const known = knownSegment(p, i, contentLength);
    const place = scheduledPlace(i, known);
    yield visitOf(p, range, known.contentLength, contentOffset(p, i), { place, position: wireOffset(p, i) });
  }
}

/** What proves the length, and what the range wants of the last segment if that is little. */
function endSpans(request: RangeRequest, contentLength: number, at: Located): ByteSpan[] {
  const p = at.stream.parameters;
  const last = segmentCount(p, contentLength) - 1;
  const start = wireOffset(p, last);
  const framesStart = start + segmentHeaderLength;
  const frameSize = 2 ** p.frameSizeLog2;
  const before = Math.floor(Math.max(0, firstOf(request, contentLength) - contentOffset(p, last)) / frameSize);
  const wanted = framesStart + before * (frameSize + frameOverhead);
  return [{ start, end: framesStart }, endSpan(request, contentLength, wanted, at.size)];
}

/** The TERMINATOR, and with it what is wanted before it if that is little and the range has it. */
export function endSpan(request: RangeRequest, contentLength: number, wanted: number, size: number): ByteSpan {
  const worthIt = firstOf(request, contentLength) < contentLength && size - wanted <= mostTailBytes;
  return { start: worthIt ? wanted : size - frameOverhead, end: size };
}

/** Only a hint: what the range is, is said when the length is authentic. */
function firstOf(request: RangeRequest, contentLength: number): number {
  return 'suffix' in request ? Math.max(0, contentLength - request.suffix) : request.first;
}

/** The last segment's header and TERMINATOR, at the place where arithmetic expects them, prove the length (§6). */
async function authenticateLength(contentLength: number, at: Located, signal: AbortSignal): Promise<void> {
  const p = at.stream.parameters;
  const last = segmentCount(p, contentLength) - 1;
  const place = scheduledPlace(last, knownSegment(p, last, contentLength));
  const header = parseSegmentHeader(await readUpTo(at.input, wireOffset(p, last), segmentHeaderLength, signal), last);
  judgeSegmentHeader(header, p, place);
  await verifyEnd(header, at, signal);
}

/** The TERMINATOR at the end of the input binds the last segment's header (§6). */
export async function verifyEnd(header: SegmentHeader, at: Located, signal: AbortSignal): Promise<void> {
  const terminator = await readUpTo(at.input, at.size - frameOverhead, frameOverhead, signal);
  if (terminator.length < frameOverhead) {
    throw new SealpartError('truncated', `${at.input.name} became shorter while it was read.`, {
      segment: header.segmentIndex,
    });
  }
  new SegmentDecryption(at.pool, at.stream, header).verifyTerminator(terminator);
}

/** Finds a range in the verified index (§7). */
export function locateIndexed(request: RangeRequest, p: StreamParameters, entries: IndexEntries): LocatedRange {
  const range = resolveRange(request, entries.contentLength);
  return { range, visits: () => indexedRange(p, range, entries) };
}

function* indexedRange(p: StreamParameters, range: ContentRange, entries: IndexEntries): Generator<SegmentVisit> {
  let content = 0;
  let position = 0;
  for (const entry of entries) {
    if (content > range.last) return;
    if (content + entry.contentLength > range.first) {
      const visit = { place: indexedPlace(entry), position, entryDigest: entry.digest };
      yield visitOf(p, range, entry.contentLength, content, visit);
    }
    content += entry.contentLength;
    position += entry.totalLength;
  }
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
