import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/format/bytes.ts';
import { wireOffset } from '../../src/format/schedule.ts';
import type { StreamParameters } from '../../src/format/stream-parameters.ts';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import { type DecryptRequest, decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { randomLooking, xorBit } from '../support/content.ts';
import { GatedSource } from '../support/gated-source.ts';
import { cutSource } from '../support/pieces.ts';
import { failureOf } from '../support/refusal.ts';
import {
  access,
  calm,
  inlinePool,
  type MadeStream,
  makeIndexed,
  makeScheduled,
  parametersOf,
} from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

const pool = inlinePool(2 ** 22);
afterAll(() => pool.close());

const content = randomLooking(40_000, 'release');
const firstSegment = 16_384 - 512;
const frame = 4096;
const lastFrame = ((40_000 - firstSegment - 16_384 - 1) % frame) + 1;

/** A run whose input comes bit by bit. */
class Reading {
  readonly sink: WatchedSink;
  readonly source: GatedSource;
  readonly done: Promise<unknown>;

  constructor(made: MadeStream, irreversible: boolean, options: Partial<DecryptRequest> = {}) {
    this.sink = new WatchedSink(irreversible);
    this.source = new GatedSource(made.bytes);
    this.done = decryptStream({ input: this.source, sink: this.sink, access, pool, ...options }, calm);
    this.done.catch(() => undefined);
  }

  /** What has been let go once all of the input up to an offset is there and nothing more happens. */
  async givenAt(offset: number): Promise<number> {
    this.source.giveUpTo(offset);
    for (let quiet = 0; quiet < 5; quiet = this.source.starved ? quiet + 1 : 0) await turn();
    return this.sink.givenBytes;
  }

  async end(): Promise<void> {
    this.source.end();
    await this.done;
  }
}

function madeWith(chosen: Partial<StreamParameters> = {}): Promise<MadeStream> {
  return makeScheduled(content, parametersOf(chosen));
}

describe('release of small frames (§6.11, §6.12)', () => {
  it.each([true, false])(
    'follows the segments, and keeps the last frame to the end (irreversible: %s)',
    async (irreversible) => {
      const made = await madeWith();
      const p = made.sealed.parameters;
      const reading = new Reading(made, irreversible);
      expect(await reading.givenAt(wireOffset(p, 0) + 64 + 10)).toBe(0);
      // All of its frames, nothing of its digest.
      expect(await reading.givenAt(wireOffset(p, 1) - 140)).toBe(firstSegment);
      expect(reading.sink.committedBytes).toBe(0);
      expect(await reading.givenAt(wireOffset(p, 1))).toBe(firstSegment);
      expect(reading.sink.committedBytes).toBe(firstSegment);
      expect(await reading.givenAt(wireOffset(p, 2))).toBe(firstSegment + 16_384);
      // Everything is there, and nobody knows yet that it is (§6.14).
      expect(await reading.givenAt(made.bytes.length)).toBe(content.length - lastFrame);
      expect(reading.sink.committedBytes).toBe(firstSegment + 16_384);
      await reading.end();
      expect(equalBytes(reading.sink.given(), content)).toBe(true);
      expect([reading.sink.state, reading.sink.committedBytes]).toEqual(['finished', content.length]);
    },
  );

  it('lets nothing go of a last frame whose stream goes on', async () => {
    const made = await madeWith();
    const longer = Uint8Array.of(...made.bytes, 0);
    for (const irreversible of [true, false]) {
      const sink = new WatchedSink(irreversible);
      const run = decryptStream({ input: cutSource(longer, [5000]), sink, access, pool }, calm);
      expect((await failureOf(run)).code).toBe('trailing-data');
      expect(sink.givenBytes).toBe(content.length - lastFrame);
    }
  });

  it('keeps a single frame back, and has none to keep of an empty stream', async () => {
    const one = await makeScheduled(content.subarray(0, 100));
    const reading = new Reading(one, true);
    expect(await reading.givenAt(one.bytes.length)).toBe(0);
    await reading.end();
    expect(reading.sink.givenBytes).toBe(100);
    const empty = await makeScheduled(new Uint8Array(0));
    const nothing = new Reading(empty, true);
    await nothing.givenAt(empty.bytes.length);
    expect(nothing.sink.state).toBe('open');
    await nothing.end();
    expect([nothing.sink.state, nothing.sink.givenBytes]).toEqual(['finished', 0]);
  });
});

describe('release of frames above the streaming threshold (§6.12)', () => {
  it('waits for the segment where it cannot be taken back', async () => {
    const made = await madeWith();
    const p = made.sealed.parameters;
    const reading = new Reading(made, true, { streamingThreshold: frame - 1 });
    expect(await reading.givenAt(wireOffset(p, 1) - 1)).toBe(0);
    expect(await reading.givenAt(wireOffset(p, 1))).toBe(firstSegment);
    expect(await reading.givenAt(wireOffset(p, 2) - 1)).toBe(firstSegment);
    expect(await reading.givenAt(wireOffset(p, 2))).toBe(firstSegment + 16_384);
    expect(await reading.givenAt(made.bytes.length - 1)).toBe(firstSegment + 16_384);
    expect(await reading.givenAt(made.bytes.length)).toBe(content.length - lastFrame);
    await reading.end();
    expect(equalBytes(reading.sink.given(), content)).toBe(true);
  });

  it('does not wait where the threshold is the frame size, or the sink can take back', async () => {
    const made = await madeWith();
    const almost = wireOffset(made.sealed.parameters, 1) - 1;
    expect(await new Reading(made, true, { streamingThreshold: frame }).givenAt(almost)).toBe(firstSegment);
    expect(await new Reading(made, false, { streamingThreshold: 0 }).givenAt(almost)).toBe(firstSegment);
  });

  it('is 64 KiB unless told', async () => {
    const long = randomLooking(400_000, 'threshold');
    const made = async (frameSizeLog2: number): Promise<MadeStream> =>
      makeScheduled(long, parametersOf({ frameSizeLog2, segmentSizeLog2: 18 }));
    const almost = (stream: MadeStream): number => wireOffset(stream.sealed.parameters, 1) - 1;
    const [small, large] = [await made(16), await made(17)];
    expect(await new Reading(small, true).givenAt(almost(small))).toBe(2 ** 18 - 512);
    expect(await new Reading(large, true).givenAt(almost(large))).toBe(0);
    expect(await new Reading(large, false).givenAt(almost(large))).toBe(2 ** 18 - 512);
  });

  it('does not concern a segment that has no such frame', async () => {
    // Frames could have 16 KiB; the only one has 100 bytes.
    const made = await makeScheduled(content.subarray(0, 100), parametersOf({ frameSizeLog2: 14 }));
    const reading = new Reading(made, true, { streamingThreshold: 100 });
    await reading.givenAt(made.bytes.length);
    await reading.end();
    expect(reading.sink.givenBytes).toBe(100);
  });
});

describe('release of compressed segments (§6.13)', () => {
  const plain = content.map((byte) => byte & 1);

  it.each([true, false])(
    'waits for the whole segment, and of the last one for the whole stream (irreversible: %s)',
    async (irreversible) => {
      const made = await makeScheduled(plain, parametersOf({ compression: 1 }));
      const ends = made.segments.map(
        (_, i) => 512 + made.segments.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0),
      );
      const reading = new Reading(made, irreversible);
      expect(await reading.givenAt(ends[0]! - 1)).toBe(0);
      expect(await reading.givenAt(ends[0]!)).toBe(firstSegment);
      expect(await reading.givenAt(ends[1]! - 1)).toBe(firstSegment);
      expect(await reading.givenAt(ends[2]!)).toBe(firstSegment + 16_384);
      await reading.end();
      expect(equalBytes(reading.sink.given(), plain)).toBe(true);
    },
  );
});

