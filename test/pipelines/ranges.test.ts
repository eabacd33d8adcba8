import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../../src/format/bytes.ts';
import { writeU32 } from '../../src/format/little-endian.ts';
import { wireOffset } from '../../src/format/schedule.ts';
import type { RangeRequest } from '../../src/pipelines/content-range.ts';
import { resolveRange } from '../../src/pipelines/content-range.ts';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import type { ByteSpan, WireInput } from '../../src/pipelines/wire-input.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import type { SeekableSource } from '../../src/sources/source.ts';
import { randomLooking, xorBit } from '../support/content.ts';
import { countReads } from '../support/counting-source.ts';
import { failureOf } from '../support/refusal.ts';
import { access, calm, inlinePool, makeIndexed, makeScheduled, parametersOf } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

const pool = inlinePool(2 ** 22);
afterAll(() => pool.close());

const content = randomLooking(60_000, 'ranges');
const first = 16_384 - 512;
const parts = [
  { partNumber: 1, lengths: [16_384, 5_000] },
  { partNumber: 2, lengths: [0] },
  { partNumber: 7, lengths: [16_384, 16_384, 5_848] },
];

async function read(input: SeekableSource, range: RangeRequest): Promise<Uint8Array> {
  const sink = new WatchedSink(true);
  await decryptRange({ input, sink, access, pool, range }, calm);
  expect(sink.state).toBe('finished');
  return sink.given();
}

async function refusal(stream: Uint8Array | SeekableSource, range: RangeRequest) {
  const sink = new WatchedSink(true);
  const input = stream instanceof Uint8Array ? createMemorySource(stream) : stream;
  const failure = await failureOf(decryptRange({ input, sink, access, pool, range }, calm));
  expect(sink.state).toBe('aborted');
  return failure;
}

const making = {
  scheduled: makeScheduled(content),
  compressed: makeScheduled(
    content.map((byte) => byte & 1),
    parametersOf({ compression: 1 }),
  ),
  indexed: makeIndexed(content, parts),
};
const kinds = ['scheduled', 'compressed', 'indexed'] as const;

describe('a range', () => {
  it.each(kinds)('of which the content has nothing is refused (%s)', async (kind) => {
    const { bytes } = await making[kind];
    for (const range of [
      { first: 60_000 },
      { first: 60_000, last: 70_000 },
      { first: 2 ** 50 },
      { suffix: 0 },
      { first: 10, last: 9 },
    ]) {
      expect((await refusal(bytes, range)).code, JSON.stringify(range)).toBe('bad-range');
    }
    const empty =
      kind === 'indexed'
        ? await makeIndexed(new Uint8Array(0), [{ partNumber: 1, lengths: [0] }])
        : await makeScheduled(new Uint8Array(0));
    for (const range of [{ first: 0 }, { first: 0, last: 0 }, { suffix: 1 }]) {
      expect((await refusal(empty.bytes, range)).code).toBe('bad-range');
    }
  });

  it.each(kinds)('that goes beyond the content ends with it (%s)', async (kind) => {
    const made = await making[kind];
    for (const [range, start] of [
      [{ first: 59_999, last: 2 ** 40 }, 59_999],
      [{ suffix: 100_000 }, 0],
      [{ first: 0 }, 0],
    ] as const) {
      expect(equalBytes(await read(createMemorySource(made.bytes), range), made.content.subarray(start))).toBe(true);
    }
  });

  it('reads its frames and nothing else', async () => {
    const made = await making.scheduled;
    const source = countReads(createMemorySource(made.bytes));
    await read(source, { first: first + 5000, last: first + 5001 });
    // The header's probe, the segment's header, one frame.
    expect(source.ranges.slice(1)).toEqual([
      { position: wireOffset(made.sealed.parameters, 1), length: 64 },
      { position: wireOffset(made.sealed.parameters, 1) + 64 + 4096 + 36, length: 4096 + 36 },
    ]);
  });

  it('is resolved as both ends say', () => {
    expect(resolveRange({ first: 2, last: 5 }, 10)).toEqual({ first: 2, last: 5 });
    expect(resolveRange({ first: 2, last: 10 }, 10)).toEqual({ first: 2, last: 9 });
    expect(resolveRange({ first: 2 }, 10)).toEqual({ first: 2, last: 9 });
    expect(resolveRange({ suffix: 3 }, 10)).toEqual({ first: 7, last: 9 });
    expect(resolveRange({ suffix: 30 }, 10)).toEqual({ first: 0, last: 9 });
  });
});

