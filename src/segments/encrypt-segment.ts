import { crc32 as crc32Of } from 'node:zlib';
import { assert } from '../assert.ts';
import { aadPrefixOf, FrameCipher } from '../crypto/frame-cipher.ts';
import type { FreshSalts } from '../crypto/fresh-salts.ts';
import { encodeDigestPayload, SegmentDigest } from '../crypto/segment-digest.ts';
import { SealpartError, throwIfAborted } from '../errors.ts';
import type { ArenaLease } from '../flow/shared-arena.ts';
import { combineCrc32, crc32Shift } from '../format/crc32.ts';
import { digestPayloadLength, frameOverhead, frameTypes } from '../format/frame-header.ts';
import {
  dataFramesOf,
  encodeAuthenticatedHeader,
  parseSegmentHeader,
  type SegmentFacts,
  segmentHeaderLength,
  totalLengthOf,
  writeSegmentHeader,
} from '../format/segment-header.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import type { BatchResult, FrameBatch } from '../workers/messages.ts';
import { batchesOf } from './batches.ts';
import type { StreamCrypto } from './stream-crypto.ts';

/** A segment's payload where it stands in plain memory, or in memory that the source has lent. */
export interface PlainPayload {
  readonly offset: number;
  readonly length: number;
  readonly lent?: SharedArrayBuffer;
}

export interface EncryptSegmentRequest {
  readonly pool: FramePool;
  readonly stream: StreamCrypto;
  /** Everything about the segment but its salt, which is drawn here and nowhere else. */
  readonly facts: Omit<SegmentFacts, 'salt'>;
  readonly payload: PlainPayload;
  /** At least totalLengthOf(payload) bytes of wire memory. */
  readonly wire: ArenaLease;
  readonly salts: Pick<FreshSalts, 'next'>;
  /** For the FINAL segment: the stream digest, once the digest of every other segment is known. */
  readonly streamDigest?: (ownDigest: Uint8Array) => Promise<Uint8Array>;
}

/** A whole segment, ready for the wire. */
export interface EncryptedSegment {
  readonly facts: SegmentFacts;
  /** 32 bytes. */
  readonly digest: Uint8Array;
  /** Header and frames, in the wire memory that was given. */
  readonly bytes: Uint8Array;
  /** CRC-32 of those bytes. */
  readonly crc32: number;
  /** How often it was encrypted: more than once only if a worker failed. */
  readonly attempts: number;
  /** The stream digest it carries, in the FINAL segment. */
  readonly streamDigest?: Uint8Array;
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

async function encryptOnce(request: EncryptSegmentRequest, attempt: number): Promise<EncryptedSegment> {
  const { stream, payload } = request;
  const { frameSizeLog2 } = stream.parameters;
  const facts: SegmentFacts = { ...request.facts, salt: request.salts.next() };
  const totalLength = totalLengthOf(payload.length, frameSizeLog2);
  assert(payload.length === facts.payloadLength && totalLength <= request.wire.length, 'room for the segment');
  const bytes = request.wire.bytes.subarray(0, totalLength);
  const cipher = {
    suite: stream.parameters.suite,
    key: stream.keys.segmentKey(facts.segmentIndex, facts.salt),
    segmentIndex: facts.segmentIndex,
    aadPrefix: aadPrefixOf(stream.coreHash, encodeAuthenticatedHeader(facts, frameSizeLog2)),
  };

  const frameSizeBytes = 2 ** frameSizeLog2;
  const digest = new SegmentDigest(facts.digestAlg, facts.segmentIndex, dataFramesOf(payload.length, frameSizeLog2));
  const { crc32: dataCrc, frames } = await encryptData(request, { ...cipher, frameSizeBytes }, digest);
  const ownDigest = digest.finish();
  const streamDigest = await request.streamDigest?.(ownDigest);

  const tail = bytes.subarray(segmentHeaderLength + payload.length + frames * frameOverhead);
  const frameCipher = new FrameCipher(cipher);
  // §4.1: DIGEST and TERMINATOR follow the DATA frames.
  frameCipher.encrypt(frameTypes.digest, frames, encodeDigestPayload(facts.digestAlg, ownDigest, streamDigest), tail);
  const terminator = tail.subarray(digestPayloadLength + frameOverhead);
  frameCipher.encrypt(frameTypes.terminator, frames + 1, new Uint8Array(0), terminator);
  const wireCrc = combineCrc32(dataCrc, crc32Of(tail), crc32Shift(tail.length));
  writeSegmentHeader(bytes, facts, frameSizeLog2, wireCrc);

  // Read back what is about to be believed for years: frames, lengths and salt as they will be met.
  const written = parseSegmentHeader(bytes.subarray(0, segmentHeaderLength), facts.segmentIndex);
  assert(
    written.frameCount === frames + 2 && written.wireLength === totalLength - segmentHeaderLength,
    'a whole segment',
  );
  const headerCrc = crc32Of(bytes.subarray(0, segmentHeaderLength));
  const crc = combineCrc32(headerCrc, wireCrc, crc32Shift(totalLength - segmentHeaderLength));
  const whole = { facts, digest: ownDigest, bytes, crc32: crc, attempts: attempt };
  return streamDigest === undefined ? whole : { ...whole, streamDigest };
}

async function encryptData(
  request: EncryptSegmentRequest,
  common: Pick<FrameBatch, 'suite' | 'key' | 'segmentIndex' | 'aadPrefix' | 'frameSizeBytes'>,
  digest: SegmentDigest,
): Promise<{ crc32: number; frames: number }> {
  const { pool, payload, wire, facts } = request;
  const places = [...batchesOf(payload.length, common.frameSizeBytes)];
  const batches = places.map((place): FrameBatch => {
    const batch: FrameBatch = {
      ...common,
      operation: 'encrypt',
      digestAlg: facts.digestAlg,
      firstFrame: place.firstFrame,
      plain: { offset: payload.offset + place.plain.offset, length: place.plain.length },
      wire: { offset: wire.offset + segmentHeaderLength + place.wire.offset, length: place.wire.length },
    };
    return payload.lent === undefined ? batch : { ...batch, lent: payload.lent };
  });
  const results = await runAll(pool, batches, payload.length <= common.frameSizeBytes);
  let crc32 = 0;
  let frames = 0;
  for (const [i, place] of places.entries()) {
    const result = results[i]!;
    const frameBytes = wire.bytes.subarray(segmentHeaderLength + place.wire.offset).subarray(0, place.wire.length);
    digest.add(place.frames, result.evidence, frameBytes, common.frameSizeBytes);
    crc32 = combineCrc32(crc32, result.crc32, crc32Shift(place.wire.length));
    frames += place.frames;
  }
  return { crc32, frames };
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
