import { assert } from '../assert.ts';
import { frameOverhead } from '../format/frame-header.ts';
import { type SegmentFacts, segmentHeaderLength } from '../format/segment-header.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import type { BatchResult, Stretch } from '../workers/messages.ts';
import { SegmentEncryption, type SegmentPlan, segmentTailLength, type WireSegment } from './segment-encryption.ts';

/** Where frames go in wire memory. */
export interface WirePlace {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface Batch {
  readonly frames: number;
  readonly wire: Uint8Array;
  result: BatchResult | undefined;
}

/**
 * Encrypts a segment whose content comes in pieces, each into wire memory of its own, so that the plaintext of a piece
 * is needed no longer than until that piece is encrypted. So nothing can be encrypted again: if a worker fails, the
 * segment has failed, and nothing of it may be sent (docs/format.md §9.8).
 */
export class SegmentInPieces {
  readonly #pool: FramePool;
  readonly #encryption: SegmentEncryption;
  readonly #frameSizeBytes: number;
  readonly #batches: Batch[] = [];
  /** The frames whose evidence was taken in, in order. */
  readonly #views: Uint8Array[] = [];
  #plainBytes = 0;
  #frames = 0;

  /** The segment is not compressed: its content is its payload. */
  constructor(pool: FramePool, plan: SegmentPlan) {
    assert(plan.facts.compression === 0, 'content in pieces is not compressed');
    this.#pool = pool;
    this.#encryption = new SegmentEncryption(plan);
    this.#frameSizeBytes = 2 ** plan.stream.parameters.frameSizeLog2;
  }

  get facts(): SegmentFacts {
    return this.#encryption.facts;
  }

  /** Bytes of wire that so much plaintext takes, which is whole frames but for a segment's last. */
  static wireBytes(plainBytes: number, frameSizeBytes: number): number {
    return plainBytes + Math.ceil(plainBytes / frameSizeBytes) * frameOverhead;
  }

  /**
   * Encrypts the next frames. Calls may overlap; their order is that of the content.
   *
   * @param plain whole frames but for the segment's last one.
   * @param wire exactly as many bytes as the frames take.
   * @throws SealpartError `worker`; when it has settled, no thread reads or writes any of that memory any more
   */
  async encrypt(plain: Stretch, wire: WirePlace): Promise<void> {
    const frames = Math.ceil(plain.length / this.#frameSizeBytes);
    this.#plainBytes += plain.length;
    const isLast = this.#plainBytes === this.#encryption.facts.payloadLength;
    assert(plain.length > 0 && (isLast || plain.length % this.#frameSizeBytes === 0), 'whole frames');
    assert(wire.bytes.length === plain.length + frames * frameOverhead, 'room for the frames, and no more');
    const batch: Batch = { frames, wire: wire.bytes, result: undefined };
    this.#batches.push(batch);
    const firstFrame = this.#frames;
    this.#frames += frames;
    const place = { offset: wire.offset, length: wire.bytes.length };
    batch.result = await this.#pool.runBatch(this.#encryption.batch(firstFrame, plain, place));
  }

  /** The segment's own digest. All of it was encrypted: every call of `encrypt` has resolved. */
  digest(): Uint8Array {
    for (const { frames, wire, result } of this.#batches.splice(0)) {
      assert(result !== undefined, 'every frame is encrypted');
      this.#encryption.add({ frames, wire: { offset: 0, length: wire.length } }, result, wire);
      this.#views.push(wire);
    }
    assert(this.#plainBytes === this.#encryption.facts.payloadLength, 'the whole content');
    return this.#encryption.digest();
  }

  /** @param streamDigest of the FINAL segment. */
  finish(streamDigest?: Uint8Array): WireSegment {
    const digest = this.digest();
    const { facts, totalLength } = this.#encryption;
    const header = new Uint8Array(segmentHeaderLength);
    const tail = new Uint8Array(segmentTailLength);
    const crc32 = this.#encryption.finish(streamDigest, header, tail);
    const pieces = [header, ...joinNeighbours(this.#views), tail];
    const segment = { facts, digest, pieces, totalLength, crc32 };
    return streamDigest === undefined ? segment : { ...segment, streamDigest };
  }
}

/** Views of memory that stand one after the other, as one view each. */
function joinNeighbours(views: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = [];
  for (const view of views) {
    const last = joined.at(-1);
    const isNext = last?.buffer === view.buffer && last.byteOffset + last.length === view.byteOffset;
    if (last !== undefined && isNext) {
      joined[joined.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + view.length);
    } else joined.push(view);
  }
  return joined;
}
