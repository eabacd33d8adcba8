import type { PartRecord, RecordedSegment } from '../../crypto/manifest-records.ts';
import { streamDigestOf } from '../../crypto/segment-digest.ts';
import { joinBytes } from '../../format/bytes.ts';
import { contentOffset, payloadOf } from '../../format/schedule.ts';
import { type SegmentFacts, segmentFlags } from '../../format/segment-header.ts';
import { compressContent } from '../../segments/compress-segment.ts';
import type { PlainPayload } from '../../segments/encrypt-segment.ts';
import { type FinalEvidence, matchesRecorded } from '../../segments/matches-recorded.ts';
import type { StreamCrypto } from '../../segments/stream-crypto.ts';
import type { SeekableSource } from '../../sources/source.ts';
import type { FramePool } from '../../workers/frame-pool.ts';
import { positionedSource } from '../positioned-source.ts';
import { SegmentReader } from '../segment-reader.ts';
import { SourceDiffers } from './source-differs.ts';
import { crc32Text } from './upload-parts.ts';

interface Verification {
  readonly pool: FramePool;
  readonly stream: StreamCrypto;
  readonly source: SeekableSource;
}

/**
 * Reads again what the given parts were made of, and compares (docs/format.md §9.6).
 *
 * @param all every part that stands; needed where the FINAL one is among `parts`
 * @throws SealpartError `source-changed`
 */
export async function verifyParts(
  at: Verification,
  parts: readonly PartRecord[],
  all: readonly PartRecord[],
  signal: AbortSignal,
): Promise<void> {
  for (const part of parts) {
    if (await isUnchanged(at, part, all, signal)) continue;
    const index = part.partNumber - 1;
    throw new SourceDiffers(
      `${at.source.name} is not what it was when segment ${index} of it was sent: an upload of both would mix them. ` +
        'Put it again with --no-resume to begin anew.',
      index,
    );
  }
}

/** The digest of the stream that these parts make, FINAL included. */
export function recordedStreamDigest(stream: StreamCrypto, parts: readonly PartRecord[]): Uint8Array {
  const digests = parts.map(({ segments }) => segments[0]!.digest);
  return streamDigestOf(stream.coreHash, digests.length, joinBytes(digests));
}

async function isUnchanged(
  { pool, stream, source }: Verification,
  part: PartRecord,
  all: readonly PartRecord[],
  signal: AbortSignal,
): Promise<boolean> {
  const recorded = part.segments[0]!;
  const p = stream.parameters;
  const stretch = positionedSource(source);
  stretch.skip(contentOffset(p, recorded.segmentIndex));
  // A reader of its own for each: it may read one byte ahead, and no more.
  const { lend: _lend, ...copying } = stretch;
  const size = recorded.contentLength;
  const end = contentOffset(p, recorded.segmentIndex) + size;
  const isFinal = end === source.size;
  const reader = new SegmentReader({ ...copying, size: undefined }, pool.plain, p.compression === 1);
  const read = await reader.next(size, signal);
  try {
    const payload = await payloadLike(recorded, read, { pool, stream });
    if (payload === undefined) return false;
    const facts = factsOf(recorded, stream, payload.length, isFinal);
    const final: FinalEvidence | undefined = isFinal
      ? { streamDigest: recordedStreamDigest(stream, all), hasCrc32: (crc32) => crc32Text(crc32) === part.checksum }
      : undefined;
    return await matchesRecorded(pool, stream, payload, { facts, digest: recorded.digest }, signal, final);
  } finally {
    read.release();
  }
}

/** The payload as it was, compressed if it was; undefined if it cannot become that any more. */
async function payloadLike(
  recorded: RecordedSegment,
  read: Awaited<ReturnType<SegmentReader['next']>>,
  { pool, stream }: Pick<Verification, 'pool' | 'stream'>,
): Promise<PlainPayload | undefined> {
  if (read.payload.length !== recorded.contentLength) return undefined;
  const length = payloadOf(recorded.totalLength, stream.parameters.frameSizeLog2);
  if (length === recorded.contentLength) return read.payload;
  if (read.scratch === undefined) return undefined;
  const compressed = await compressContent(pool, read.payload, read.scratch);
  return compressed !== undefined && compressed === length
    ? { offset: read.scratch.offset, length: compressed }
    : undefined;
}

function factsOf(
  { segmentIndex, contentLength, salt }: RecordedSegment,
  { parameters }: StreamCrypto,
  payloadLength: number,
  isFinal: boolean,
): SegmentFacts {
  return {
    segmentIndex,
    flags: isFinal ? segmentFlags.final : 0,
    digestAlg: parameters.digestAlg,
    compression: payloadLength < contentLength ? 1 : 0,
    contentLength,
    payloadLength,
    salt,
  };
}
