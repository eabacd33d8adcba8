import { crc32 } from 'node:zlib';
import { SealpartError } from '../errors.ts';
import { equalBytes } from '../format/bytes.ts';
import {
  digestPayloadLength,
  type FrameType,
  frameHeader,
  frameHeaderLength,
  frameOverhead,
  frameTypes,
} from '../format/frame-header.ts';
import { type SegmentHeader, segmentHeaderLength } from '../format/segment-header.ts';
import type { SeekableSource, Source } from '../sources/source.ts';
import { Telemetry } from './telemetry.ts';
import { readUnopened, walkSegments } from './walk-segments.ts';
import { type WireInput, wireInputOf } from './wire-input.ts';

export interface StructureReport {
  readonly segments: number;
  /** What the segment headers claim: nobody authenticated it. */
  readonly contentLength: number;
}

/**
 * Reads a stream whole without a key: headers, lengths, order, CRCs and frame headers. Finds rot and torn writes, and
 * says nothing of attacks (docs/format.md §3).
 *
 * @param telemetry counts segments as they are checked.
 * @throws SealpartError the refusals of §6 that need no key; what the input throws
 */
export async function verifyStructure(
  input: Source | SeekableSource,
  signal: AbortSignal = new AbortController().signal,
  telemetry: Telemetry = new Telemetry(),
): Promise<StructureReport> {
  const wire = wireInputOf(input);
  try {
    const stream = await readUnopened(wire, signal);
    // It is read from one end to the other, so that one request gives all of it.
    wire.requests?.planReads([{ start: stream.firstSegment, end: wire.size! }], Number.POSITIVE_INFINITY);
    const frameSize = 2 ** stream.header.core.parameters.frameSizeLog2;
    let segments = 0;
    let contentLength = 0;
    for await (const { header, position } of walkSegments(wire, stream, signal)) {
      telemetry.segmentStarted();
      await verifyFrames(wire, header, position + segmentHeaderLength, frameSize, signal);
      const { contentLength: contentBytes, wireLength, frameCount: frames } = header;
      telemetry.segmentDone({ contentBytes, wireBytes: segmentHeaderLength + wireLength, frames });
      segments++;
      // The index of layout 1 is no content of anybody's.
      if (header.segmentIndex !== 0xffffffff) contentLength += header.contentLength;
    }
    return { segments, contentLength };
  } finally {
    await wire.close();
  }
}

/** CRC-32 before anything about frames; then the first frame header that is not the one that belongs there. */
async function verifyFrames(
  input: WireInput,
  header: SegmentHeader,
  start: number,
  frameSize: number,
  signal: AbortSignal,
): Promise<void> {
  const segment = header.segmentIndex;
  const buffer = new Uint8Array(frameSize + frameOverhead);
  let crc = 0;
  let bad: number | undefined;
  let position = start;
  for (let frame = 0; frame < header.frameCount; frame++) {
    const { type, length } = expectedFrame(header, frame, frameSize);
    const bytes = buffer.subarray(0, length + frameOverhead);
    if ((await input.readAt(position, bytes, signal)) < bytes.length) {
      throw new SealpartError('truncated', `The input ends inside segment ${segment}.`, { segment });
    }
    crc = crc32(bytes, crc);
    const intact = equalBytes(bytes.subarray(0, frameHeaderLength), frameHeader(type, segment, frame, length));
    if (!intact) bad ??= frame;
    position += bytes.length;
  }
  // §6.24: a check without a key rests on the CRC, never on a digest.
  if (crc !== header.wireCrc32) {
    const text = `Segment ${segment} is damaged: its CRC-32 differs. Fetch it again, or restore it from another copy.`;
    throw new SealpartError('crc-mismatch', text, { segment });
  }
  if (bad !== undefined) {
    const text = `Frame ${bad} of segment ${segment} does not have the header that belongs there.`;
    throw new SealpartError('bad-frame', text, { segment, frame: bad });
  }
}

function expectedFrame(header: SegmentHeader, frame: number, frameSize: number): { type: FrameType; length: number } {
  if (frame === header.dataFrames) return { type: frameTypes.digest, length: digestPayloadLength };
  if (frame > header.dataFrames) return { type: frameTypes.terminator, length: 0 };
  return { type: frameTypes.data, length: Math.min(frameSize, header.payloadLength - frame * frameSize) };
}