describe('release of indexed streams (§6.15)', () => {
  const parts = [{ partNumber: 1, lengths: [16_384, 16_384, 7_232] }];

  it('begins with the index: from a pipe there is none (§7.11)', async () => {
    const made = await makeIndexed(content, parts);
    const sink = new WatchedSink();
    const run = decryptStream({ input: cutSource(made.bytes, [1000]), sink, access, pool }, calm);
    expect((await failureOf(run)).code).toBe('not-seekable');
    expect([sink.state, sink.givenBytes]).toEqual(['aborted', 0]);
  });

  it('lets nothing go where the index is wrong, and whole segments before one that is', async () => {
    const made = await makeIndexed(content, parts);
    for (const irreversible of [true, false]) {
      const streamingThreshold = irreversible ? 0 : undefined;
      const broken = xorBit(made.bytes, 8 * (made.bytes.length - made.tail.length + 100));
      const nothing = new WatchedSink(irreversible);
      const input = createMemorySource(broken);
      await failureOf(decryptStream({ input, sink: nothing, access, pool, streamingThreshold }, calm));
      expect(nothing.givenBytes).toBe(0);
      const later = xorBit(made.bytes, 8 * (made.segments[0]!.length + 64 + 50));
      const one = new WatchedSink(irreversible);
      const request = { input: createMemorySource(later), sink: one, access, pool, streamingThreshold };
      expect((await failureOf(decryptStream(request, calm))).code).toBe('crc-mismatch');
      expect(one.givenBytes).toBe(16_384);
    }
  });
});

