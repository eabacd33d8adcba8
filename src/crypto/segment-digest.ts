import { createHash, type Hash } from 'node:crypto';
import { assert } from '../assert.ts';
import { concatBytes, equalBytes, isZero, textBytes } from '../format/bytes.ts';
import { digestPayloadLength, frameHeaderLength, frameOverhead, tagLength } from '../format/frame-header.ts';
import { u32, writeU32 } from '../format/little-endian.ts';
import { type DigestAlg, digestAlgs } from '../format/stream-parameters.ts';
import { sha256 } from './sha256.ts';

const labels = {
  segment: textBytes('sealpart/2 segment digest'),
  fragment: textBytes('sealpart/2 fragment'),
  fragments: textBytes('sealpart/2 digest'),
  tags: textBytes('sealpart/2 tags'),
  stream: textBytes('sealpart/2 stream'),
};

/** Bytes that each DATA frame contributes to its segment's digest by way of the worker that had it in hand (§5). */
export function evidenceLength(alg: DigestAlg): number {
  switch (alg) {
    case digestAlgs.sha256:
      return 0;
    case digestAlgs.sha256Fragments:
      return 32;
    case digestAlgs.sha256Tags:
      return 4 + tagLength;
  }
}

/**
 * Writes what a whole DATA frame contributes to its segment's digest: a fragment, the length and the tag, or nothing
 * for `sha256`, which has to see the ciphertexts in order.
 */
export function writeEvidence(
  alg: DigestAlg,
  segmentIndex: number,
  frameIndex: number,
  frame: Uint8Array,
  target: Uint8Array,
): void {
  const ciphertextLength = frame.length - frameHeaderLength;
  // §5.2.
  if (alg === digestAlgs.sha256Fragments) {
    const prefix = new Uint8Array(labels.fragment.length + 12);
    prefix.set(labels.fragment, 0);
    writeU32(prefix, labels.fragment.length, segmentIndex);
    writeU32(prefix, labels.fragment.length + 4, frameIndex);
    writeU32(prefix, labels.fragment.length + 8, ciphertextLength);
    target.set(createHash('sha256').update(prefix).update(frame.subarray(frameHeaderLength)).digest(), 0);
  } else if (alg === digestAlgs.sha256Tags) {
    writeU32(target, 0, ciphertextLength);
    // §5.3: the length stands before the tag.
    target.set(frame.subarray(frame.length - tagLength), 4);
  }
}

/** Assembles a segment's digest from its frames, given in order (docs/format.md §5). */
export class SegmentDigest {
  readonly #alg: DigestAlg;
  readonly #hash: Hash;
  readonly #dataFrames: number;
  #frames = 0;

  constructor(alg: DigestAlg, segmentIndex: number, dataFrames: number) {
    this.#alg = alg;
    this.#dataFrames = dataFrames;
    this.#hash = createHash('sha256');
    if (alg === digestAlgs.sha256) {
      this.#hash.update(labels.segment).update(u32(segmentIndex));
    } else {
      const label = alg === digestAlgs.sha256Fragments ? labels.fragments : labels.tags;
      this.#hash.update(label).update(u32(segmentIndex)).update(u32(dataFrames));
    }
  }

  /**
   * Adds the next `frames` DATA frames.
   *
   * @param evidence what writeEvidence gave for each of them, one after the other.
   * @param wire the frames themselves, of which all but the last hold `frameSize` bytes of plaintext; read for
   *   `sha256` only.
   */
  add(frames: number, evidence: Uint8Array, wire: Uint8Array, frameSize: number): void {
    assert(this.#frames + frames <= this.#dataFrames, 'more frames than the segment has');
    if (this.#alg === digestAlgs.sha256) this.#addCiphertexts(frames, wire, frameSize);
    else {
      assert(evidence.length === frames * evidenceLength(this.#alg), 'evidence of every frame');
      this.#hash.update(evidence);
    }
    this.#frames += frames;
  }

  #addCiphertexts(frames: number, wire: Uint8Array, frameSize: number): void {
    const stride = frameSize + frameOverhead;
    // §5.1.
    for (let i = 0; i < frames; i++) {
      const frame = wire.subarray(i * stride, Math.min((i + 1) * stride, wire.length));
      const ciphertext = frame.subarray(frameHeaderLength);
      this.#hash
        .update(u32(this.#frames + i))
        .update(u32(ciphertext.length))
        .update(ciphertext);
    }
  }

  finish(): Uint8Array {
    assert(this.#frames === this.#dataFrames, 'a digest of every frame');
    return this.#hash.digest();
  }
}

/** The plaintext of a DIGEST frame: `streamDigest` in the FINAL segment only. */
export function encodeDigestPayload(alg: DigestAlg, digest: Uint8Array, streamDigest?: Uint8Array): Uint8Array {
  const payload = new Uint8Array(digestPayloadLength);
  payload[0] = alg;
  payload.set(digest, 4);
  if (streamDigest !== undefined) payload.set(streamDigest, 36);
  return payload;
}

/**
 * Compares a DIGEST payload with what the DATA frames gave.
 *
 * @returns the 32 bytes of stream digest that it carries in a FINAL segment, zeros in others; undefined if the payload
 *   is not that of these frames
 */
export function openDigestPayload(
  payload: Uint8Array,
  alg: DigestAlg,
  digest: Uint8Array,
  final: boolean,
): Uint8Array | undefined {
  // §5.4.
  const head = concatBytes(Uint8Array.of(alg, 0, 0, 0), digest);
  const streamDigest = payload.subarray(36);
  if (!equalBytes(payload.subarray(0, 36), head) || (!final && !isZero(streamDigest))) return undefined;
  return streamDigest;
}

/**
 * The stream's name: all of its segments' digests in order, bound to the core (docs/format.md §5).
 *
 * @param digests 32 bytes a segment, one after the other.
 */
export function streamDigestOf(coreHash: Uint8Array, segments: number, digests: Uint8Array): Uint8Array {
  assert(digests.length === segments * 32, 'a digest of every segment');
  return sha256(labels.stream, coreHash, u32(segments), digests);
}
