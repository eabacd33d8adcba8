import { assert } from '../assert.ts';
import type { FreshSalts } from '../crypto/fresh-salts.ts';
import { type SegmentFacts, segmentHeaderLength } from '../format/segment-header.ts';
import { runBatchOver } from '../workers/run-batch.ts';
import { batchesOf } from './batches.ts';
import type { EncryptedSegment } from './encrypt-segment.ts';
import { SegmentEncryption, segmentTailLength } from './segment-encryption.ts';
import type { StreamCrypto } from './stream-crypto.ts';

/**
 * Encrypts an uncompressed segment whose content is at hand as a whole, on the calling thread: an index or little
 * content, not bulk data.
 *
 * @returns the segment, in memory of its own
 */
export function encryptSmallSegment(
  stream: StreamCrypto,
  facts: Pick<SegmentFacts, 'segmentIndex' | 'flags'>,
  content: Uint8Array,
  salts: Pick<FreshSalts, 'next'>,
  streamDigest?: (ownDigest: Uint8Array) => Uint8Array,
): EncryptedSegment {
  const { digestAlg, frameSizeLog2 } = stream.parameters;
  const lengths = { contentLength: content.length, payloadLength: content.length };
  const encryption = new SegmentEncryption({
    stream,
    salts,
    facts: { ...facts, ...lengths, digestAlg, compression: 0 },
  });
  const { totalLength } = encryption;
  const bytes = new Uint8Array(totalLength);
  const frames = bytes.subarray(segmentHeaderLength, totalLength - segmentTailLength);
  for (const place of batchesOf(content.length, 2 ** frameSizeLog2)) {
    const plain = content.subarray(place.plain.offset, place.plain.offset + place.plain.length);
    const wire = frames.subarray(place.wire.offset, place.wire.offset + place.wire.length);
    const result = runBatchOver(encryption.batch(place.firstFrame, place.plain, place.wire), plain, wire);
    assert(result.fault === undefined, 'encrypting has no faults');
    encryption.add(place, result, wire);
  }
  const digest = encryption.digest();
  const final = streamDigest?.(digest);
  const tail = bytes.subarray(totalLength - segmentTailLength);
  const crc32 = encryption.finish(final, bytes.subarray(0, segmentHeaderLength), tail);
  const whole = { facts: encryption.facts, digest, bytes, pieces: [bytes], totalLength, crc32, attempts: 1 };
  return final === undefined ? whole : { ...whole, streamDigest: final };
}