describe('a refused stream of which the verified part is kept', () => {
  it('finishes with the segments before the one that was refused', async () => {
    const made = await madeWith();
    const broken = xorBit(made.bytes, 8 * (wireOffset(made.sealed.parameters, 2) - 500));
    for (const keepVerifiedPrefix of [true, false]) {
      const sink = new WatchedSink();
      const request = { input: createMemorySource(broken), sink, access, pool, keepVerifiedPrefix };
      expect((await failureOf(decryptStream(request, calm))).code).toBe('crc-mismatch');
      expect(sink.committedBytes).toBe(firstSegment);
      expect(sink.state).toBe(keepVerifiedPrefix ? 'finished' : 'aborted');
    }
  });

  it('keeps nothing where it was not the stream that failed', async () => {
    const made = await madeWith();
    const sink = new WatchedSink();
    const stop = new AbortController();
    sink.commitSegment = async () => stop.abort();
    const request = { input: createMemorySource(made.bytes), sink, access, pool, keepVerifiedPrefix: true };
    expect((await failureOf(decryptStream(request, stop.signal))).code).toBe('aborted');
    expect(sink.state).toBe('aborted');
  });
});

describe('a pinned digest (§6.22, §6.23)', () => {
  const parts = [{ partNumber: 1, lengths: [16_384, 16_384, 7_232] }];
  const other = randomLooking(32, 'other');

  async function read(
    made: MadeStream,
    options: Partial<DecryptRequest>,
  ): Promise<{ sink: WatchedSink; code: string }> {
    const sink = new WatchedSink(true);
    const run = decryptStream({ input: createMemorySource(made.bytes), sink, access, pool, ...options }, calm);
    const code = await run.then(
      () => 'opened',
      (error: { code: string }) => error.code,
    );
    return { sink, code };
  }

  it.each([1, 2] as const)(
    'of digest %i tells this stream from any other before its last frame is let go',
    async (digestAlg) => {
      const made = await madeWith({ digestAlg });
      expect((await read(made, { expectDigest: made.streamDigest })).code).toBe('opened');
      const { sink, code } = await read(made, { expectDigest: other });
      expect(code).toBe('stream-digest-mismatch');
      expect(sink.givenBytes).toBeLessThanOrEqual(content.length - lastFrame);
      expect(sink.state).toBe('aborted');
    },
  );

  it('of digest 3 is taken only if the reader says so', async () => {
    const made = await madeWith({ digestAlg: 3 });
    const { sink, code } = await read(made, { expectDigest: made.streamDigest });
    expect([code, sink.givenBytes]).toEqual(['stream-digest-mismatch', 0]);
    const accepting = { acceptTagDigest: true };
    expect((await read(made, { expectDigest: made.streamDigest, ...accepting })).code).toBe('opened');
    expect((await read(made, { expectDigest: other, ...accepting })).code).toBe('stream-digest-mismatch');
  });

  it('of an indexed stream is compared before anything is let go', async () => {
    const made = await makeIndexed(content, parts);
    expect((await read(made, { expectDigest: made.streamDigest })).code).toBe('opened');
    const { sink, code } = await read(made, { expectDigest: other });
    expect([code, sink.givenBytes]).toEqual(['stream-digest-mismatch', 0]);
  });

  it('is of no use to a reader of a part, unless there is an index', async () => {
    const range = { first: 10, last: 20 };
    const readPart = (made: MadeStream, expectDigest: Uint8Array) => {
      const input = createMemorySource(made.bytes);
      return decryptRange({ input, sink: new WatchedSink(), access, pool, range, expectDigest }, calm);
    };
    const scheduled = await madeWith();
    expect((await failureOf(readPart(scheduled, scheduled.streamDigest))).code).toBe('bad-parameters');
    const indexed = await makeIndexed(content, parts);
    expect(await readPart(indexed, indexed.streamDigest)).toEqual(range);
    expect((await failureOf(readPart(indexed, other))).code).toBe('stream-digest-mismatch');
  });
});
