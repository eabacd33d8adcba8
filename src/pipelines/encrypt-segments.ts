import PQueue from 'p-queue';
import { assert } from '../assert.ts';
import type { FreshSalts } from '../crypto/fresh-salts.ts';
import { streamDigestOf } from '../crypto/segment-digest.ts';
import { SealpartError, throwIfAborted } from '../errors.ts';
import type { ArenaLease } from '../flow/shared-arena.ts';
import { maxSegmentsPerPart, partSegmentIndex } from '../format/index-entries.ts';
import { contentCapacity, maxScheduledIndex } from '../format/schedule.ts';
import { type SegmentFacts, segmentFlags, totalLengthOf } from '../format/segment-header.ts';
import type { Compression, StreamParameters } from '../format/stream-parameters.ts';
import { compressContent } from '../segments/compress-segment.ts';
import { type EncryptedSegment, encryptSegment, type PlainPayload } from '../segments/encrypt-segment.ts';
import type { StreamCrypto } from '../segments/stream-crypto.ts';
import type { Source } from '../sources/source.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import { DigestList } from './digest-list.ts';
import { type ReadSegment, SegmentReader } from './segment-reader.ts';
import type { Telemetry } from './telemetry.ts';

export interface SegmentsRun {
  readonly pool: FramePool;
  readonly stream: StreamCrypto;
  readonly source: Source;
  readonly salts: FreshSalts;
  readonly segmentsInFlight: number;
  readonly telemetry: Telemetry;
  /** A compressed segment that is not the last one and would be smaller than this is stored uncompressed. */
  readonly minPartBytes: number;
  readonly numbering: SegmentNumbering;
  /**
   * Digests of segments that are where they belong already, by their place in the run; the last one is never among
   * them. They are passed over, so the source must be able to skip.
   */
  readonly standing?: ReadonlyMap<number, Uint8Array>;
  /**
   * Takes a segment away, in any order and several at once; the FINAL one comes last, when all others are away. The
   * segment's bytes are its caller's again when the promise settles, and not before.
   */
  readonly emit: (segment: EncryptedSegment, signal: AbortSignal) => Promise<void>;
}

/** How the segments of a run are cut and counted. */
export interface SegmentNumbering {
  /** segment_index of the i-th segment of the run. */
  readonly segmentIndex: (i: number) => number;
  /** Content of the i-th segment if it is not the run's last. */
  readonly capacity: (i: number) => number;
  /** The most segments that the destination takes. */
  readonly maxSegments: number;
  /** True if the run's last segment is the stream's FINAL one. */
  readonly endsStream: boolean;
}

/** All segments of a stream of layout 0. */
export function scheduledNumbering(parameters: StreamParameters, maxSegments: number): SegmentNumbering {
  return {
    segmentIndex: (i) => i,
    capacity: (i) => contentCapacity(parameters, i),
    maxSegments: Math.min(maxSegments, maxScheduledIndex + 1),
    endsStream: true,
  };
}

/** The segments of one part of a stream of layout 1. */
export function partNumbering(partNumber: number, capacity: (k: number) => number): SegmentNumbering {
  return {
    segmentIndex: (k) => partSegmentIndex(partNumber, k),
    capacity,
    maxSegments: maxSegmentsPerPart,
    endsStream: false,
  };
}

export interface SegmentsDone {
  readonly segments: number;
  readonly contentLength: number;
  /** 32 bytes: the stream's name, where the run ends it. */
  readonly streamDigest: Uint8Array | undefined;
}

/**
 * Reads a source to its end and encrypts it, segments side by side, bounded by the pool's memory and by
 * `segmentsInFlight`. The first failure stops everything; nothing is running any more when this settles.
 */
export async function encryptSegments(run: SegmentsRun, signal: AbortSignal): Promise<SegmentsDone> {
  const work = new SegmentsWork(run, signal);
  try {
    return await work.produce();
  } catch (error) {
    work.fail(error);
    throw await work.settled();
  }
}

/** A segment that was read and has all the memory it needs. */
interface PreparedSegment {
  readonly index: number;
  readonly read: ReadSegment;
  readonly wire: ArenaLease;
}

class SegmentsWork {
  readonly #run: SegmentsRun;
  readonly #jobs: PQueue;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #digests = new DigestList();
  readonly #othersAway = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;
  #contentLength = 0;
  #outstanding = 0;
  #allRead = false;
  #streamDigest: Uint8Array | undefined;

  constructor(run: SegmentsRun, signal: AbortSignal) {
    this.#run = run;
    this.#jobs = new PQueue({ concurrency: run.segmentsInFlight });
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    // Awaited by the FINAL segment's job, which may never start.
    this.#othersAway.promise.catch(() => undefined);
  }

