import { crc32 as crc32Of } from 'node:zlib';
import { assert } from '../assert.ts';
import { aadPrefixOf, FrameCipher } from '../crypto/frame-cipher.ts';
import type { FreshSalts } from '../crypto/fresh-salts.ts';
import { encodeDigestPayload, SegmentDigest } from '../crypto/segment-digest.ts';
import { combineCrc32, crc32Shift } from '../format/crc32.ts';
import { digestPayloadLength, frameOverhead, frameTypes } from '../format/frame-header.ts';
import {
  dataFramesOf,
  encodeAuthenticatedHeader,
  parseSegmentHeader,
  type SegmentFacts,
  segmentHeaderLength,
  totalLengthOf,
  wireLengthOf,
  writeSegmentHeader,
} from '../format/segment-header.ts';
import type { BatchResult, FrameBatch, Stretch } from '../workers/messages.ts';
import type { BatchPlace } from './batches.ts';
import type { StreamCrypto } from './stream-crypto.ts';

/** Bytes of a segment behind its DATA frames: DIGEST and TERMINATOR. */
export const segmentTailLength: number = digestPayloadLength + 2 * frameOverhead;

/** What can be said of a segment as soon as its salt is drawn. */
export interface SegmentPlan {
  readonly stream: StreamCrypto;
  /** Everything about the segment but its salt, which is drawn here and nowhere else. */
  readonly facts: Omit<SegmentFacts, 'salt'>;
  readonly salts: Pick<FreshSalts, 'next'>;
}

/** A whole segment, ready for the wire. */
export interface WireSegment {
  readonly facts: SegmentFacts;
  /** 32 bytes. */
  readonly digest: Uint8Array;
  /** Header and frames, in views to be sent one after the other. */
  readonly pieces: readonly Uint8Array[];
  /** Bytes of all pieces. */
  readonly totalLength: number;
  /** CRC-32 of those bytes. */
  readonly crc32: number;
  /** The stream digest it carries, in the FINAL segment. */
  readonly streamDigest?: Uint8Array;
}

/**
 * One attempt at encrypting a segment: draws its salt, says what is to be encrypted, takes in what came of it, and makes
 * what stands around the DATA frames. Wherever the frames lie, this is how they become a segment.
 */
export class SegmentEncryption {
  readonly facts: SegmentFacts;
  readonly #common: Pick<FrameBatch, 'suite' | 'key' | 'segmentIndex' | 'aadPrefix' | 'frameSizeBytes' | 'digestAlg'>;
  readonly #frameSizeLog2: number;
  readonly #digest: SegmentDigest;
  #frames = 0;
  #crc32 = 0;
  #ownDigest: Uint8Array | undefined;

  constructor({ stream, facts, salts }: SegmentPlan) {
    const { suite, frameSizeLog2 } = stream.parameters;
    const { segmentIndex, digestAlg, payloadLength } = facts;
    this.facts = { ...facts, salt: salts.next() };
    this.#frameSizeLog2 = frameSizeLog2;
    this.#common = {
      suite,
      digestAlg,
      segmentIndex,
      key: stream.keys.segmentKey(segmentIndex, this.facts.salt),
      aadPrefix: aadPrefixOf(stream.coreHash, encodeAuthenticatedHeader(this.facts, frameSizeLog2)),
      frameSizeBytes: 2 ** frameSizeLog2,
    };
    this.#digest = new SegmentDigest(digestAlg, segmentIndex, dataFramesOf(payloadLength, frameSizeLog2));
  }

  /** Bytes of the whole segment. */
  get totalLength(): number {
    return totalLengthOf(this.facts.payloadLength, this.#frameSizeLog2);
  }

  /** What a worker is told of consecutive frames. */
  batch(firstFrame: number, plain: Stretch, wire: Stretch): FrameBatch {
    return { ...this.#common, operation: 'encrypt', firstFrame, plain, wire };
  }

  /** Takes in the next frames, which lie in `wire` as `place` says, in order. */
  add(place: Pick<BatchPlace, 'frames' | 'wire'>, result: BatchResult, wire: Uint8Array): void {
    assert(wire.length === place.wire.length, 'the frames of a batch, and no more');
    this.#digest.add(place.frames, result.evidence, wire, this.#common.frameSizeBytes);
    this.#crc32 = combineCrc32(this.#crc32, result.crc32, crc32Shift(wire.length));
    this.#frames += place.frames;
  }

  /** 32 bytes, as soon as all DATA frames were taken in. */
  digest(): Uint8Array {
    this.#ownDigest ??= this.#digest.finish();
    return this.#ownDigest;
  }

  /**
   * Writes what stands around the DATA frames.
   *
   * @param header 64 bytes.
   * @param tail segmentTailLength bytes.
   * @returns the CRC-32 of the whole segment
   */
  finish(streamDigest: Uint8Array | undefined, header: Uint8Array, tail: Uint8Array): number {
    const { facts } = this;
    const ownDigest = this.digest();
    const frameCipher = new FrameCipher(this.#common);
    // §4.1: DIGEST and TERMINATOR follow the DATA frames.
    const payload = encodeDigestPayload(facts.digestAlg, ownDigest, streamDigest);
    frameCipher.encrypt(frameTypes.digest, this.#frames, payload, tail);
    const terminator = tail.subarray(digestPayloadLength + frameOverhead);
    frameCipher.encrypt(frameTypes.terminator, this.#frames + 1, new Uint8Array(0), terminator);
    const wireCrc = combineCrc32(this.#crc32, crc32Of(tail), crc32Shift(tail.length));
    writeSegmentHeader(header, facts, this.#frameSizeLog2, wireCrc);

    // Read back what is about to be believed for years: frames, lengths and salt as they will be met.
    const written = parseSegmentHeader(header, facts.segmentIndex);
    const wireLength = wireLengthOf(facts.payloadLength, this.#frameSizeLog2);
    assert(written.frameCount === this.#frames + 2 && written.wireLength === wireLength, 'a whole segment');
    assert(header.length === segmentHeaderLength && tail.length === segmentTailLength, 'header and tail, and no more');
    return combineCrc32(crc32Of(header), wireCrc, crc32Shift(wireLength));
  }
}
