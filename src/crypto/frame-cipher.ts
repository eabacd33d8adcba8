import type { KeyObject } from 'node:crypto';
import { concatBytes } from '../format/bytes.ts';
import {
  authenticatedFrameHeaderLength,
  type FrameType,
  frameHeaderLength,
  frameOverhead,
  tagLength,
  writeFrameHeader,
} from '../format/frame-header.ts';
import { writeU32 } from '../format/little-endian.ts';
import { authenticatedSegmentHeaderLength } from '../format/segment-header.ts';
import type { Suite } from '../format/stream-parameters.ts';
import { nodeAead } from './aead.ts';

/** What all frames of one segment have in common (docs/format.md §4). */
export interface SegmentCipherParameters {
  readonly suite: Suite;
  readonly key: KeyObject;
  readonly segmentIndex: number;
  /** core_hash || segment header bytes 0..39: the part of the additional data that no frame changes. */
  readonly aadPrefix: Uint8Array;
}

export function aadPrefixOf(coreHash: Uint8Array, authenticatedHeader: Uint8Array): Uint8Array {
  return concatBytes(coreHash, authenticatedHeader);
}

const aadPrefixLength = 32 + authenticatedSegmentHeaderLength;

/**
 * Encrypts and decrypts the frames of one segment, one at a time. The nonce is the frame's index, so that a key must
 * never serve two segments: segment keys depend on a salt that is fresh each time a segment is encrypted (§9).
 */
export class FrameCipher {
  readonly #p: SegmentCipherParameters;
  readonly #nonce = new Uint8Array(12);
  readonly #aad = new Uint8Array(aadPrefixLength + authenticatedFrameHeaderLength);
  readonly #header = new Uint8Array(frameHeaderLength);

  constructor(parameters: SegmentCipherParameters) {
    this.#p = parameters;
    this.#aad.set(parameters.aadPrefix, 0);
  }

  /** Writes the whole frame, header first, into `target`: plaintext.length + 36 bytes. */
  encrypt(type: FrameType, frameIndex: number, plaintext: Uint8Array, target: Uint8Array): void {
    this.#prepare(type, frameIndex, plaintext.length);
    target.set(this.#header, 0);
    const message = target.subarray(frameHeaderLength, plaintext.length + frameOverhead);
    nodeAead.encrypt(this.#p.suite, this.#p.key, this.#nonce, this.#aad, plaintext, message);
  }

  /**
   * @param frame the whole frame, exactly: its header is compared with the only one that may stand there.
   * @returns the plaintext, or which check of §6 failed
   */
  decrypt(type: FrameType, frameIndex: number, frame: Uint8Array): Uint8Array | 'bad-frame' | 'frame-auth' {
    this.#prepare(type, frameIndex, frame.length - frameOverhead);
    // §4.5, §6.9: the whole header is compared before anything is decrypted.
    for (let i = 0; i < frameHeaderLength; i++) if (frame[i] !== this.#header[i]) return 'bad-frame';
    // §4.6.
    const message = frame.subarray(frameHeaderLength);
    return nodeAead.decrypt(this.#p.suite, this.#p.key, this.#nonce, this.#aad, message) ?? 'frame-auth';
  }

  #prepare(type: FrameType, frameIndex: number, plaintextLength: number): void {
    writeU32(this.#nonce, 8, frameIndex);
    writeFrameHeader(this.#header, 0, type, this.#p.segmentIndex, frameIndex, plaintextLength);
    for (let i = 0; i < authenticatedFrameHeaderLength; i++) this.#aad[aadPrefixLength + i] = this.#header[i]!;
  }
}

/** Tag bytes of a frame that stands whole in `frame`. */
export function tagOf(frame: Uint8Array): Uint8Array {
  return frame.subarray(frame.length - tagLength);
}
