import { streamDigestOf } from '../crypto/segment-digest.ts';
import { SealpartError } from '../errors.ts';
import { concatBytes, equalBytes } from '../format/bytes.ts';
import { judgeSegmentHeader, scheduledPlace } from '../format/judge-segment-header.ts';
import { parseSegmentHeader, type SegmentHeader, segmentFlags, segmentHeaderLength } from '../format/segment-header.ts';
import { openSegmentAtHand } from '../segments/open-segment-at-hand.ts';
import type { StreamCrypto } from '../segments/stream-crypto.ts';
import { mixedSegments, trailingData } from './segment-releaser.ts';

/** Content whose every byte was verified. */
export interface ContentAtHand {
  readonly content: Uint8Array;
  /** 32 bytes. */
  readonly streamDigest: Uint8Array;
}

/** Where a segment of the stream stands, and what its header says. */
interface FoundSegment {
  readonly header: SegmentHeader;
  readonly framesStart: number;
}

/**
 * Decrypts a scheduled stream without compression that is at hand as a whole, on this thread: nothing is given away
 * before all of it was verified, and a small object takes no longer than its cryptography.
 *
 * @param bytes the whole input, its header too.
 * @throws SealpartError the refusals of docs/format.md §6 from the first segment header on. Which of several comes first
 *   may be another than a reader meets who takes the bytes in order.
 */
export function decryptAtHand(stream: StreamCrypto, bytes: Uint8Array): ContentAtHand {
  const segments = findSegments(stream, bytes);
  const last = segments.length - 1;
  const contentLength = segments.reduce((sum, { header }) => sum + header.contentLength, 0);
  const content = new Uint8Array(contentLength);
  const digests: Uint8Array[] = [];
  let carried = new Uint8Array(0);
  let position = 0;
  for (const { header, framesStart } of segments) {
    const frames = bytes.subarray(framesStart, framesStart + header.wireLength);
    const target = content.subarray(position, position + header.contentLength);
    const { digest, streamDigest } = openSegmentAtHand(stream, header, frames, target);
    digests.push(digest);
    carried = new Uint8Array(streamDigest);
    position += header.contentLength;
  }
  // §5.5.
  const streamDigest = streamDigestOf(stream.coreHash, segments.length, concatBytes(...digests));
  if (!equalBytes(streamDigest, carried)) throw mixedSegments(last);
  const { framesStart, header } = segments[last]!;
  if (framesStart + header.wireLength < bytes.length) throw trailingData();
  return { content, streamDigest };
}

/** Goes from header to header, so that memory is taken only for a stream that is all there. */
function findSegments({ parameters }: StreamCrypto, bytes: Uint8Array): FoundSegment[] {
  const segments: FoundSegment[] = [];
  for (let position = parameters.headerLen; ; ) {
    const index = segments.length;
    const header = parseSegmentHeader(bytes.subarray(position, position + segmentHeaderLength), index);
    judgeSegmentHeader(header, parameters, scheduledPlace(index));
    const framesStart = position + segmentHeaderLength;
    position = framesStart + header.wireLength;
    if (position > bytes.length) {
      throw new SealpartError('truncated', `The input ends inside segment ${index}.`, { segment: index });
    }
    segments.push({ header, framesStart });
    if ((header.flags & segmentFlags.final) !== 0) return segments;
  }
}
