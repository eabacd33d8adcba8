import { crc32 as crc32Of } from 'node:zlib';
import { assert } from '../assert.ts';
import { aadPrefixOf, FrameCipher } from '../crypto/frame-cipher.ts';
import { openDigestPayload, SegmentDigest } from '../crypto/segment-digest.ts';
import { SealpartError } from '../errors.ts';
import { combineCrc32, crc32Shift } from '../format/crc32.ts';
import { digestPayloadLength, frameOverhead, frameTypes } from '../format/frame-header.ts';
import { type SegmentHeader, segmentFlags } from '../format/segment-header.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import type { BatchResult, FrameBatch, FrameFault, Stretch } from '../workers/messages.ts';
import type { BatchPlace } from './batches.ts';
import type { StreamCrypto } from './stream-crypto.ts';

/** Bytes of a segment behind its DATA frames: the DIGEST and TERMINATOR frames. */
export const segmentTailLength: number = digestPayloadLength + 2 * frameOverhead;

/** What a segment proved once all of its frames and its digest were verified. */
export interface VerifiedSegment {
  readonly digest: Uint8Array;
  /** 32 bytes; zeros in a segment that is not FINAL. */
  readonly streamDigest: Uint8Array;
}

/**
 * Decrypts one segment whose header was judged. Batches may be started as their wire arrives and run at once; they are
 * absorbed in order, and what is refused is decided in the order of docs/format.md §6 whatever finished first.
 */
export class SegmentDecryption {
  readonly header: SegmentHeader;
  readonly #pool: FramePool;
  readonly #stream: StreamCrypto;
  readonly #cipher: Pick<FrameBatch, 'suite' | 'key' | 'segmentIndex' | 'aadPrefix'>;
  readonly #digest: SegmentDigest;
  #crc32 = 0;
  #fault: FrameFault | undefined;

  constructor(pool: FramePool, stream: StreamCrypto, header: SegmentHeader) {
    this.header = header;
    this.#pool = pool;
    this.#stream = stream;
    this.#cipher = {
      suite: stream.parameters.suite,
      key: stream.keys.segmentKey(header.segmentIndex, header.salt),
      segmentIndex: header.segmentIndex,
      aadPrefix: aadPrefixOf(stream.coreHash, header.authenticated),
    };
    this.#digest = new SegmentDigest(header.digestAlg, header.segmentIndex, header.dataFrames);
  }

  get frameSizeBytes(): number {
    return 2 ** this.#stream.parameters.frameSizeLog2;
  }

  /**
   * Has a batch decrypted. Its memory is the caller's again when the promise has settled.
   *
   * @param lentWire where the wire stands if not in the pool's memory.
   * @param inline true to decrypt it on the calling thread.
   */
  decrypt(
    place: BatchPlace,
    wire: Stretch,
    plain: Stretch,
    lentWire?: SharedArrayBuffer,
    inline = false,
  ): Promise<BatchResult> {
    const batch: FrameBatch = {
      ...this.#cipher,
      operation: 'decrypt',
      digestAlg: this.header.digestAlg,
      frameSizeBytes: this.frameSizeBytes,
      firstFrame: place.firstFrame,
      plain,
      wire,
      ...(lentWire === undefined ? {} : { lentWire }),
    };
    // Small content is decrypted here: a thread takes longer to start than this takes in all.
    if (inline || this.header.payloadLength <= this.frameSizeBytes) {
      return Promise.resolve(this.#pool.runBatchInline(batch));
    }
    return this.#pool.runBatch(batch);
  }

  /**
   * Takes the next batch's result into account.
   *
   * @returns true if its plaintext, and all before it, is authenticated
   */
  absorb(place: BatchPlace, result: BatchResult, wire: Uint8Array): boolean {
    this.#crc32 = combineCrc32(this.#crc32, result.crc32, crc32Shift(wire.length));
    this.#fault ??= result.fault;
    if (this.#fault !== undefined) return false;
    this.#digest.add(place.frames, result.evidence, wire, this.frameSizeBytes);
    return true;
  }

  /**
   * Judges the segment once its last byte is here: CRC-32 before anything about frames, then the first bad frame, then
   * DIGEST and TERMINATOR, then the digest itself.
   *
   * @param tail the bytes of the DIGEST and TERMINATOR frames.
   * @throws SealpartError `crc-mismatch`, `bad-frame`, `frame-auth`, `digest-mismatch`
   */
  finish(tail: Uint8Array): VerifiedSegment {
    assert(tail.length === segmentTailLength, 'a whole tail');
    const { segmentIndex, dataFrames, flags, digestAlg } = this.header;
    // §3.9, §6.8: rot is told from an attack before anything about frames.
    if (combineCrc32(this.#crc32, crc32Of(tail), crc32Shift(tail.length)) !== this.header.wireCrc32) {
      throw damagedSegment(segmentIndex);
    }
    if (this.#fault !== undefined) throw frameRefusal(segmentIndex, this.#fault);
    const payload = this.#openSmallFrame(
      frameTypes.digest,
      dataFrames,
      tail.subarray(0, digestPayloadLength + frameOverhead),
    );
    this.verifyTerminator(tail.subarray(digestPayloadLength + frameOverhead));
    const digest = this.#digest.finish();
    const streamDigest = openDigestPayload(payload, digestAlg, digest, (flags & segmentFlags.final) !== 0);
    if (streamDigest === undefined) throw wrongDigest(segmentIndex);
    return { digest, streamDigest };
  }

  /** Checks the TERMINATOR frame alone, which binds the segment's header: lengths, flags and salt (§6). */
  verifyTerminator(frame: Uint8Array): void {
    this.#openSmallFrame(frameTypes.terminator, this.header.dataFrames + 1, frame);
  }

  #openSmallFrame(type: 2 | 3, index: number, frame: Uint8Array): Uint8Array {
    const opened = new FrameCipher(this.#cipher).decrypt(type, index, frame);
    if (typeof opened === 'string') throw frameRefusal(this.header.segmentIndex, { frame: index, code: opened });
    return opened;
  }
}

/** The refusal of one frame, by the code of §6. */
export function frameRefusal(segment: number, fault: FrameFault): SealpartError {
  const { frame, code } = fault;
  const what =
    code === 'bad-frame'
      ? `Frame ${frame} of segment ${segment} does not have the header that belongs there.`
      : `Frame ${frame} of segment ${segment} is not authentic: it was changed, or encrypted under another key.`;
  return new SealpartError(code, what, { segment, frame });
}

/** The refusal of a segment whose bytes are not those that were written. */
export function damagedSegment(segment: number): SealpartError {
  const text = `Segment ${segment} is damaged: its CRC-32 differs. Fetch it again, or restore it from another copy.`;
  return new SealpartError('crc-mismatch', text, { segment });
}

/** The refusal of a segment that does not have the digest in its DIGEST frame. */
export function wrongDigest(segment: number): SealpartError {
  const text = `Segment ${segment} does not have the digest that it carries: its writer was at fault, or its key was misused.`;
  return new SealpartError('digest-mismatch', text, { segment });
}
