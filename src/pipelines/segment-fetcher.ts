import { assert } from '../assert.ts';
import { SealpartError } from '../errors.ts';
import type { OrderedWindow } from '../flow/ordered-window.ts';
import { type ArenaLease, SharedArena } from '../flow/shared-arena.ts';
import { judgeSegmentHeader, type KnownSegment } from '../format/judge-segment-header.ts';
import { parseSegmentHeader, segmentFlags, segmentHeaderLength, totalLengthOf } from '../format/segment-header.ts';
import { digestAlgs } from '../format/stream-parameters.ts';
import { type BatchPlace, batchBytes, batchesOf } from '../segments/batches.ts';
import { SegmentDecryption, segmentTailLength } from '../segments/segment-decryption.ts';
import type { StreamCrypto } from '../segments/stream-crypto.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import type { BatchResult, Stretch } from '../workers/messages.ts';
import { ArenaShare } from './arena-share.ts';
import { awaitedLater } from './awaited-later.ts';
import type { BatchWire, FetchedItem, HeldSegment } from './fetched-item.ts';
import type { ReadSharing } from './read-sharing.ts';
import { expectedSegment, type SegmentVisit } from './segment-visit.ts';
import type { Telemetry } from './telemetry.ts';
import { readUpTo, type WireInput } from './wire-input.ts';

export interface FetchOptions extends ReadSharing {
  readonly pool: FramePool;
  readonly stream: StreamCrypto;
  readonly input: WireInput;
  readonly visits: Iterable<SegmentVisit> | AsyncIterable<SegmentVisit>;
  /** Where the first visit begins unless it says so itself. */
  readonly position: number;
  /** True where the last segment has to be followed by the end of the input. */
  readonly toTheEnd: boolean;
  /** True for a segment that must not be released before it was verified as a whole. */
  readonly holds: (payloadLength: number, compressed: boolean) => boolean;
  readonly telemetry: Telemetry;
  /** True to decrypt on the calling thread: for so little content that waking a worker takes longer. */
  readonly inline?: boolean | undefined;
}

/**
 * The header of a segment is sound and says otherwise than the length of the input: what was fetched on that length's
 * word is void, and from this segment on each header has to come before its frames are asked for.
 */
export class UnexpectedSegment extends Error {
  override readonly name = 'UnexpectedSegment';
  readonly segmentIndex: number;
  readonly position: number;

  constructor(segmentIndex: number, position: number) {
    super(`Segment ${segmentIndex} is not what the length of the input says.`);
    this.segmentIndex = segmentIndex;
    this.position = position;
  }
}

/** What the frames of a segment are asked for by: its header, or what is expected of it. */
interface SegmentShape {
  readonly payloadLength: number;
  readonly contentLength: number;
  readonly compressed: boolean;
  readonly final: boolean;
  readonly totalLength: number;
}

/** A segment whose batches are being asked for. */
interface FetchedSegment {
  readonly index: number;
  readonly framesStart: number;
  readonly decryption: Promise<SegmentDecryption>;
  readonly held: HeldSegment | undefined;
}

/**
 * Reads segments ahead of their release: gives each batch of frames to the workers as soon as it has arrived. All
 * memory is taken here and in order, so that the oldest batch never waits for memory that a younger one holds.
 *
 * An input of which each read costs a request is read at several places at once: nothing is waited for here but memory,
 * and headers of segments that nothing tells beforehand. Other inputs get one call at a time.
 */
export class SegmentFetcher {
  readonly #o: FetchOptions;
  readonly #window: OrderedWindow<FetchedItem>;
  readonly #plain: ArenaShare;
  readonly #wire: ArenaShare;
  /** Reads that have not ended. */
  readonly #reads = new Set<Promise<unknown>>();
  #position: number;

  constructor(options: FetchOptions, window: OrderedWindow<FetchedItem>) {
    this.#o = options;
    this.#window = window;
    this.#plain = new ArenaShare(options.pool.plain, () => options.share?.plainBytes, options.share?.plainGate);
    this.#wire = new ArenaShare(options.pool.wire, () => options.share?.wireBytes);
    this.#position = options.position;
  }

