import { assert } from '../assert.ts';
import { streamDigestOf } from '../crypto/segment-digest.ts';
import { SealpartError } from '../errors.ts';
import type { OrderedWindow } from '../flow/ordered-window.ts';
import type { ArenaLease } from '../flow/shared-arena.ts';
import { equalBytes } from '../format/bytes.ts';
import { frameOverhead } from '../format/frame-header.ts';
import { segmentFlags, segmentHeaderLength } from '../format/segment-header.ts';
import { decompressPayload } from '../segments/compress-segment.ts';
import { frameRefusal, type SegmentDecryption } from '../segments/segment-decryption.ts';
import type { StreamCrypto } from '../segments/stream-crypto.ts';
import type { Sink } from '../sinks/sink.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import type { FrameFault } from '../workers/messages.ts';
import type { ContentClip } from './content-clip.ts';
import { DigestList } from './digest-list.ts';
import type { FetchedItem, HeldSegment } from './fetched-item.ts';
import type { SegmentVisit } from './segment-visit.ts';
import type { Telemetry } from './telemetry.ts';

export interface ReleaseOptions {
  readonly pool: FramePool;
  readonly stream: StreamCrypto;
  readonly sink: Sink;
  /** Which bytes of content are wanted. */
  readonly clip: ContentClip;
  /** True where a FINAL segment of a scheduled stream has to prove the stream digest and the end of the input. */
  readonly wholeStream: boolean;
  /** Layout 0: the stream digest that the caller knows from elsewhere. */
  readonly expectDigest?: Uint8Array | undefined;
  readonly telemetry: Telemetry;
}

type SegmentItem = Extract<FetchedItem, { kind: 'segment' }>;
type BatchItem = Extract<FetchedItem, { kind: 'batch' }>;

/** The segment that is being released. */
interface OpenSegment {
  readonly visit: SegmentVisit;
  readonly decryption: SegmentDecryption;
  readonly final: boolean;
  held: HeldSegment | undefined;
  /** The first frame that did not verify, of a segment that is read in part. */
  fault: FrameFault | undefined;
}

/** The last DATA frame of a stream, which waits for everything else to be verified. */
interface LastFrame {
  readonly bytes: Uint8Array;
  readonly release: () => void;
}

/**
 * Takes what was fetched in order, judges it, and lets content go to the sink no earlier than docs/format.md §6 allows:
 * small frames when they and all before them are authentic, large ones and compressed segments when their segment's
 * digest is verified, the stream's last frame when the whole stream is.
 */
export class SegmentReleaser {
  readonly #o: ReleaseOptions;
  readonly #digests = new DigestList();
  #segment: OpenSegment | undefined;
  /** The segment whose header has not come yet. */
  #awaited: SegmentItem | undefined;
  #lastFrame: LastFrame | undefined;
  #finalSegment: number | undefined;
  #streamDigest: Uint8Array | undefined;

  constructor(options: ReleaseOptions) {
    this.#o = options;
  }

  /** The verified stream digest, after a whole scheduled stream. */
  get streamDigest(): Uint8Array | undefined {
    return this.#streamDigest;
  }

  /** Runs until the fetcher has nothing more. */
  async run(window: OrderedWindow<FetchedItem>, signal: AbortSignal): Promise<void> {
    for (let item = await window.take(signal); item !== undefined; item = await window.take(signal)) {
      await this.#accept(item, signal);
    }
  }

  /** Gives back what it still holds, once no worker is writing into a held segment any more. */
  release(): void {
    const segment = this.#segment ?? this.#awaited;
    if (segment !== undefined) this.#o.telemetry.segmentAbandoned();
    segment?.held?.lease.release();
    this.#lastFrame?.release();
    this.#segment = undefined;
    this.#awaited = undefined;
    this.#lastFrame = undefined;
  }

