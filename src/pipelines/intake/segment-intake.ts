import { assert } from '../../assert.ts';
import { SealpartError } from '../../errors.ts';
import type { PieceClaim, StockPiece } from '../../flow/piece-stock.ts';
import type { ArenaLease } from '../../flow/shared-arena.ts';
import { frameOverhead } from '../../format/frame-header.ts';
import type { SegmentPlan, WireSegment } from '../../segments/segment-encryption.ts';
import { SegmentInPieces } from '../../segments/segment-in-pieces.ts';
import type { Source } from '../../sources/source.ts';
import type { FramePool } from '../../workers/frame-pool.ts';
import { type IntakeMemory, pieceContentBytes } from './intake-memory.ts';
import type { IntakePace } from './intake-pace.ts';

/** What content goes through. */
export interface IntakeGround {
  readonly pool: FramePool;
  readonly memory: IntakeMemory;
  readonly source: Source;
  readonly pace: IntakePace;
  /** Sees each stretch of content, in order. Its memory is used for other content when the promise has settled. */
  readonly observe: ((content: Uint8Array) => Promise<void>) | undefined;
  /** Told of what goes wrong while content is still read. */
  readonly fail: (error: unknown) => void;
}

/** So many stretches of one upload may be in the hands of workers and observers. */
const mostInHand = 4;

/** A segment while its content comes in: read piece by piece, encrypted and observed side by side with reading. */
export class SegmentIntake {
  readonly #ground: IntakeGround;
  readonly #segment: SegmentInPieces;
  readonly #frameSizeBytes: number;
  readonly #claim: PieceClaim;
  readonly #pieces: StockPiece[] = [];
  readonly #encrypting: Promise<void>[] = [];
  readonly #inHand: Promise<void>[] = [];
  /** Of the last piece, what has no frames yet. */
  #room: Uint8Array = new Uint8Array(0);
  #roomOffset = 0;
  #left: number;

  constructor(ground: IntakeGround, plan: SegmentPlan) {
    this.#ground = ground;
    this.#left = plan.facts.contentLength;
    this.#frameSizeBytes = 2 ** plan.stream.parameters.frameSizeLog2;
    this.#segment = new SegmentInPieces(ground.pool, plan);
    this.#claim = ground.memory.wire.open(Math.ceil(this.#left / pieceContentBytes));
  }

  get index(): number {
    return this.#segment.facts.segmentIndex;
  }

  /** The salt under which it is encrypted. */
  get salt(): Uint8Array {
    return this.#segment.facts.salt;
  }

  /**
   * Reads all of its content. Encrypting and observing go on behind it.
   *
   * @throws SealpartError `source-changed` if the source ends too early; WaitedTooLong; what the source throws
   */
  async fill(signal: AbortSignal): Promise<void> {
    while (this.#left > 0) {
      if (this.#inHand.length >= mostInHand) await this.#inHand.shift();
      // Wire memory first: who holds plain memory never waits for wire memory, which others could have only later.
      if (this.#framesOfRoom() === 0) await this.#takePiece(signal);
      await this.#takeStretch(signal);
    }
  }

  /** Waits until all was encrypted. @throws SealpartError `worker` */
  async encrypted(): Promise<void> {
    await Promise.all(this.#encrypting);
  }

  /** 32 bytes. All was encrypted. */
  digest(): Uint8Array {
    return this.#segment.digest();
  }

  finish(streamDigest?: Uint8Array): WireSegment {
    return this.#segment.finish(streamDigest);
  }

  /** Gives the memory back: nobody sends it any more. */
  release(): void {
    this.#claim.release();
  }

  /** Waits for whoever still reads or writes the memory, and gives it back empty: what it holds is never sent. */
  async discard(): Promise<void> {
    await Promise.allSettled([...this.#encrypting, ...this.#inHand]);
    // §9.3, §9.8.
    for (const { bytes } of this.#pieces) bytes.fill(0);
    this.#claim.release();
  }

  /** Waits until nobody observes or encrypts any more. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#inHand);
  }

  #framesOfRoom(): number {
    return Math.floor(this.#room.length / (this.#frameSizeBytes + frameOverhead));
  }

  async #takePiece(signal: AbortSignal): Promise<void> {
    const piece = await this.#claim.take(signal);
    this.#pieces.push(piece);
    this.#roomOffset = piece.offset;
    // All pieces have room for smaller frames than these: more than that much content would be another claim's.
    const wireBytes = SegmentInPieces.wireBytes(pieceContentBytes, this.#frameSizeBytes);
    assert(wireBytes <= piece.length, 'room for the frames of a piece');
    this.#room = piece.bytes.subarray(0, wireBytes);
  }

  async #takeStretch(signal: AbortSignal): Promise<void> {
    const { memory, pace, source } = this.#ground;
    const asked = pace.stretchBytes;
    const length = Math.min(this.#left, asked, this.#framesOfRoom() * this.#frameSizeBytes);
    const plain = await memory.leasePlain(length, signal);
    try {
      const began = performance.now();
      const got = await source.read(plain.bytes, signal);
      if (got !== length) throw endedEarly(source);
      if (length === asked) pace.filled(performance.now() - began);
    } catch (error) {
      plain.release();
      throw error;
    }
    this.#left -= length;
    this.#handOver(plain);
  }

  /** Has a stretch encrypted and observed; its memory is free when both are done with it. */
  #handOver(plain: ArenaLease): void {
    const { observe, fail } = this.#ground;
    const wireBytes = SegmentInPieces.wireBytes(plain.length, this.#frameSizeBytes);
    const wire = { offset: this.#roomOffset, bytes: this.#room.subarray(0, wireBytes) };
    this.#room = this.#room.subarray(wireBytes);
    this.#roomOffset += wireBytes;
    const encrypting = this.#segment.encrypt({ offset: plain.offset, length: plain.length }, wire);
    this.#encrypting.push(encrypting);
    const inHand = Promise.allSettled([encrypting, observe?.(plain.bytes)]).then((outcomes) => {
      plain.release();
      for (const outcome of outcomes) if (outcome.status === 'rejected') fail(outcome.reason);
    });
    this.#inHand.push(inHand);
  }
}

function endedEarly({ name, size }: Source): SealpartError {
  return new SealpartError(
    'source-changed',
    `${name} ended before the ${size} bytes that were announced. Begin again with the whole of it.`,
  );
}
