import { describe, expect, it } from 'vitest';
import { contentOffset, locateContent, wireOffset } from '../../../src/format/schedule.ts';
import type { RangeRequest } from '../../../src/pipelines/content-range.ts';
import type { ByteSpan } from '../../../src/pipelines/wire-input.ts';
import { randomLooking } from '../../support/content.ts';
import { failureOf } from '../../support/refusal.ts';
import { calm, type MadeStream, makeIndexed, makeScheduled } from '../../support/streams.ts';
import { mib, pairs, type ReadGround, rangeProbe, standard } from './ground.ts';

const frame = 65_536;
const length = 20 * mib;

/** Where a frame of a segment stands; for the last one's end give the next. */
function framePosition(segment: number, index: number): number {
  return wireOffset(standard, segment) + 64 + index * (frame + 36);
}

/** The spans of a closed range by docs/format.md §2: a header and frames a segment, or all of it. */
function neededFor(first: number, last: number): ByteSpan[] {
  const spans: ByteSpan[] = [];
  for (let i = locateContent(standard, first).segmentIndex; i <= locateContent(standard, last).segmentIndex; i++) {
    const begin = contentOffset(standard, i);
    const stop = Math.min(length, contentOffset(standard, i + 1));
    const from = Math.floor((Math.max(first, begin) - begin) / frame);
    const to = Math.floor((Math.min(last, stop - 1) - begin) / frame) + 1;
    const all = from === 0 && to === Math.ceil((stop - begin) / frame);
    const end = Math.min(framePosition(i, to), framePosition(i, 0) + (stop - begin) + to * 36);
    spans.push({ start: wireOffset(standard, i), end: framePosition(i, 0) });
    spans.push({ start: framePosition(i, from), end: all ? end + 140 : end });
  }
  return spans;
}

/** What has to be asked for beside the beginning, with gaps of up to 4 KiB read through. */
function requestsFor(needed: readonly ByteSpan[], known = rangeProbe): ByteSpan[] {
  const requests: { start: number; end: number }[] = [];
  for (const { start, end } of needed) {
    const from = Math.max(start, known);
    const before = requests.at(-1);
    if (from >= end) continue;
    if (before !== undefined && from - before.end <= 4096) before.end = end;
    else requests.push({ start: from, end });
  }
  return requests;
}

/** A number from 0 up to, not including, `end`: the same in every run. */
function draw(bytes: Uint8Array, at: number, end: number): number {
  return Math.floor((new DataView(bytes.buffer, bytes.byteOffset).getUint32(4 * at) / 2 ** 32) * end);
}

