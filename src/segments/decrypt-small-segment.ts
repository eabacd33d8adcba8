import { throwIfAborted } from '../errors.ts';
import type { SegmentHeader } from '../format/segment-header.ts';
import { createFramePool } from '../workers/frame-pool.ts';
import { type BatchPlace, batchesOf } from './batches.ts';
import { SegmentDecryption, segmentTailLength, type VerifiedSegment } from './segment-decryption.ts';
import type { StreamCrypto } from './stream-crypto.ts';

export interface DecryptedSegment extends VerifiedSegment {
  readonly content: Uint8Array;
}

/** Frames that are at hand at one time: a large index is not to stand in memory twice. */
const mostFrameBytes = 2 ** 20;

/**
 * Decrypts an uncompressed segment on the calling thread, a few frames at a time: an index, not bulk data.
 *
 * @param readFrames fills a target from so many bytes behind the segment header on; called in order, for every byte once.
 * @returns content in memory of its own, which the caller may keep
 * @throws SealpartError `crc-mismatch`, `bad-frame`, `frame-auth`, `digest-mismatch`, `aborted`; what readFrames throws
 */
export async function decryptSmallSegment(
  stream: StreamCrypto,
  header: SegmentHeader,
  readFrames: (offset: number, target: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<DecryptedSegment> {
  const { payloadLength, wireLength } = header;
  const places = placesOf(header, stream);
  const wireBytes = places[0]!.wire.length;
  const pool = createFramePool({ workers: 0, plainBytes: payloadLength, wireBytes });
  const plain = await pool.plain.lease(payloadLength, signal);
  const wire = await pool.wire.lease(wireBytes, signal);
  const decryption = new SegmentDecryption(pool, stream, header);
  for (const place of places) {
    throwIfAborted(signal);
    const frames = wire.bytes.subarray(0, place.wire.length);
    await readFrames(place.wire.offset, frames);
    const from = { offset: wire.offset, length: place.wire.length };
    const to = { offset: plain.offset + place.plain.offset, length: place.plain.length };
    decryption.absorb(place, await decryption.decrypt(place, from, to), frames);
  }
  const tail = new Uint8Array(segmentTailLength);
  await readFrames(wireLength - segmentTailLength, tail);
  return { ...decryption.finish(tail), content: plain.bytes };
}

/** Memory that decryptSmallSegment takes for a segment, in bytes. */
export function smallSegmentMemoryBytes(header: SegmentHeader, stream: StreamCrypto): number {
  return header.payloadLength + placesOf(header, stream)[0]!.wire.length;
}

function placesOf({ payloadLength }: SegmentHeader, { parameters }: StreamCrypto): BatchPlace[] {
  return [...batchesOf(payloadLength, 2 ** parameters.frameSizeLog2, undefined, undefined, mostFrameBytes)];
}
