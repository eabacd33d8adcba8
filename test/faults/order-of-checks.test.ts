import { afterAll, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/format/bytes.ts';
import { writeU32 } from '../../src/format/little-endian.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { createFramePool, type FramePool } from '../../src/workers/frame-pool.ts';
import { randomLooking } from '../support/content.ts';
import { forgeSegment } from '../support/forge.ts';
import { cutSource } from '../support/pieces.ts';
import { failureOf } from '../support/refusal.ts';
import { repairSegment } from '../support/repair.ts';
import {
  access,
  calm,
  inlinePool,
  makeIndexed,
  makeScheduled,
  parametersOf,
  sealedHeader,
} from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

// Streams that are wrong in several ways at once. What is reported depends neither on how they are read nor on what
// happened to be decrypted first (§6.1, §6.5).

const inline = inlinePool(2 ** 21);
// So little wire memory makes every frame a batch of its own.
const threaded = createFramePool({ workers: 3, plainBytes: 2 ** 22, wireBytes: 8 * (4096 + 64) });
afterAll(() => Promise.all([inline.close(), threaded.close()]));

const content = randomLooking(40_000, 'order');
const making = makeScheduled(content);
const frame = (index: number): number => 64 + index * (4096 + 36);
const middle = 1;

type Edit = (segment: Uint8Array) => void;
const badHeader =
  (index: number): Edit =>
  (segment) => {
    segment[frame(index) + 1]! ^= 1;
  };
const badTag =
  (index: number): Edit =>
  (segment) => {
    segment[frame(index) + 100]! ^= 1;
  };

interface Place {
  readonly code: string;
  readonly segment?: number | undefined;
  readonly frame?: number | undefined;
}

/** What a stream is refused with; the same in every way of reading it. */
async function refusalOf(stream: Uint8Array): Promise<Place> {
  let found: Place | undefined;
  for (const pool of [inline, threaded] satisfies FramePool[]) {
    for (const pipe of [false, true]) {
      for (const streamingThreshold of [undefined, 0]) {
        if (pipe && stream[0] === 0x53 && stream[1] === 0x45 && stream[2] === 0x47) continue;
        const input = pipe ? cutSource(stream, [1234]) : createMemorySource(stream);
        const sink = new WatchedSink(true);
        const run = decryptStream({ input, sink, access, pool, streamingThreshold }, calm);
        const { code, segment, frame } = await failureOf(run);
        const place = { code, segment, frame };
        if (found !== undefined) expect(place).toEqual(found);
        found = place;
      }
    }
  }
  return found!;
}

async function withMiddle(edits: readonly Edit[], repaired: boolean): Promise<Uint8Array> {
  const made = await making;
  const segment = made.segments[middle]!.slice();
  for (const edit of edits) edit(segment);
  if (repaired) repairSegment(segment);
  return concatBytes(made.header, ...made.segments.with(middle, segment));
}

describe('of several things that are wrong in a segment', () => {
  it('the first frame is named, its header before its tag (§6.9)', async () => {
    for (const [edits, expected] of [
      [[badHeader(2), badTag(1)], { code: 'frame-auth', segment: 1, frame: 1 }],
      [[badHeader(1), badTag(2)], { code: 'bad-frame', segment: 1, frame: 1 }],
      [[badHeader(1), badTag(1)], { code: 'bad-frame', segment: 1, frame: 1 }],
      [[badTag(3), badTag(2), badTag(0)], { code: 'frame-auth', segment: 1, frame: 0 }],
    ] as const) {
      expect(await refusalOf(await withMiddle(edits, true))).toEqual(expected);
    }
  });

  it('DATA frames come before DIGEST, DIGEST before TERMINATOR', async () => {
    const made = await making;
    const length = made.segments[middle]!.length;
    const digest: Edit = (segment) => {
      segment[length - 36 - 50]! ^= 1;
    };
    const terminator: Edit = (segment) => {
      segment[length - 1]! ^= 1;
    };
    expect(await refusalOf(await withMiddle([digest, terminator, badTag(3)], true))).toMatchObject({ frame: 3 });
    expect(await refusalOf(await withMiddle([digest, terminator], true))).toMatchObject({
      code: 'frame-auth',
      frame: 4,
    });
    expect(await refusalOf(await withMiddle([terminator], true))).toMatchObject({ code: 'frame-auth', frame: 5 });
  });

  it('the CRC-32 comes before all of its frames, and the end of the input before the CRC-32 (§6.8)', async () => {
    const rotten = await withMiddle([badHeader(0), badTag(1)], false);
    expect(await refusalOf(rotten)).toEqual({ code: 'crc-mismatch', segment: 1, frame: undefined });
    const made = await making;
    const end = made.header.length + made.segments[0]!.length + made.segments[1]!.length;
    for (const missing of [1, 140, 9000]) {
      expect(await refusalOf(rotten.subarray(0, end - missing))).toMatchObject({ code: 'truncated', segment: 1 });
    }
  });

  it('its header comes before everything, in the order of §6.7', async () => {
    const header =
      (offset: number, value: number): Edit =>
      (segment) => {
        segment[offset] = value;
      };
    const all = [header(8, 0xff), header(11, 9), header(4, 7), badTag(0)];
    expect(await refusalOf(await withMiddle([...all, header(0, 0x54)], true))).toEqual({
      code: 'bad-magic',
      segment: 1,
    });
    expect(await refusalOf(await withMiddle(all, false))).toMatchObject({ code: 'crc-mismatch', segment: 1 });
    expect(await refusalOf(await withMiddle(all, true))).toMatchObject({ code: 'segment-order', segment: 1 });
    expect(await refusalOf(await withMiddle(all.toSpliced(2, 1), true))).toMatchObject({ code: 'unsupported' });
    expect(await refusalOf(await withMiddle([header(8, 0xff), badTag(0)], true))).toMatchObject({
      code: 'bad-segment',
    });
  });

  it('an earlier segment comes before a later one', async () => {
    const made = await making;
    const last = made.segments[2]!.slice();
    badTag(0)(last);
    const wrong = made.segments[1]!.slice();
    badTag(3)(wrong);
    const stream = concatBytes(made.header, made.segments[0]!, repairSegment(wrong), repairSegment(last));
    expect(await refusalOf(stream)).toEqual({ code: 'frame-auth', segment: 1, frame: 3 });
  });
});

describe('behind the FINAL segment (§6.10)', () => {
  it('the stream digest comes before the end of the input', async () => {
    const first = await makeScheduled(content, parametersOf(), { saltSeed: 'first' });
    const second = await makeScheduled(content, parametersOf(), { saltSeed: 'second' });
    const mixed = concatBytes(first.header, second.segments[0]!, ...first.segments.slice(1));
    expect(await refusalOf(concatBytes(mixed, Uint8Array.of(0)))).toEqual({
      code: 'stream-digest-mismatch',
      segment: 2,
    });
    expect(await refusalOf(concatBytes(first.bytes, Uint8Array.of(0)))).toEqual({ code: 'trailing-data' });
  });

  it('a compressed payload is decoded after the digest was compared', async () => {
    const stream = sealedHeader(parametersOf({ compression: 1 }), 'order');
    const payload = randomLooking(100, 'no zstd');
    const facts = { segmentIndex: 0, flags: 1, contentLength: 5000, compression: 1 } as const;
    const nonsense = forgeSegment(stream, { facts, data: [payload] });
    expect(await refusalOf(concatBytes(stream.header.bytes, nonsense.bytes))).toEqual({
      code: 'bad-payload',
      segment: 0,
    });
    const tail = [
      { type: 2, plaintext: new Uint8Array(68) },
      { type: 3, plaintext: new Uint8Array(0) },
    ] as const;
    const wrongDigest = forgeSegment(stream, { facts, data: [payload], tail });
    expect(await refusalOf(concatBytes(stream.header.bytes, wrongDigest.bytes))).toMatchObject({
      code: 'digest-mismatch',
    });
  });

  it('of layout 1, the digests of the segments are in their order, the index’s own last (§7.9)', async () => {
    const parts = [{ partNumber: 1, lengths: [16_384, 16_384, 7_232] }];
    const made = await makeIndexed(content, parts);
    const index = made.tail.slice(0, -532);
    // The flag that says that it is the index is under every tag.
    const unflagged = index.slice();
    writeU32(unflagged, 8, 0x0002_0201);
    const stream = concatBytes(...made.segments, repairSegment(unflagged), made.tail.subarray(-532));
    expect(await refusalOf(stream)).toMatchObject({ segment: 0xffffffff });
    const broken = index.slice();
    broken[100]! ^= 1;
    const tampered = concatBytes(...made.segments, repairSegment(broken), made.tail.subarray(-532));
    expect(await refusalOf(tampered)).toEqual({ code: 'frame-auth', segment: 0xffffffff, frame: 0 });
  });
});
