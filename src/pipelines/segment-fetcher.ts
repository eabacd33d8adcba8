import { assert } from '../assert.ts';
import { SealpartError } from '../errors.ts';
import type { OrderedWindow } from '../flow/ordered-window.ts';
import { type ArenaLease, SharedArena } from '../flow/shared-arena.ts';
import { judgeSegmentHeader } from '../format/judge-segment-header.ts';
import { parseSegmentHeader, segmentFlags, segmentHeaderLength } from '../format/segment-header.ts';
import { type BatchPlace, batchBytes, batchesOf } from '../segments/batches.ts';
import { SegmentDecryption, segmentTailLength } from '../segments/segment-decryption.ts';
import type { StreamCrypto } from '../segments/stream-crypto.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import type { BatchResult, Stretch } from '../workers/messages.ts';
import type { SegmentVisit } from './segment-visit.ts';
import type { Telemetry } from './telemetry.ts';
import { readUpTo, type WireInput } from './wire-input.ts';

/** Plain memory of a segment that is released only as a whole, by places in the arena. */
export interface HeldSegment {
  /** One lease for both: two could stand so that neither of the gaps around the first has room for the second. */
  readonly lease: ArenaLease;
  readonly payload: Stretch;
  /** Where a compressed payload unfolds to. */
  readonly content: Stretch | undefined;
}

/** The frames of a batch: in wire memory, or in memory that the input lends. */
export interface BatchWire extends ArenaLease {
  readonly lent?: SharedArrayBuffer;
}

/** What the fetcher hands on, in the order of the wire. */
export type FetchedItem =
  | {
      readonly kind: 'segment';
      readonly visit: SegmentVisit;
      readonly decryption: SegmentDecryption;
      readonly held: HeldSegment | undefined;
    }
  | {
      readonly kind: 'batch';
      readonly place: BatchPlace;
      readonly wire: BatchWire;
      /** Absent where the segment is held: its payload's memory is. */
      readonly plain: ArenaLease | undefined;
      readonly result: Promise<BatchResult>;
    }
  /** All frames that were asked for; with the segment's tail if it was visited as a whole. */
  | { readonly kind: 'segment-end'; readonly tail: Uint8Array | undefined }
  /** The end of the stream, and whether the input goes on behind it. */
  | { readonly kind: 'end'; readonly trailing: boolean }
  /** What stopped the fetcher, at the place where it happened. */
  | { readonly kind: 'error'; readonly error: unknown };

export interface FetchOptions {
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
}

/**
 * Reads segments ahead of their release: gives each batch of frames to the workers as soon as it has arrived. All
 * memory is taken here and in order, so that the oldest batch never waits for memory that a younger one holds.
 */
export class SegmentFetcher {
  readonly #o: FetchOptions;
  readonly #window: OrderedWindow<FetchedItem>;
  #position: number;

  constructor(options: FetchOptions, window: OrderedWindow<FetchedItem>) {
    this.#o = options;
    this.#window = window;
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
    const { input, stream, pool, holds, telemetry } = this.#o;
    const start = visit.position ?? this.#position;
    const headerBytes = await telemetry.time('read', () => readUpTo(input, start, segmentHeaderLength, signal));
    const header = parseSegmentHeader(headerBytes, visit.place.segmentIndex);
    // §6.3: lengths are judged before memory of that length is taken.
    judgeSegmentHeader(header, stream.parameters, visit.place);
    const decryption = new SegmentDecryption(pool, stream, header);
    const held =
      visit.frames === undefined && holds(header.payloadLength, header.compression === 1)
        ? await this.#hold(decryption, signal)
        : undefined;
    await this.#push({ kind: 'segment', visit, decryption, held }, () => held?.lease.release(), signal);
    telemetry.segmentStarted();

    const framesStart = start + segmentHeaderLength;
    const { first, end } = visit.frames ?? { first: 0, end: header.dataFrames };
    for (const place of batchesOf(header.payloadLength, decryption.frameSizeBytes, first, end, this.#batchBytes())) {
      await this.#fetchBatch(decryption, place, framesStart, held, signal);
    }
    let tail: Uint8Array | undefined;
    if (visit.frames === undefined) {
      tail = await readUpTo(input, framesStart + header.wireLength - segmentTailLength, segmentTailLength, signal);
      this.#needWhole(tail.length, segmentTailLength, header.segmentIndex);
    }
    this.#position = framesStart + header.wireLength;
    await this.#window.push({ kind: 'segment-end', tail }, signal);
    return (header.flags & segmentFlags.final) !== 0;
  }

  /** Batches shrink where memory is scarce, so that several of them are in flight. */
  #batchBytes(): number {
    const { plain, wire } = this.#o.pool;
    return Math.min(batchBytes, Math.floor(Math.min(plain.capacityBytes, wire.capacityBytes) / 8));
  }

