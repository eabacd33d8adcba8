import type { FreshSalts } from '../crypto/fresh-salts.ts';
import { type SegmentFacts, totalLengthOf } from '../format/segment-header.ts';
import { createFramePool } from '../workers/frame-pool.ts';
import { type EncryptedSegment, encryptSegment } from './encrypt-segment.ts';
import type { StreamCrypto } from './stream-crypto.ts';

/**
 * Encrypts an uncompressed segment whose content is at hand as a whole, on the calling thread: an index, not bulk data.
 *
 * @returns the segment, in memory of its own
 */
export async function encryptSmallSegment(
  stream: StreamCrypto,
  facts: Pick<SegmentFacts, 'segmentIndex' | 'flags'>,
  content: Uint8Array,
  salts: FreshSalts,
  streamDigest: ((ownDigest: Uint8Array) => Promise<Uint8Array>) | undefined,
  signal: AbortSignal,
): Promise<EncryptedSegment> {
  const { parameters } = stream;
  const wireBytes = totalLengthOf(content.length, parameters.frameSizeLog2);
  const pool = createFramePool({ workers: 0, plainBytes: Math.max(1, content.length), wireBytes });
  const plain = await pool.plain.lease(Math.max(1, content.length), signal);
  plain.bytes.set(content);
  const request = {
    pool,
    stream,
    salts,
    facts: {
      ...facts,
      digestAlg: parameters.digestAlg,
      compression: 0,
      contentLength: content.length,
      payloadLength: content.length,
    } as const,
    payload: { offset: plain.offset, length: content.length },
    wire: await pool.wire.lease(wireBytes, signal),
  };
  return encryptSegment(streamDigest === undefined ? request : { ...request, streamDigest }, signal);
}