/** What a part of an object costs. */
export function describeRangeReads(ground: () => ReadGround): void {
  let making: Promise<MadeStream> | undefined;
  const make = (): Promise<MadeStream> => {
    making ??= makeScheduled(randomLooking(length, 'ranges of objects'), standard, ground());
    return making;
  };

  it('100 random ranges are what they are of the source, and cost what the arithmetic says', async () => {
    const { put, store, expectRange, spans } = ground();
    const { content, bytes } = await make();
    await put(bytes);
    const random = randomLooking(8 * 100, 'random ranges');
    for (let each = 0; each < 100; each++) {
      store.reset();
      // As many short ones as long ones, of up to 8 MiB.
      const first = draw(random, 2 * each, length);
      const last = Math.min(length - 1, first + draw(random, 2 * each + 1, 2 ** (each % 24)));
      expect(await expectRange(content, { first, last })).toEqual({ first, last });
      const expected = [{ start: 0, end: rangeProbe }, ...requestsFor(neededFor(first, last))];
      expect(pairs(spans()), `${first} to ${last}`).toEqual(pairs(expected));
    }
  });

  it('a closed range costs three GETs: the beginning, a segment header, frames', async () => {
    const { put, store, expectRange, spans } = ground();
    const { content, bytes } = await make();
    await put(bytes);
    const first = contentOffset(standard, 1) + 10 * frame + 5;
    await expectRange(content, { first, last: first });
    const header = [wireOffset(standard, 1), framePosition(1, 0)];
    const frames = [framePosition(1, 10), framePosition(1, 11)];
    expect(pairs(spans())).toEqual([[0, rangeProbe], header, frames]);
    // The two are asked for at once.
    expect(store.mostOpenGets).toBe(2);
    // Of the first frame the header is read with it; and what the beginning holds is not asked for again.
    store.reset();
    await expectRange(content, { first: contentOffset(standard, 1), last: contentOffset(standard, 1) + 9 });
    expect(pairs(spans()).slice(1)).toEqual([[wireOffset(standard, 1), framePosition(1, 1)]]);
    store.reset();
    await expectRange(content, { first: 0, last: frame - 1 });
    expect(pairs(spans())).toEqual([[0, rangeProbe]]);
  });

  it('across segments a GET goes on over what stands between, and a long one is cut', async () => {
    const { put, store, expectRange, spans } = ground();
    const { content, bytes } = await make();
    await put(bytes);
    const second = contentOffset(standard, 1);
    await expectRange(content, { first: second - 5, last: second + 5 });
    expect(pairs(spans())).toEqual([
      [0, rangeProbe],
      [framePosition(0, 127), framePosition(1, 1)],
    ]);
    store.reset();
    await expectRange(content, { first: frame, last: length - frame });
    expect(store.requests.get).toBeLessThanOrEqual(4);
    const needed = requestsFor(neededFor(frame, length - frame)).reduce((sum, { start, end }) => sum + end - start, 0);
    // Where a GET ends between two segments, what stands there is left out.
    expect(store.bytes.get).toBe(rangeProbe + needed - 140);
  });

  describe('what depends on the length', () => {
    it.each([
      ['the last bytes', { suffix: 10 }],
      ['from a byte on', { first: length - frame - 1 }],
      ['beyond the end', { first: length - 1, last: 2 ** 40 }],
    ] as [string, RangeRequest][])('%s: costs the last segment header, and its end', async (_, range) => {
      const { put, expectRange, spans } = ground();
      const { content, bytes } = await make();
      await put(bytes);
      const { first, last } = await expectRange(content, range);
      expect(last).toBe(length - 1);
      const from = Math.floor((first - contentOffset(standard, 2)) / frame);
      expect(pairs(spans())).toEqual([
        [0, rangeProbe],
        [wireOffset(standard, 2), framePosition(2, 0)],
        [framePosition(2, from), bytes.length],
      ]);
    });

    it('a long one: nothing of the end is read twice', async () => {
      const { put, store, expectRange, spans } = ground();
      const { content, bytes } = await make();
      await put(bytes);
      expect(await expectRange(content, { first: contentOffset(standard, 1) })).toMatchObject({ last: length - 1 });
      // The TERMINATOR and the header of the last segment come first, then the two segments.
      expect(store.bytes.get).toBeLessThanOrEqual(rangeProbe + bytes.length - wireOffset(standard, 1) + 64);
      expect(store.requests.get).toBeLessThanOrEqual(5);
      expect(spans().at(-1)).toEqual({ start: bytes.length - 36, end: bytes.length });
    });

    it('and one that the content has nothing of costs the proof', async () => {
      const { put, store, expectRange } = ground();
      const { content, bytes } = await make();
      await put(bytes);
      expect((await failureOf(expectRange(content, { first: length }))).code).toBe('bad-range');
      expect([store.requests, store.bytes.get]).toEqual([{ get: 3 }, rangeProbe + 64 + 36]);
    });
  });

  it('what is known is not asked for', async () => {
    const { put, store, object, expectRange, spans } = ground();
    const { content, bytes, header } = await make();
    await put(bytes);
    const head = await store.head(object, calm);
    const pieces = [{ position: 0, bytes: header }];
    const first = contentOffset(standard, 1) + 10 * frame;
    const segmentHeader: [number, number] = [wireOffset(standard, 1), framePosition(1, 0)];
    const frames: [number, number] = [framePosition(1, 10), framePosition(1, 11)];
    const cost = async (range: RangeRequest, known: object): Promise<[number, number][]> => {
      store.reset();
      await expectRange(content, range, { known: { head, ...known } });
      return pairs(spans());
    };
    const closed = { first, last: first + 9 };
    expect(await cost(closed, {})).toEqual([[0, rangeProbe], segmentHeader, frames]);
    expect(await cost(closed, { pieces })).toEqual([segmentHeader, frames]);
    expect(store.mostOpenGets).toBe(2);
    const both = [...pieces, { position: segmentHeader[0], bytes: bytes.subarray(...segmentHeader) }];
    expect(await cost(closed, { pieces: both })).toEqual([frames]);
    // A length that somebody vouches for needs no proof.
    const lastFrames: [number, number] = [framePosition(2, 63), framePosition(2, 64) + 1024 + 36];
    expect(await cost({ suffix: 2000 }, { pieces, contentLength: length })).toEqual([
      [wireOffset(standard, 2), framePosition(2, 0)],
      lastFrames,
    ]);
    const wrong = cost({ suffix: 1 }, { pieces, contentLength: length - 1 });
    expect((await failureOf(wrong)).code).toBe('truncated');
  });

  it('of a compressed stream costs a GET for each header up to where it ends', async () => {
    const { put, store, expectRange, spans } = ground();
    const content = randomLooking(length, 'half again').map((byte, at) => (at % 2 === 0 ? byte : 7));
    const p = { ...standard, compression: 1 } as const;
    const { bytes, segments } = await makeScheduled(content, p, ground());
    await put(bytes);
    const starts = [1024, 1024 + segments[0]!.length, 1024 + segments[0]!.length + segments[1]!.length];
    await expectRange(content, { first: contentOffset(p, 1), last: contentOffset(p, 1) });
    // A compressed payload opens as a whole only.
    expect(pairs(spans())).toEqual([
      [0, rangeProbe],
      [starts[1], starts[1]! + 64],
      [starts[1]! + 64, starts[2]],
    ]);
    store.reset();
    await expectRange(content, { suffix: 1 });
    expect(pairs(spans())).toEqual([
      [0, rangeProbe],
      [starts[1], starts[1]! + 64],
      [starts[2], starts[2]! + 64],
      ...endOfCompressed(starts[2]! + 64, bytes.length),
    ]);
  });

  it('of an indexed stream costs its tail, segment headers and frames', async () => {
    const { put, store, object, expectRange, spans } = ground();
    const p = { ...standard, layout: 1 } as const;
    const lengths = [8 * mib, 2 * mib];
    const parts = [1, 4].map((partNumber) => ({ partNumber, lengths }));
    const { content, bytes, segments } = await makeIndexed(randomLooking(length, 'indexed'), parts, p, ground());
    await put(bytes);
    const second = segments[0]!.length;
    const tail: [number, number] = [bytes.length - 65_536, bytes.length];
    const header: [number, number] = [second, second + 64];
    const frames: [number, number] = [second + 64 + 3 * (frame + 36), second + 64 + 4 * (frame + 36)];
    const first = 8 * mib + 3 * frame;
    await expectRange(content, { first, last: first + 10 });
    expect(pairs(spans())).toEqual([[0, rangeProbe], header, frames, tail]);
    const head = await store.head(object, calm);
    store.reset();
    await expectRange(content, { first, last: first + 10 }, { known: { head, indexed: true } });
    expect(pairs(spans())).toEqual([header, frames, tail]);
    store.reset();
    await expectRange(content, { suffix: 1 }, { known: { head, indexed: true } });
    expect(spans().length).toBeLessThanOrEqual(3);
  });
}

/** The last segment of a compressed stream: all at once if it is small, else its TERMINATOR first. */
function endOfCompressed(start: number, end: number): [number, number][] {
  if (end - start <= mib) return [[start, end]];
  return [
    [start, end - 36],
    [end - 36, end],
  ];
}