  async produce(): Promise<SegmentsDone> {
    const { source, pool, stream } = this.#run;
    const reader = new SegmentReader(source, pool.plain, stream.parameters.compression === 1);
    let segments = 0;
    for (let last = false; !last; segments++) {
      if (this.#passOver(reader, segments)) continue;
      const prepared = await this.#prepare(reader, segments);
      last = prepared.read.last;
      this.#start(prepared);
      // The queue holds at most one segment that has not begun: memory alone would let small ones pile up.
      await this.#jobs.onSizeLessThan(1);
      throwIfAborted(this.#signal);
    }
    await this.#jobs.onIdle();
    throwIfAborted(this.#signal);
    assert((this.#streamDigest !== undefined) === this.#run.numbering.endsStream, 'a FINAL segment ends the stream');
    return { segments, contentLength: this.#contentLength, streamDigest: this.#streamDigest };
  }

  #passOver(reader: SegmentReader, index: number): boolean {
    const digest = this.#run.standing?.get(index);
    if (digest === undefined) return false;
    const capacity = this.#run.numbering.capacity(index);
    reader.skip(capacity);
    this.#digests.set(index, digest);
    this.#contentLength += capacity;
    return true;
  }

  /** Memory is taken in the order of segments, so that none waits for memory that a later one holds. */
  async #prepare(reader: SegmentReader, index: number): Promise<PreparedSegment> {
    const { pool, stream, telemetry, numbering } = this.#run;
    const p = stream.parameters;
    if (index >= numbering.maxSegments) {
      throw new SealpartError(
        'bad-parameters',
        `The source needs more than ${numbering.maxSegments} segments: take larger ones.`,
      );
    }
    const read = await telemetry.time('read', () => reader.next(numbering.capacity(index), this.#signal));
    try {
      const length = read.payload.length;
      assert(length > 0 || index === 0, 'only the first segment can be empty');
      const wire = await pool.wire.lease(totalLengthOf(length, p.frameSizeLog2), this.#signal);
      telemetry.memoryUsed(pool.plain.usedBytes, pool.wire.usedBytes);
      return { index, read, wire };
    } catch (error) {
      read.release();
      throw error;
    }
  }

  #start(prepared: PreparedSegment): void {
    const { last, payload } = prepared.read;
    this.#contentLength += payload.length;
    this.#run.telemetry.segmentStarted();
    if (!last) this.#outstanding++;
    else this.#allRead = true;
    this.#jobs
      .add(() => this.#process(prepared))
      .then(
        () => {
          if (!last) this.#outstanding--;
          this.#noteProgress();
        },
        (error: unknown) => this.fail(error),
      );
    this.#noteProgress();
  }

  #noteProgress(): void {
    if (this.#allRead && this.#outstanding === 0) this.#othersAway.resolve();
  }

  async #process({ index, read, wire }: PreparedSegment): Promise<void> {
    const { pool, stream, telemetry, emit, salts } = this.#run;
    let releasePlain = (): void => {
      read.release();
      releasePlain = () => undefined;
    };
    try {
      const segment = await telemetry.time('compute', async () => {
        const { payload, compression } = await this.#compress(read);
        const facts = this.#facts(index, read, payload, compression);
        const request = { pool, stream, facts, payload, wire, salts };
        return this.#isFinal(read)
          ? encryptSegment({ ...request, streamDigest: (own) => this.#finalDigest(index, own) }, this.#signal)
          : encryptSegment(request, this.#signal);
      });
      releasePlain();
      this.#digests.set(index, segment.digest);
      await telemetry.time('write', () => emit(segment, this.#signal));
      const counts = { contentBytes: segment.facts.contentLength, wireBytes: segment.bytes.length };
      const frames = Math.ceil(segment.facts.payloadLength / 2 ** stream.parameters.frameSizeLog2) + 2;
      telemetry.segmentDone({ ...counts, frames, attempts: segment.attempts });
    } catch (error) {
      telemetry.segmentAbandoned();
      throw error;
    } finally {
      releasePlain();
      wire.release();
    }
  }

  async #compress(read: ReadSegment): Promise<{ payload: PlainPayload; compression: Compression }> {
    const asIs = { payload: read.payload, compression: 0 } as const;
    const { scratch } = read;
    if (scratch === undefined || read.payload.length === 0) return asIs;
    const { pool, stream, minPartBytes } = this.#run;
    const length = await compressContent(pool, read.payload, scratch);
    if (length === undefined) return asIs;
    // §3.12.
    const tooSmall = !read.last && totalLengthOf(length, stream.parameters.frameSizeLog2) < minPartBytes;
    return tooSmall ? asIs : { payload: { offset: scratch.offset, length }, compression: 1 };
  }

  #isFinal(read: ReadSegment): boolean {
    return read.last && this.#run.numbering.endsStream;
  }

  #facts(
    index: number,
    read: ReadSegment,
    payload: PlainPayload,
    compression: Compression,
  ): Omit<SegmentFacts, 'salt'> {
    return {
      segmentIndex: this.#run.numbering.segmentIndex(index),
      flags: this.#isFinal(read) ? segmentFlags.final : 0,
      digestAlg: this.#run.stream.parameters.digestAlg,
      compression,
      contentLength: read.payload.length,
      payloadLength: payload.length,
    };
  }

  async #finalDigest(index: number, ownDigest: Uint8Array): Promise<Uint8Array> {
    // §9.5: one FINAL segment, and only when all others are away.
    await this.#othersAway.promise;
    this.#digests.set(index, ownDigest);
    this.#streamDigest = streamDigestOf(this.#run.stream.coreHash, this.#digests.count, this.#digests.bytes());
    return this.#streamDigest;
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop.abort(error);
    this.#othersAway.reject(error);
  }

  /** Waits until nothing runs any more, and gives the first failure. */
  async settled(): Promise<unknown> {
    await this.#jobs.onIdle();
    return this.#failure?.error;
  }
}
