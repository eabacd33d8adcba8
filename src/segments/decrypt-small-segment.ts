import { type SegmentHeader, segmentHeaderLength } from '../format/segment-header.ts';
import { createFramePool } from '../workers/frame-pool.ts';
import { batchesOf } from './batches.ts';
import { SegmentDecryption, segmentTailLength, type VerifiedSegment } from './segment-decryption.ts';
import type { StreamCrypto } from './stream-crypto.ts';

export interface DecryptedSegment extends VerifiedSegment {
  readonly content: Uint8Array;
}

/**
 * Decrypts an uncompressed segment that is at hand as a whole, on the calling thread: an index, not bulk data.
 *
 * @param frames the header.wireLength bytes behind the segment header.
 * @throws SealpartError `crc-mismatch`, `bad-frame`, `frame-auth`, `digest-mismatch`
 */
export async function decryptSmallSegment(
  stream: StreamCrypto,
  header: SegmentHeader,
  frames: Uint8Array,
  signal: AbortSignal,
): Promise<DecryptedSegment> {
  const { payloadLength, wireLength } = header;
  const pool = createFramePool({ workers: 0, plainBytes: payloadLength, wireBytes: wireLength + segmentHeaderLength });
  const plain = await pool.plain.lease(payloadLength, signal);
  const wire = await pool.wire.lease(wireLength, signal);
  wire.bytes.set(frames);
  const decryption = new SegmentDecryption(pool, stream, header);
  for (const place of batchesOf(payloadLength, decryption.frameSizeBytes)) {
    const result = await decryption.decrypt(place, place.wire, place.plain);
    const batchWire = wire.bytes.subarray(place.wire.offset, place.wire.offset + place.wire.length);
    decryption.absorb(place, result, batchWire);
  }
  const verified = decryption.finish(wire.bytes.slice(wireLength - segmentTailLength));
  return { ...verified, content: plain.bytes.slice() };
}
