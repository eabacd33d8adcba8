import { afterAll, describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/format/bytes.ts';
import { contentCapacity, contentOffset, streamLength } from '../../src/format/schedule.ts';
import type { StreamParameters } from '../../src/format/stream-parameters.ts';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { createMemorySource, type MemorySource } from '../../src/sources/memory-source.ts';
import { createFramePool } from '../../src/workers/frame-pool.ts';
import { parameters } from '../format/arbitraries.ts';
import { randomLooking, sharedCopy } from '../support/content.ts';
import { cutSource } from '../support/pieces.ts';
import { fc } from '../support/properties.ts';
import { access, calm, inlinePool, type MadeStream, makeIndexed, makeScheduled } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

const inline = inlinePool(2 ** 23);
const threaded = createFramePool({ workers: 2, plainBytes: 2 ** 23, wireBytes: 2 ** 22 });
afterAll(() => Promise.all([inline.close(), threaded.close()]));

/** Streams that a test can afford: segments of 256 KiB at most. */
const scheduled = parameters({ layouts: [0], maxSegmentSizeLog2: 18 }).map((p) => ({
  ...p,
  growEvery: p.growEvery > 0 ? 1 + (p.growEvery % 3) : 0,
}));
const indexed = parameters({ layouts: [1], maxSegmentSizeLog2: 16 });

/** A length at one of the boundaries of these sizes, or a byte beside it. */
function boundaryLengths(p: StreamParameters) {
  const frame = 2 ** p.frameSizeLog2;
  const boundaries = [
    0,
    1,
    frame,
    2 * frame,
    ...[0, 1, 2, 3].flatMap((i) => [
      contentOffset(p, i),
      contentOffset(p, i) + frame,
      contentOffset(p, i) + contentCapacity(p, i),
    ]),
  ].filter((length) => length <= 1_000_000);
  return fc
    .tuple(fc.constantFrom(...boundaries), fc.constantFrom(-1, 0, 1))
    .map(([boundary, beside]) => Math.max(0, boundary + beside));
}

const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 70_000 })), {
  minLength: 1,
  maxLength: 5,
});

/** Half of the runs have content that becomes smaller by compression. */
function contentOf(length: number, compressible: boolean): Uint8Array {
  const content = randomLooking(length, `round trip ${length}`);
  return compressible ? content.map((byte) => byte & 1) : content;
}

interface Reading {
  readonly irreversible: boolean;
  readonly threads: boolean;
  readonly streamingThreshold: number | undefined;
  readonly pipe: number[] | null;
  /** Lent by the source, where it is no pipe. */
  readonly shared: boolean;
}

const reading = fc.record<Reading>({
  irreversible: fc.boolean(),
  threads: fc.boolean(),
  streamingThreshold: fc.constantFrom(undefined, 0, 4096, 2 ** 20),
  pipe: fc.option(cuts),
  shared: fc.boolean(),
});

function memorySource(bytes: Uint8Array, shared: boolean): MemorySource {
  return createMemorySource(shared ? sharedCopy(bytes) : bytes);
}

async function opens(made: MadeStream, how: Reading): Promise<void> {
  const sink = new WatchedSink(how.irreversible);
  const pipe = how.pipe !== null && made.tail.length === 0;
  const input = pipe ? cutSource(made.bytes, how.pipe!) : memorySource(made.bytes, how.shared);
  const pool = how.threads ? threaded : inline;
  const { streamingThreshold } = how;
  const result = await decryptStream({ input, sink, access, pool, streamingThreshold }, calm);
  expect(equalBytes(sink.given(), made.content)).toBe(true);
  expect([sink.state, sink.committedBytes]).toEqual(['finished', made.content.length]);
  expect(equalBytes(result.streamDigest, made.streamDigest)).toBe(true);
  expect(result.contentLength).toBe(made.content.length);
}

