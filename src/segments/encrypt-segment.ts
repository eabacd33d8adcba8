import { assert } from '../assert.ts';
import { SealpartError, throwIfAborted } from '../errors.ts';
import type { ArenaLease } from '../flow/shared-arena.ts';
import { segmentHeaderLength } from '../format/segment-header.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import type { BatchResult, FrameBatch } from '../workers/messages.ts';
import { batchesOf } from './batches.ts';
import { SegmentEncryption, type SegmentPlan, segmentTailLength, type WireSegment } from './segment-encryption.ts';

/** A segment's payload where it stands in plain memory, or in memory that the source has lent. */
export interface PlainPayload {
  readonly offset: number;
  readonly length: number;
  readonly lent?: SharedArrayBuffer;
}

export interface EncryptSegmentRequest extends SegmentPlan {
  readonly pool: FramePool;
  readonly payload: PlainPayload;
  /** At least totalLengthOf(payload) bytes of wire memory. */
  readonly wire: ArenaLease;
  /** For the FINAL segment: the stream digest, once the digest of every other segment is known. */
  readonly streamDigest?: (ownDigest: Uint8Array) => Promise<Uint8Array>;
}

/** A whole segment in one stretch of memory. */
export interface EncryptedSegment extends WireSegment {
  /** Header and frames, in the wire memory that was given. */
  readonly bytes: Uint8Array;
  /** How often it was encrypted: more than once only if a worker failed. */
  readonly attempts: number;
}

/** A worker that dies is an accident; one that dies three times over the same bytes is not. */
const maxAttempts = 3;

/**
 * Encrypts one segment from plain into wire memory, its frames on all workers at once. If a worker fails, the segment
 * is encrypted again from the plaintext, with a fresh salt and into zeroed memory (docs/format.md §9).
 *
 * @throws SealpartError `worker` if it fails again and again, `aborted`
 */
export async function encryptSegment(request: EncryptSegmentRequest, signal: AbortSignal): Promise<EncryptedSegment> {
  const wire = request.wire.bytes;
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal);
    try {
      return await encryptOnce(request, attempt);
    } catch (error) {
      // §9.3, §9.8: What a failed attempt left behind is never sent: neither its frames nor the bytes that it never reached.
      wire.fill(0);
      const died = error instanceof SealpartError && error.code === 'worker';
      if (!died || attempt === maxAttempts) throw error;
    }
  }
}

async function encryptOnce(request: EncryptSegmentRequest, attempts: number): Promise<EncryptedSegment> {
  const { payload, wire } = request;
  const encryption = new SegmentEncryption(request);
  const { facts, totalLength } = encryption;
  assert(payload.length === facts.payloadLength && totalLength <= wire.length, 'room for the segment');
  const bytes = wire.bytes.subarray(0, totalLength);
  await encryptData(request, encryption);
  const digest = encryption.digest();
  const streamDigest = await request.streamDigest?.(digest);
  const header = bytes.subarray(0, segmentHeaderLength);
  const tail = bytes.subarray(totalLength - segmentTailLength);
  const crc32 = encryption.finish(streamDigest, header, tail);
  const whole = { facts, digest, bytes, pieces: [bytes], totalLength, crc32, attempts };
  return streamDigest === undefined ? whole : { ...whole, streamDigest };
}

async function encryptData(request: EncryptSegmentRequest, encryption: SegmentEncryption): Promise<void> {
  const { pool, payload, wire, stream } = request;
  const frameSizeBytes = 2 ** stream.parameters.frameSizeLog2;
  const places = [...batchesOf(payload.length, frameSizeBytes)];
  const batches = places.map((place): FrameBatch => {
    const batch = encryption.batch(
      place.firstFrame,
      { offset: payload.offset + place.plain.offset, length: place.plain.length },
      { offset: wire.offset + segmentHeaderLength + place.wire.offset, length: place.wire.length },
    );
    return payload.lent === undefined ? batch : { ...batch, lent: payload.lent };
  });
  const results = await runAll(pool, batches, payload.length <= frameSizeBytes);
  for (const [i, place] of places.entries()) {
    const frames = wire.bytes.subarray(segmentHeaderLength + place.wire.offset).subarray(0, place.wire.length);
    encryption.add(place, results[i]!, frames);
  }
}

/** All of them, or the first failure, but not before the last one has ended: a worker may still be writing. */
async function runAll(pool: FramePool, batches: readonly FrameBatch[], inline: boolean): Promise<BatchResult[]> {
  if (inline) return batches.map((batch) => pool.runBatchInline(batch));
  const settled = await Promise.allSettled(batches.map((batch) => pool.runBatch(batch)));
  return settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