  /** Runs to the last visit or to the first error, which becomes the window's last item. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      for await (const visit of this.#o.visits) {
        const final = await this.#fetchSegment(visit, signal);
        if (final) break;
      }
      if (this.#o.toTheEnd) {
        const next = await readUpTo(this.#o.input, this.#position, 1, signal);
        await this.#window.push({ kind: 'end', trailing: next.length > 0 }, signal);
      }
    } catch (error) {
      if (!signal.aborted) await this.#pushError(error, signal);
    } finally {
      this.#window.end();
      await Promise.allSettled(this.#reads);
    }
  }

  async #pushError(error: unknown, signal: AbortSignal): Promise<void> {
    try {
      await this.#window.push({ kind: 'error', error }, signal);
    } catch (pushError) {
      // Only the signal ends this wait, and whoever fired it knows why.
      assert(signal.aborted, String(pushError));
    }
  }

  async #fetchSegment(visit: SegmentVisit, signal: AbortSignal): Promise<boolean> {
    const { input, stream, holds, telemetry } = this.#o;
    const start = visit.position ?? this.#position;
    const expected = input.requests === undefined ? undefined : expectedSegment(visit, stream.parameters);
    const decryption = this.#underWay(this.#open(visit, start, expected, signal));
    const shape = expected === undefined ? shapeOf(await decryption) : this.#shapeOf(expected);
    const { segmentIndex } = visit.place;
    const held =
      visit.frames === undefined && holds(shape.payloadLength, shape.compressed)
        ? await this.#hold(segmentIndex, shape, decryption, signal)
        : undefined;
    await this.#push({ kind: 'segment', visit, decryption, held }, () => held?.lease.release(), signal);
    telemetry.segmentStarted();

    const segment = { index: segmentIndex, framesStart: start + segmentHeaderLength, decryption, held };
    const frameSize = 2 ** stream.parameters.frameSizeLog2;
    const { first, end } = visit.frames ?? { first: 0, end: undefined };
    for (const place of batchesOf(shape.payloadLength, frameSize, first, end, () => this.#batchBytes())) {
      await this.#fetchBatch(segment, place, signal);
    }
    this.#position = start + shape.totalLength;
    const tail = visit.frames === undefined ? this.#underWay(this.#readTail(segmentIndex, signal)) : undefined;
    await this.#window.push({ kind: 'segment-end', tail }, signal);
    await this.#inOrder(tail);
    return shape.final;
  }

  /** Follows a read to its end, whether it is awaited or not. */
  #underWay<T>(read: Promise<T>): Promise<T> {
    const forget = (): void => {
      this.#reads.delete(read);
    };
    this.#reads.add(read);
    read.then(forget, forget);
    return awaitedLater(read);
  }

  /** Waits for a read where the input has to be read in order, one call at a time. */
  async #inOrder(read: Promise<unknown> | undefined): Promise<void> {
    if (this.#o.input.requests === undefined) await read;
  }

  /** Reads a segment's header and judges it. */
  async #open(
    { place }: SegmentVisit,
    start: number,
    expected: KnownSegment | undefined,
    signal: AbortSignal,
  ): Promise<SegmentDecryption> {
    const { input, stream, pool, telemetry, onSegmentHeader } = this.#o;
    const headerBytes = await telemetry.time('read', () => readUpTo(input, start, segmentHeaderLength, signal));
    const header = parseSegmentHeader(headerBytes, place.segmentIndex);
    // §6.3: lengths are judged before memory of that length is taken, or they are not what memory is taken by.
    judgeSegmentHeader(header, stream.parameters, place);
    onSegmentHeader?.(start, headerBytes);
    const decryption = new SegmentDecryption(pool, stream, header);
    const { contentLength, final } = shapeOf(decryption);
    if (expected === undefined) return decryption;
    if (contentLength === expected.contentLength && final === expected.final) return decryption;
    throw new UnexpectedSegment(header.segmentIndex, start);
  }

  #shapeOf({ contentLength, final }: KnownSegment): SegmentShape {
    const totalLength = totalLengthOf(contentLength, this.#o.stream.parameters.frameSizeLog2);
    return { payloadLength: contentLength, contentLength, compressed: false, final, totalLength };
  }

  async #readTail(segment: number, signal: AbortSignal): Promise<Uint8Array> {
    const tail = await readUpTo(this.#o.input, this.#position - segmentTailLength, segmentTailLength, signal);
    needWhole(tail.length, segmentTailLength, segment);
    return tail;
  }

  /** Batches shrink where memory is scarce, so that several of them are in flight. */
  #batchBytes(): number {
    const { plain, wire } = this.#o.pool;
    const wanted = this.#o.share?.batchBytes ?? this.#o.batchBytes ?? batchBytes;
    return Math.min(wanted, Math.floor(Math.min(plain.capacityBytes, wire.capacityBytes) / 8));
  }

  async #hold(
    segment: number,
    { payloadLength, contentLength, compressed }: SegmentShape,
    decryption: Promise<SegmentDecryption>,
    signal: AbortSignal,
  ): Promise<HeldSegment> {
    const mostBytes = this.#o.share?.largestPlainBytes ?? this.#o.pool.plain.capacityBytes;
    const payloadBytes = SharedArena.footprint(Math.max(1, payloadLength));
    const bytes = payloadBytes + (compressed ? SharedArena.footprint(contentLength) : 0);
    if (bytes > mostBytes) {
      // What the segment's own header is refused for comes first.
      await decryption;
      throw overBudget(segment, bytes, mostBytes);
    }
    const lease = await this.#plain.lease(bytes, signal);
    const content = { offset: lease.offset + payloadBytes, length: contentLength };
    return {
      lease,
      payload: { offset: lease.offset, length: payloadLength },
      content: compressed ? content : undefined,
    };
  }

  async #fetchBatch(segment: FetchedSegment, place: BatchPlace, signal: AbortSignal): Promise<void> {
    const { pool, telemetry } = this.#o;
    const { held } = segment;
    // Plain before wire, here as where segments are encrypted: runs that share a pool never wait for each other in a ring.
    const plain = held === undefined ? await this.#plain.lease(place.plain.length, signal) : undefined;
    let wire: BatchWire;
    try {
      wire = this.#lentWire(segment, place) ?? onceReleased(await this.#wire.lease(place.wire.length, signal));
    } catch (error) {
      plain?.release();
      throw error;
    }
    telemetry.memoryUsed(pool.plain.usedBytes, pool.wire.usedBytes);
    const read = this.#underWay(this.#readWire(segment, place, wire, signal));
    const offset = held === undefined ? plain!.offset : held.payload.offset + place.plain.offset;
    const stretch = { offset, length: place.plain.length };
    const result = awaitedLater(this.#decrypt(segment, place, wire, stretch, read));
    const release = async (): Promise<void> => {
      await Promise.allSettled([result]);
      wire.release();
      plain?.release();
    };
    await this.#push({ kind: 'batch', place, wire, plain, result }, release, signal);
    await this.#inOrder(read);
  }

  async #decrypt(
    { decryption }: FetchedSegment,
    place: BatchPlace,
    wire: BatchWire,
    plain: Stretch,
    read: Promise<void>,
  ): Promise<BatchResult> {
    // In this order: whatever becomes of the segment, its memory is given back only when nothing is read into it.
    await read;
    const opened = await decryption;
    const { offset, length, lent } = wire;
    const { telemetry, stream } = this.#o;
    const result = await telemetry.time('compute', () =>
      opened.decrypt(place, { offset, length }, plain, lent, this.#o.inline),
    );
    // Content may wait long for a slow sink, and its frames need not, unless the digest has to see them in their turn.
    if (stream.parameters.digestAlg !== digestAlgs.sha256) wire.release();
    return result;
  }

  /** Borrows the bytes where the input lends them. */
  #lentWire({ index, framesStart }: FetchedSegment, { wire }: BatchPlace): BatchWire | undefined {
    const { input } = this.#o;
    if (input.lendAt === undefined) return undefined;
    const { buffer, offset, length } = input.lendAt(framesStart + wire.offset, wire.length);
    needWhole(length, wire.length, index);
    return { offset, length, bytes: new Uint8Array(buffer, offset, length), lent: buffer, release: () => undefined };
  }

  /** Reads the bytes into the pool's memory, unless they are lent. */
  async #readWire(
    { index, framesStart }: FetchedSegment,
    place: BatchPlace,
    wire: BatchWire,
    signal: AbortSignal,
  ): Promise<void> {
    if (wire.lent !== undefined) return;
    const { input, telemetry } = this.#o;
    const position = framesStart + place.wire.offset;
    needWhole(await telemetry.time('read', () => input.readAt(position, wire.bytes, signal)), wire.length, index);
  }

  async #push(item: FetchedItem, undo: () => void | Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await this.#window.push(item, signal);
    } catch (error) {
      await undo();
      throw error;
    }
  }
}

function shapeOf({ header }: SegmentDecryption): SegmentShape {
  const { payloadLength, contentLength, compression, flags, wireLength } = header;
  const final = (flags & segmentFlags.final) !== 0;
  const totalLength = segmentHeaderLength + wireLength;
  return { payloadLength, contentLength, compressed: compression === 1, final, totalLength };
}

/** Frames are given back when they were decrypted, or else by whoever comes to them later. */
function onceReleased({ offset, length, bytes, release }: ArenaLease): BatchWire {
  let held = true;
  return {
    offset,
    length,
    bytes,
    release: () => {
      if (held) release();
      held = false;
    },
  };
}

function needWhole(count: number, length: number, segment: number): void {
  if (count < length) {
    throw new SealpartError('truncated', `The input ends inside segment ${segment}.`, { segment });
  }
}

function overBudget(segment: number, needed: number, capacity: number): SealpartError {
  const mib = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
  return new SealpartError(
    'bad-parameters',
    `Segment ${segment} can be released only as a whole and needs ${mib(needed)} MiB of memory, of which there are ` +
      `${mib(capacity)}: give more memory, or decrypt into a file.`,
    { segment },
  );
}