async function rangeIs(
  made: MadeStream,
  first: number,
  last: number,
  shape: 'closed' | 'open' | 'suffix',
  threads: boolean,
): Promise<void> {
  const { length } = made.content;
  const sink = new WatchedSink();
  const range = { closed: { first, last }, open: { first }, suffix: { suffix: length - first } }[shape];
  const pool = threads ? threaded : inline;
  const found = await decryptRange(
    { input: memorySource(made.bytes, first % 2 === 0), sink, access, range, pool },
    calm,
  );
  const end = shape === 'closed' ? Math.min(last, length - 1) : length - 1;
  expect(found).toEqual({ first, last: end });
  expect(equalBytes(sink.given(), made.content.subarray(first, end + 1))).toBe(true);
  expect([sink.state, sink.committedBytes]).toEqual(['finished', end + 1 - first]);
}

const someRange = fc.record({
  first: fc.nat(),
  count: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 300_000 })),
  shape: fc.constantFrom('closed', 'open', 'suffix'),
  threads: fc.boolean(),
});

describe('a stream of layout 0', () => {
  it('holds what was put into it, whatever its sizes and however it comes and goes', async () => {
    const cases = scheduled.chain((p) => fc.tuple(fc.constant(p), boundaryLengths(p), fc.boolean(), cuts, reading));
    await fc.assert(
      fc.asyncProperty(cases, async ([p, length, compressible, writing, how]) => {
        const content = contentOf(length, compressible);
        // Salts are drawn as segments come out of compression, on several threads in any order.
        const pool = how.threads && p.compression === 0 ? threaded : inline;
        const made = await makeScheduled(content, p, { pool });
        if (p.compression === 0) expect(made.bytes).toHaveLength(streamLength(p, length));
        await opens(made, how);
        // The same content in other pieces, of a length that nobody knows, makes the same stream.
        const sourceOf = (bytes: Uint8Array) => cutSource(bytes, writing);
        const again = await makeScheduled(content, p, { pool: inline, sourceOf });
        expect(equalBytes(again.bytes, made.bytes)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('gives every range as a slice of its content', async () => {
    const cases = scheduled.chain((p) =>
      fc.tuple(fc.constant(p), boundaryLengths(p), fc.boolean(), fc.array(someRange, { minLength: 3, maxLength: 8 })),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([p, length, compressible, ranges]) => {
        const content = contentOf(Math.max(1, length), compressible);
        const made = await makeScheduled(content, p, { pool: inline });
        for (const { first, count, shape, threads } of ranges) {
          const start = first % content.length;
          await rangeIs(made, start, start + count - 1, shape, threads);
        }
      }),
      { numRuns: 80 },
    );
  });
});

describe('a stream of layout 1', () => {
  /** Parts as a client might cut them: empty ones, single ones, some of many segments. */
  function partsOf(p: StreamParameters) {
    const segment = fc.oneof(fc.integer({ min: 1, max: 2 ** p.segmentSizeLog2 }), fc.constant(2 ** p.segmentSizeLog2));
    const lengths = fc.oneof(fc.constant<number[]>([0]), fc.array(segment, { minLength: 1, maxLength: 4 }));
    return fc
      .uniqueArray(fc.record({ partNumber: fc.integer({ min: 1, max: 10_000 }), lengths }), {
        selector: ({ partNumber }) => partNumber,
        minLength: 1,
        maxLength: 5,
      })
      .map((parts) => parts.toSorted((a, b) => a.partNumber - b.partNumber));
  }

  it('holds what was put into it, and gives every range as a slice of it', async () => {
    const cases = indexed.chain((p) =>
      fc.tuple(fc.constant(p), partsOf(p), reading, fc.array(someRange, { maxLength: 5 })),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([p, parts, how, ranges]) => {
        const length = parts.flatMap((part) => part.lengths).reduce((sum, each) => sum + each, 0);
        const content = contentOf(length, false);
        const made = await makeIndexed(content, parts, p, { pool: how.threads ? threaded : inline });
        await opens(made, how);
        if (length === 0) return;
        for (const { first, count, shape, threads } of ranges) {
          const start = first % length;
          await rangeIs(made, start, start + count - 1, shape, threads);
        }
      }),
      { numRuns: 80 },
    );
  });
});