describe('a range of a damaged stream', () => {
  it('is judged by all bytes that its place predicts (§6.16, §6.17)', async () => {
    const made = await making.scheduled;
    const start = wireOffset(made.sealed.parameters, 1);
    const segment = made.segments[1]!;
    const range = { first: first + 4096, last: first + 4100 };
    for (let bit = 0; bit < 60 * 8; bit++) {
      const flipped = xorBit(segment, bit);
      writeU32(flipped, 60, crc32(flipped.subarray(0, 60)));
      const stream = made.bytes.slice();
      stream.set(flipped, start);
      const byte = bit >> 3;
      // Of the frames that are not read, the CRC-32 says nothing to this reader.
      if (byte >= 48 && byte < 52) await read(createMemorySource(stream), range);
      else {
        const { code } = await refusal(stream, range);
        const expected =
          byte < 4 ? 'bad-magic' : byte < 8 ? 'segment-order' : byte === 11 ? 'unsupported' : 'bad-segment';
        const one = byte === 11 && (bit & 7) === 0 ? 'bad-segment' : expected;
        expect(code, `bit ${bit}`).toBe(byte >= 24 && byte < 40 ? 'frame-auth' : one);
      }
    }
    for (let bit = 0; bit < 20 * 8; bit++) {
      const stream = xorBit(made.bytes, 8 * (start + 64 + 4096 + 36) + bit);
      expect((await refusal(stream, range)).code, `bit ${bit} of the frame`).toBe('bad-frame');
    }
  });

  it('is refused where its frames are concerned, and given where not (§6.18)', async () => {
    const made = await making.scheduled;
    const start = wireOffset(made.sealed.parameters, 1) + 64;
    const inSecondFrame = xorBit(made.bytes, 8 * (start + 4096 + 36 + 100));
    expect(await refusal(inSecondFrame, { first: first + 4000, last: first + 5000 })).toMatchObject({
      code: 'frame-auth',
      segment: 1,
      frame: 1,
    });
    const before = { first: first + 10, last: first + 4095 };
    const whole = await read(createMemorySource(inSecondFrame), before);
    expect(equalBytes(whole, content.subarray(before.first, before.last + 1))).toBe(true);
    // A segment that is read as a whole is judged as a whole.
    expect((await refusal(inSecondFrame, { first: first, last: first + 16_383 })).code).toBe('crc-mismatch');
    const header = xorBit(made.bytes, 8 * (start + 4096 + 36 + 3));
    expect((await refusal(header, { first: first + 4096, last: first + 4100 })).code).toBe('bad-frame');
  });

  it('gives of a segment what stands before the damage, and then the refusal', async () => {
    const made = await making.scheduled;
    const start = wireOffset(made.sealed.parameters, 1) + 64;
    const damaged = xorBit(made.bytes, 8 * (start + 2 * (4096 + 36) + 100));
    const sink = new WatchedSink(true);
    const range = { first: 100, last: first + 3 * 4096 - 1 };
    const run = decryptRange({ input: createMemorySource(damaged), sink, access, pool, range }, calm);
    expect((await failureOf(run)).code).toBe('frame-auth');
    expect(equalBytes(sink.given(), content.subarray(100, 100 + sink.givenBytes))).toBe(true);
    expect(sink.givenBytes).toBeLessThanOrEqual(first + 2 * 4096);
  });

  it('does not believe a length that the last segment does not prove (§6.20)', async () => {
    const made = await making.scheduled;
    const { parameters } = made.sealed;
    const lastSegment = wireOffset(parameters, 3);
    // Cut so that it looks like another, shorter stream.
    const shorter = made.bytes.subarray(0, lastSegment + 64 + 5000 + 3 * 36 + 36 + 68);
    for (const range of [{ suffix: 10 }, { first: 50_000 }, { first: 0, last: 2 ** 40 }]) {
      expect((await refusal(shorter, range)).code).toBe('bad-segment');
    }
    const noTerminator = xorBit(made.bytes, 8 * (made.bytes.length - 1));
    expect((await refusal(noTerminator, { suffix: 10 })).code).toBe('frame-auth');
    // What does not depend on the length needs no proof of it.
    const inside = { first: 5, last: 20_000 };
    expect(equalBytes(await read(createMemorySource(noTerminator), inside), content.subarray(5, 20_001))).toBe(true);
  });

  it('of a compressed stream is refused where the walk does not end with the input (§6.19)', async () => {
    const made = await making.compressed;
    const range = { first: 0, last: 10 };
    expect((await refusal(concatBytes(made.bytes, Uint8Array.of(0)), range)).code).toBe('trailing-data');
    expect((await refusal(made.bytes.subarray(0, -1), range)).code).toBe('truncated');
    expect((await refusal(xorBit(made.bytes, 8 * made.bytes.length - 1), range)).code).toBe('frame-auth');
  });

  it('is truncated where the input became shorter meanwhile', async () => {
    for (const kind of kinds) {
      const made = await making[kind];
      for (const missing of [1, 36, 37, 600, 10_000]) {
        const shrunk: SeekableSource = { ...cut(made.bytes, made.bytes.length - missing), size: made.bytes.length };
        expect((await refusal(shrunk, { suffix: 20 })).code, `${kind} without ${missing}`).toBe('truncated');
      }
    }
  });

  /** The first bytes of a stream. */
  function cut(bytes: Uint8Array, length: number): SeekableSource {
    const { name, size, readAt, close } = createMemorySource(bytes.slice(0, length));
    const source = createMemorySource(bytes.slice(0, length));
    return { name, size, readAt: readAt.bind(source), close: close.bind(source) };
  }
});

