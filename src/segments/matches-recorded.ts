import { equalSecret } from '../crypto/equal-secret.ts';
import { type SegmentFacts, totalLengthOf } from '../format/segment-header.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import { encryptSegment, type PlainPayload } from './encrypt-segment.ts';
import type { StreamCrypto } from './stream-crypto.ts';

/** What was recorded of a segment when it was encrypted, salt included. */
export interface RecordedSegmentFacts {
  readonly facts: SegmentFacts;
  /** 32 bytes. */
  readonly digest: Uint8Array;
}

/** What is known of a FINAL segment beside its digest, which does not cover the stream digest that it carries. */
export interface FinalEvidence {
  /** The stream digest that it should carry. */
  readonly streamDigest: Uint8Array;
  /** True for the CRC-32 of all its bytes, as it was recorded. */
  readonly hasCrc32: (crc32: number) => boolean;
}

/**
 * Tells whether content is still what a segment was once encrypted from: encrypts it again with the recorded salt, and
 * compares digests. Nothing but the answer leaves this function (docs/format.md §9.6): if the content
 * did change, frames under that salt beside those that were sent would betray both.
 */
export async function matchesRecorded(
  pool: FramePool,
  stream: StreamCrypto,
  payload: PlainPayload,
  recorded: RecordedSegmentFacts,
  signal: AbortSignal,
  final?: FinalEvidence,
): Promise<boolean> {
  const { salt, ...facts } = recorded.facts;
  if (payload.length !== facts.payloadLength) return false;
  const wire = await pool.wire.lease(totalLengthOf(payload.length, stream.parameters.frameSizeLog2), signal);
  try {
    // The one place where a salt is used again, as often as a worker fails: nothing of it leaves this function.
    const salts = { next: () => salt.slice() };
    const request = { pool, stream, facts, payload, wire, salts };
    const again = await encryptSegment(
      final === undefined ? request : { ...request, streamDigest: async () => final.streamDigest },
      signal,
    );
    return equalSecret(again.digest, recorded.digest) && (final === undefined || final.hasCrc32(again.crc32));
  } finally {
    wire.bytes.fill(0);
    wire.release();
  }
}
