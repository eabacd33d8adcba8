import { equalSecret } from '../crypto/equal-secret.ts';
import { FreshSalts } from '../crypto/fresh-salts.ts';
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

/**
 * Tells whether content is still what a segment that is not FINAL was once encrypted from: encrypts it again with the
 * recorded salt, and compares digests. Nothing but the answer leaves this function (docs/format.md §9.6): if the content
 * did change, frames under that salt beside those that were sent would betray both.
 */
export async function matchesRecorded(
  pool: FramePool,
  stream: StreamCrypto,
  payload: PlainPayload,
  recorded: RecordedSegmentFacts,
  signal: AbortSignal,
): Promise<boolean> {
  const { salt, ...facts } = recorded.facts;
  if (payload.length !== facts.payloadLength) return false;
  const wire = await pool.wire.lease(totalLengthOf(payload.length, stream.parameters.frameSizeLog2), signal);
  try {
    const salts = new FreshSalts(() => salt.slice());
    const { digest } = await encryptSegment({ pool, stream, facts, payload, wire, salts }, signal);
    return equalSecret(digest, recorded.digest);
  } finally {
    wire.bytes.fill(0);
    wire.release();
  }
}