describe('a compressed stream of more segments than a walk remembers', () => {
  it('has its ranges where they are, and they stop when they are told to', { timeout: 60_000 }, async () => {
    const segments = 4200;
    // Each segment tells its place, so that none can be taken for another.
    const long = new Uint8Array(segments * 16_384 - 512);
    for (let i = 0; i < segments; i++) long.fill(i % 251, Math.max(0, i * 16_384 - 512), (i + 1) * 16_384 - 512);
    const made = await makeScheduled(long, parametersOf({ compression: 1 }));
    const planned: ByteSpan[] = [];
    const planning = (): SeekableSource & Pick<WireInput, 'requests'> => ({
      ...countReads(createMemorySource(made.bytes)),
      requests: {
        endsIndexed: false,
        readAheadBytes: 2 ** 20,
        planReads: (spans) => planned.push(...spans),
        prefetch: () => Promise.resolve(),
      },
    });
    for (const range of [
      { first: 70_000, last: 70_100 },
      { first: 16_384 * 4099 - 600, last: 16_384 * 4100 },
      { first: 16_384 * 4199 },
      { suffix: 100 },
      { suffix: 16_384 * 3 },
    ]) {
      const { first, last } = resolveRange(range, long.length);
      for (const input of [createMemorySource(made.bytes), planning()]) {
        const found = await read(input, range);
        expect(Buffer.compare(found, long.subarray(first, last + 1)), JSON.stringify(range)).toBe(0);
      }
    }
    // What is to be read by requests is a stretch for each range, no longer than its segments are.
    const ends = [512];
    for (const { length } of made.segments) ends.push(ends.at(-1)! + length);
    const spans = [
      [4, 5],
      [4098, 4101],
      [4199, 4200],
      [4199, 4200],
      [4197, 4200],
    ] as const;
    expect(planned).toEqual(spans.map(([from, to]) => ({ start: ends[from], end: ends[to] })));
    const stop = new AbortController();
    const counted = countReads(createMemorySource(made.bytes));
    const stopping: SeekableSource = {
      ...counted,
      readAt(position, target) {
        if (position > 10_000) stop.abort();
        return counted.readAt(position, target, calm);
      },
    };
    const request = { input: stopping, sink: new WatchedSink(), access, pool, range: { suffix: 1 } };
    expect((await failureOf(decryptRange(request, stop.signal))).code).toBe('aborted');
    expect(counted.reads).toBeLessThan(300);
  });
});