  async #accept(item: FetchedItem, signal: AbortSignal): Promise<void> {
    switch (item.kind) {
      case 'segment':
        return this.#beginSegment(item);
      case 'batch':
        return this.#acceptBatch(item, signal);
      case 'segment-end':
        return this.#endSegment(await item.tail, signal);
      case 'end':
        return this.#endStream(item.trailing, signal);
      case 'error':
        throw item.error;
    }
  }

  async #beginSegment(item: SegmentItem): Promise<void> {
    const { visit, held } = item;
    this.#awaited = item;
    const decryption = await item.decryption;
    this.#awaited = undefined;
    const final = (decryption.header.flags & segmentFlags.final) !== 0;
    this.#segment = { visit, decryption, final, held, fault: undefined };
    if (visit.contentStart !== undefined) this.#o.clip.moveTo(visit.contentStart);
  }

  async #acceptBatch(item: BatchItem, signal: AbortSignal): Promise<void> {
    const segment = this.#openSegment();
    const { place, wire, plain } = item;
    let keepsPlain = false;
    try {
      const result = await item.result;
      const authentic = segment.decryption.absorb(place, result, wire.bytes);
      segment.fault ??= result.fault;
      if (plain === undefined || !authentic) return;
      keepsPlain = await this.#releaseBatch(segment, item, plain, signal);
    } finally {
      wire.release();
      if (!keepsPlain) plain?.release();
    }
  }

  /** Returns true if the stream's last frame stands in that memory, which then has to wait. */
  async #releaseBatch(
    segment: OpenSegment,
    { place }: BatchItem,
    plain: ArenaLease,
    signal: AbortSignal,
  ): Promise<boolean> {
    const isLast =
      this.#o.wholeStream && segment.final && place.firstFrame + place.frames === segment.decryption.header.dataFrames;
    if (!isLast) {
      await this.#write(plain.bytes, signal);
      return false;
    }
    const split = (place.frames - 1) * segment.decryption.frameSizeBytes;
    if (split > 0) await this.#write(plain.bytes.subarray(0, split), signal);
    // §6.14.
    this.#lastFrame = { bytes: plain.bytes.subarray(split), release: () => plain.release() };
    return true;
  }

  async #endSegment(tail: Uint8Array | undefined, signal: AbortSignal): Promise<void> {
    const segment = this.#openSegment();
    const { header } = segment.decryption;
    if (tail === undefined) {
      if (segment.fault !== undefined) throw frameRefusal(header.segmentIndex, segment.fault);
      await this.#o.sink.commitSegment(signal);
    } else {
      await this.#verifyWhole(segment, tail, signal);
    }
    this.#segment = undefined;
    this.#o.telemetry.segmentDone(countsOf(segment));
  }

  async #verifyWhole(segment: OpenSegment, tail: Uint8Array, signal: AbortSignal): Promise<void> {
    const { decryption, visit, held, final } = segment;
    const { segmentIndex } = decryption.header;
    const { digest, streamDigest } = decryption.finish(tail);
    if (visit.entryDigest !== undefined && !equalBytes(digest, visit.entryDigest)) {
      const text = `Segment ${segmentIndex} does not have the digest that the index lists: another attempt at this part.`;
      throw new SealpartError('digest-mismatch', text, { segment: segmentIndex });
    }
    if (held !== undefined) await this.#unfold(segmentIndex, held);
    if (this.#o.wholeStream) this.#digests.set(segmentIndex, digest);
    if (this.#o.wholeStream && final) return this.#verifyStream(segment, streamDigest, signal);
    if (held !== undefined) await this.#write(this.#heldContent(held), signal);
    await this.#o.sink.commitSegment(signal);
    held?.lease.release();
    segment.held = undefined;
  }

  async #unfold(segmentIndex: number, held: HeldSegment): Promise<void> {
    if (held.content === undefined) return;
    await decompressPayload(this.#o.pool, segmentIndex, held.payload, held.content);
  }

  #heldContent({ lease, payload, content }: HeldSegment): Uint8Array {
    const { offset, length } = content ?? payload;
    return lease.bytes.subarray(offset - lease.offset, offset - lease.offset + length);
  }

  async #verifyStream(segment: OpenSegment, carried: Uint8Array, signal: AbortSignal): Promise<void> {
    const { decryption, held } = segment;
    const { segmentIndex, payloadLength } = decryption.header;
    const streamDigest = streamDigestOf(this.#o.stream.coreHash, this.#digests.count, this.#digests.bytes());
    // §5.5.
    if (!equalBytes(streamDigest, carried)) throw mixedSegments(segmentIndex);
    if (this.#o.expectDigest !== undefined) judgePinned(streamDigest, this.#o.expectDigest);
    this.#finalSegment = segmentIndex;
    this.#streamDigest = streamDigest;
    if (held === undefined) return;
    // The last frame's worth of a held segment waits like any last frame; what stands before it does not.
    const content = this.#heldContent(held);
    const split =
      held.content === undefined ? payloadLength - lastFrameLength(payloadLength, decryption.frameSizeBytes) : 0;
    if (split > 0) await this.#write(content.subarray(0, split), signal);
    this.#lastFrame = { bytes: content.subarray(split), release: () => held.lease.release() };
    segment.held = undefined;
  }

  async #endStream(trailing: boolean, signal: AbortSignal): Promise<void> {
    if (trailing) throw trailingData();
    if (!this.#o.wholeStream) return;
    assert(this.#finalSegment !== undefined, 'a stream ends behind its FINAL segment');
    if (this.#lastFrame !== undefined) await this.#write(this.#lastFrame.bytes, signal);
    await this.#o.sink.commitSegment(signal);
  }

  async #write(content: Uint8Array, signal: AbortSignal): Promise<void> {
    const wanted = this.#o.clip.take(content);
    if (wanted.length > 0) await this.#o.telemetry.time('write', () => this.#o.sink.writeTentative(wanted, signal));
  }

  #openSegment(): OpenSegment {
    assert(this.#segment !== undefined, 'frames belong to a segment');
    return this.#segment;
  }
}

function countsOf({ visit, decryption }: OpenSegment): { contentBytes: number; wireBytes: number; frames: number } {
  const { header, frameSizeBytes } = decryption;
  if (visit.frames === undefined) {
    const wireBytes = segmentHeaderLength + header.wireLength;
    return { contentBytes: header.contentLength, wireBytes, frames: header.frameCount };
  }
  const frames = visit.frames.end - visit.frames.first;
  const end = Math.min(header.payloadLength, visit.frames.end * frameSizeBytes);
  const contentBytes = end - visit.frames.first * frameSizeBytes;
  return { contentBytes, wireBytes: segmentHeaderLength + contentBytes + frames * frameOverhead, frames };
}

function lastFrameLength(payloadLength: number, frameSizeBytes: number): number {
  return payloadLength === 0 ? 0 : ((payloadLength - 1) % frameSizeBytes) + 1;
}

/** The refusal of segments that do not belong together. */
export function mixedSegments(segment: number): SealpartError {
  const text = 'The segments do not have the stream digest that the last one carries: they are of several attempts.';
  return new SealpartError('stream-digest-mismatch', text, { segment });
}

/** The refusal of bytes behind the FINAL segment. */
export function trailingData(): SealpartError {
  return new SealpartError('trailing-data', 'There are bytes after the end of the stream: something was added to it.');
}

/**
 * Compares a verified stream digest with the one that the caller was handed.
 *
 * @throws SealpartError `stream-digest-mismatch`
 */
export function judgePinned(streamDigest: Uint8Array, expected: Uint8Array): void {
  // §6.22.
  if (equalBytes(streamDigest, expected)) return;
  throw new SealpartError(
    'stream-digest-mismatch',
    'This is an authentic stream, but not the one whose digest was given.',
  );
}