  async #hold({ header }: SegmentDecryption, signal: AbortSignal): Promise<HeldSegment> {
    const { plain } = this.#o.pool;
    const payloadBytes = SharedArena.footprint(Math.max(1, header.payloadLength));
    const bytes = payloadBytes + (header.compression === 1 ? SharedArena.footprint(header.contentLength) : 0);
    if (bytes > plain.capacityBytes) throw overBudget(header.segmentIndex, bytes, plain.capacityBytes);
    const lease = await plain.lease(bytes, signal);
    const content = { offset: lease.offset + payloadBytes, length: header.contentLength };
    return {
      lease,
      payload: { offset: lease.offset, length: header.payloadLength },
      content: header.compression === 1 ? content : undefined,
    };
  }

  async #fetchBatch(
    decryption: SegmentDecryption,
    place: BatchPlace,
    framesStart: number,
    held: HeldSegment | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { pool, telemetry } = this.#o;
    // Plain before wire, here as where segments are encrypted: runs that share a pool never wait for each other in a ring.
    const plain = held === undefined ? await pool.plain.lease(place.plain.length, signal) : undefined;
    let wire: BatchWire;
    try {
      wire = await this.#fetchWire(framesStart + place.wire.offset, place.wire.length, decryption, signal);
    } catch (error) {
      plain?.release();
      throw error;
    }
    telemetry.memoryUsed(pool.plain.usedBytes, pool.wire.usedBytes);
    const plainOffset = held === undefined ? plain!.offset : held.payload.offset + place.plain.offset;
    const plainPlace = { offset: plainOffset, length: place.plain.length };
    const result = telemetry.time('compute', () =>
      decryption.decrypt(place, { offset: wire.offset, length: wire.length }, plainPlace, wire.lent),
    );
    // Whoever takes the item awaits it; until then a failure is nobody's unhandled rejection.
    result.catch(() => undefined);
    const release = async (): Promise<void> => {
      await Promise.allSettled([result]);
      wire.release();
      plain?.release();
    };
    await this.#push({ kind: 'batch', place, wire, plain, result }, release, signal);
  }

  /** Borrows the bytes where the input lends them, and else reads them into the pool's memory. */
  async #fetchWire(
    position: number,
    length: number,
    decryption: SegmentDecryption,
    signal: AbortSignal,
  ): Promise<BatchWire> {
    const { pool, input, telemetry } = this.#o;
    const { segmentIndex } = decryption.header;
    if (input.lendAt !== undefined) {
      const { buffer, offset, length: given } = input.lendAt(position, length);
      this.#needWhole(given, length, segmentIndex);
      const bytes = new Uint8Array(buffer, offset, length);
      return { offset, length, bytes, lent: buffer, release: () => undefined };
    }
    const wire = await pool.wire.lease(length, signal);
    try {
      const count = await telemetry.time('read', () => input.readAt(position, wire.bytes, signal));
      this.#needWhole(count, length, segmentIndex);
      return wire;
    } catch (error) {
      wire.release();
      throw error;
    }
  }

  async #push(item: FetchedItem, undo: () => void | Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await this.#window.push(item, signal);
    } catch (error) {
      await undo();
      throw error;
    }
  }

  #needWhole(count: number, length: number, segment: number): void {
    if (count < length) {
      throw new SealpartError('truncated', `The input ends inside segment ${segment}.`, { segment });
    }
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
