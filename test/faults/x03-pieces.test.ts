import { afterAll, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/format/bytes.ts';
import { frameOverhead } from '../../src/format/frame-header.ts';
import { writeU32 } from '../../src/format/little-endian.ts';
import { segmentHeaderLength } from '../../src/format/segment-header.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { cutSource } from '../support/pieces.ts';
import { fc } from '../support/properties.ts';
import { repairHeader, repairSegment } from '../support/repair.ts';
import { inlinePool, type MadeStream, makeIndexed, makeScheduled, parametersOf } from '../support/streams.ts';
import { expectRefused, type Release } from './refused.ts';

// X03 to X06: pieces of streams are dropped, added, repeated, exchanged, and put in from other streams. All checksums
// are made to fit; nothing but the keys stands in the way.

const pool = inlinePool(2 ** 21);
afterAll(() => pool.close());

const content = randomLooking(44_000, 'x03');
const other = randomLooking(44_000, 'x03 other');
const parts = [
  { partNumber: 1, lengths: [16_384, 5_000] },
  { partNumber: 2, lengths: [16_384, 6_232] },
];
const frameSize = 4096;

/** The frames of a segment: DATA, DIGEST, TERMINATOR. */
function framesOf(segment: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const tail = segment.length - 104 - 36;
  for (let offset = segmentHeaderLength; offset < tail; offset += frameSize + frameOverhead) {
    frames.push(segment.slice(offset, Math.min(tail, offset + frameSize + frameOverhead)));
  }
  return [...frames, segment.slice(tail, tail + 104), segment.slice(tail + 104)];
}

/** The segment's header with these frames behind it, and lengths and checksums as they then are. */
function withFrames(segment: Uint8Array, frames: readonly Uint8Array[], lengths: 'kept' | 'told'): Uint8Array {
  const header = segment.slice(0, segmentHeaderLength);
  const wire = concatBytes(...frames);
  if (lengths === 'told') {
    writeU32(header, 40, frames.length);
    writeU32(header, 44, wire.length);
  }
  return repairSegment(concatBytes(header, wire));
}

/** A frame that says that it stands at another place. */
function relabelled(frame: Uint8Array, index: number): Uint8Array {
  const copy = frame.slice();
  writeU32(copy, 8, index);
  return copy;
}

function scheduledOf(made: MadeStream, segments: readonly Uint8Array[]): Uint8Array {
  return concatBytes(made.header, ...segments);
}

/** Streams that were refused since the last note. */
let refused = 0;

function note(id: 'X03' | 'X04' | 'X05' | 'X06', injected: string): void {
  noteFault({ id, injected, reached: refused, outcome: 'refused' });
  refused = 0;
}

async function refusedBothWays(stream: Uint8Array, made: MadeStream, most = content.length - 1): Promise<string[]> {
  const codes: string[] = [];
  const releases: readonly Release[] = ['tentative', 'held'];
  for (const release of releases) {
    codes.push(await expectRefused(stream, made.content, most, release, pool));
    if (made.tail.length === 0) {
      const input = cutSource(stream, [10_000]);
      codes.push(await expectRefused(input, made.content, most, release, pool));
    }
  }
  expect(new Set(codes).size, `one code, not ${codes}`).toBe(1);
  refused++;
  return codes;
}

describe('X03, X04, X05: frames of a segment (§4.1, §4.2)', () => {
  const making = makeScheduled(content);

  async function refuse(frames: (all: Uint8Array[]) => Uint8Array[], lengths: 'kept' | 'told'): Promise<string> {
    const made = await making;
    let code: string | undefined;
    for (const at of [0, 1, 2]) {
      const segment = made.segments[at]!;
      const changed = withFrames(segment, frames(framesOf(segment)), lengths);
      const stream = scheduledOf(made, made.segments.with(at, changed));
      const [found] = await refusedBothWays(stream, made);
      expect(code === undefined || code === found, `${code} and ${found}`).toBe(true);
      code = found;
    }
    return code!;
  }

  it('the pieces are what this test takes them for', async () => {
    const made = await making;
    for (const segment of made.segments) {
      expect(Buffer.compare(withFrames(segment, framesOf(segment), 'told'), segment)).toBe(0);
    }
  });

  it('none may be missing', async () => {
    for (const from of [-1, -2, 0, 1]) {
      expect(await refuse((all) => all.toSpliced(from, 1), 'told')).toBe('bad-segment');
    }
    note('X03', 'a frame dropped, TERMINATOR and DIGEST among them');
  });

  it('none may be there twice, and nothing may be added', async () => {
    for (const at of [0, 1, -1, -2]) {
      expect(await refuse((all) => all.toSpliced(at, 0, all.at(at)!), 'told')).toBe('bad-segment');
    }
    expect(await refuse((all) => [...all, all.at(-1)!], 'told')).toBe('bad-segment');
    expect(await refuse((all) => [...all, Uint8Array.of(0)], 'told')).toBe('bad-segment');
    note('X04', 'a frame or a byte added to a segment');
  });

  it('none may stand in another’s place, under its own label or another', async () => {
    const swapped = (all: Uint8Array[]): Uint8Array[] => all.with(0, all[1]!).with(1, all[0]!);
    expect(await refuse(swapped, 'kept')).toBe('bad-frame');
    const disguised = (all: Uint8Array[]): Uint8Array[] => swapped(all).map(relabelled);
    expect(await refuse(disguised, 'kept')).toBe('frame-auth');
    expect(await refuse((all) => all.with(1, all[0]!), 'kept')).toBe('bad-frame');
    expect(await refuse((all) => all.with(1, all[0]!).map(relabelled), 'kept')).toBe('frame-auth');
    note('X05', 'frames exchanged or repeated, relabelled or not');
  });

  it('DIGEST and TERMINATOR may not change places', async () => {
    const swapped = (all: Uint8Array[]): Uint8Array[] => [...all.slice(0, -2), all.at(-1)!, all.at(-2)!];
    expect(await refuse(swapped, 'kept')).toBe('bad-frame');
    note('X05', 'DIGEST and TERMINATOR exchanged');
  });

  it('no frame of another segment may stand in, whatever it says of itself (§4.4, §4.6)', async () => {
    const made = await making;
    const foreign = framesOf(made.segments[1]!)[1]!;
    const changed = withFrames(made.segments[0]!, framesOf(made.segments[0]!).with(1, foreign), 'kept');
    expect(await refusedBothWays(scheduledOf(made, made.segments.with(0, changed)), made)).toContain('bad-frame');
    const disguised = foreign.slice();
    writeU32(disguised, 4, 0);
    const hidden = withFrames(made.segments[0]!, framesOf(made.segments[0]!).with(1, disguised), 'kept');
    expect(await refusedBothWays(scheduledOf(made, made.segments.with(0, hidden)), made)).toContain('frame-auth');
    note('X05', 'a frame of another segment');
  });
});

describe('X03, X04, X05: segments of a stream', () => {
  /** A segment that says that it is another one. */
  function renumbered(segment: Uint8Array, index: number): Uint8Array {
    const copy = segment.slice();
    writeU32(copy, 4, index);
    return repairSegment(copy);
  }

  const making = makeScheduled(content);

  it('without its last ones it is truncated, without others out of order', async () => {
    const made = await making;
    const [a, b, c] = made.segments as [Uint8Array, Uint8Array, Uint8Array];
    expect(await refusedBothWays(scheduledOf(made, [a, b]), made)).toContain('truncated');
    expect(await refusedBothWays(scheduledOf(made, [a]), made)).toContain('truncated');
    expect(await refusedBothWays(scheduledOf(made, []), made)).toContain('truncated');
    note('X03', 'the last segments dropped');
    expect(await refusedBothWays(scheduledOf(made, [a, c]), made)).toContain('segment-order');
    expect(await refusedBothWays(scheduledOf(made, [b, c]), made)).toContain('segment-order');
    expect(await refusedBothWays(scheduledOf(made, [a, c, b]), made)).toContain('segment-order');
    expect(await refusedBothWays(scheduledOf(made, [a, a, b, c]), made)).toContain('segment-order');
    note('X05', 'segments left out, exchanged, repeated');
  });

  it('a segment under another number does not verify', async () => {
    const made = await making;
    const [a, b, c] = made.segments as [Uint8Array, Uint8Array, Uint8Array];
    expect(await refusedBothWays(scheduledOf(made, [a, renumbered(c, 1)]), made)).toContain('bad-frame');
    expect(await refusedBothWays(scheduledOf(made, [a, b, renumbered(b, 2), renumbered(c, 3)]), made)).toContain(
      'bad-frame',
    );
    note('X05', 'segments renumbered');
  });

  it('a segment cannot be made the last one, nor the last one another', async () => {
    const made = await making;
    const [a, b, c] = made.segments as [Uint8Array, Uint8Array, Uint8Array];
    const flagged = b.slice();
    flagged[8] = 1;
    expect(await refusedBothWays(scheduledOf(made, [a, repairSegment(flagged)]), made)).toContain('frame-auth');
    const unflagged = c.slice();
    unflagged[8] = 0;
    expect(await refusedBothWays(scheduledOf(made, [a, b, repairSegment(unflagged)]), made)).toContain('bad-segment');
    note('X03', 'another segment marked as the last, or none');
  });

  it('nothing may follow the last one', async () => {
    const made = await making;
    const last = made.segments.at(-1)!;
    for (const added of [Uint8Array.of(0), last, made.bytes, made.header, framesOf(last).at(-1)!]) {
      expect(await refusedBothWays(concatBytes(made.bytes, added), made)).toContain('trailing-data');
    }
    note('X04', 'bytes, a segment, a stream, a TERMINATOR behind the end');
  });

  it('of layout 1, nothing may be dropped, added, repeated or exchanged', async () => {
    const made = await makeIndexed(content, parts);
    const [a, b, c, d] = made.segments as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const indexedOf = (...pieces: readonly Uint8Array[]): Uint8Array => concatBytes(...pieces, made.tail);
    expect(await refusedBothWays(indexedOf(a, b, c), made)).toContain('bad-index');
    expect(await refusedBothWays(indexedOf(a, b, c, d, d), made)).toContain('bad-index');
    expect(await refusedBothWays(indexedOf(a, b, c, d, Uint8Array.of(0)), made)).toContain('bad-index');
    expect(await refusedBothWays(concatBytes(made.bytes, Uint8Array.of(0)), made)).toContain('bad-index');
    expect(await refusedBothWays(concatBytes(made.bytes, made.tail), made)).toContain('bad-index');
    expect(await refusedBothWays(indexedOf(c, b, a, d), made)).toContain('segment-order');
    expect(await refusedBothWays(indexedOf(c, d, a, b), made)).toContain('segment-order');
    note('X05', 'parts of layout 1 dropped, added, exchanged');
  });
});

describe('X06: pieces of another stream', () => {
  it('under the same key and of the same sizes do not fit: any segment, the header, both', async () => {
    const made = await makeScheduled(content, parametersOf(), { seed: 'one' });
    const foreign = await makeScheduled(other, parametersOf(), { seed: 'two' });
    for (const at of made.segments.keys()) {
      const spliced = scheduledOf(made, made.segments.with(at, foreign.segments[at]!));
      expect(await refusedBothWays(spliced, made)).toContain('frame-auth');
    }
    expect(await refusedBothWays(scheduledOf(foreign, made.segments), made, 0)).toContain('frame-auth');
    // The header of one with the recipients of the other opens to neither's data key.
    const mixed = made.bytes.slice();
    mixed.set(foreign.header.subarray(104), 104);
    repairHeader(mixed.subarray(0, made.header.length));
    expect(await refusedBothWays(mixed, made, 0)).toContain('header-auth');
    note('X06', 'segments and header of another stream under the same key');
  });

  it('sealed in another attempt at this stream: the last segment tells (§5.5, §9.3)', async () => {
    const first = await makeScheduled(content, parametersOf(), { saltSeed: 'first' });
    for (const again of [content, content.map((byte) => byte ^ 1)]) {
      const second = await makeScheduled(again, parametersOf(), { saltSeed: 'second' });
      for (const at of first.segments.keys()) {
        const mixed = scheduledOf(first, first.segments.with(at, second.segments[at]!));
        // All of it is authentic: what is let go is a prefix of what the segments at hand hold.
        const held = { ...first, content: mixedContent(first, second, at) };
        expect(await refusedBothWays(mixed, held)).toContain('stream-digest-mismatch');
      }
    }
    note('X06', 'segments of another attempt at this stream');
  });

  /** What a stream of `first` with one segment of `second` holds. */
  function mixedContent(first: MadeStream, second: MadeStream, at: number): Uint8Array {
    const mixed = first.content.slice();
    const start = at === 0 ? 0 : at * 16_384 - 512;
    const end = (at + 1) * 16_384 - 512;
    mixed.set(second.content.subarray(start, end), start);
    return mixed;
  }

  it('sealed in another attempt at a part of this stream: the index tells (§7.8)', async () => {
    const parameters = parametersOf({ layout: 1 });
    const first = await makeIndexed(content, parts, parameters, { saltSeed: 'first' });
    const second = await makeIndexed(content, parts, parameters, { saltSeed: 'second' });
    for (const at of first.segments.keys()) {
      const stale = concatBytes(...first.segments.with(at, second.segments[at]!), first.tail);
      expect(await refusedBothWays(stale, first)).toContain('bad-segment');
    }
    const otherIndex = concatBytes(...first.segments, second.tail);
    expect(await refusedBothWays(otherIndex, first, 0)).toContain('bad-segment');
    note('X06', 'parts and index of another attempt, layout 1');
  });

  it('with the salt of the listed attempt and other frames: the index’s digest tells', async () => {
    const parameters = parametersOf({ layout: 1 });
    const first = await makeIndexed(content, parts, parameters);
    const second = await makeIndexed(other, parts, parameters);
    // The same salts for other content is what no writer may do; a holder of the key can.
    for (const at of first.segments.keys()) {
      const mixed = concatBytes(...first.segments.with(at, second.segments[at]!), first.tail);
      const held = { ...first, content: mixedParts(at) };
      expect(await refusedBothWays(mixed, held, content.length)).toContain('digest-mismatch');
    }
    note('X06', 'other frames under a listed salt, layout 1');
    function mixedParts(at: number): Uint8Array {
      const lengths = parts.flatMap((part) => part.lengths);
      const start = lengths.slice(0, at).reduce((sum, length) => sum + length, 0);
      const mixed = content.slice();
      mixed.set(other.subarray(start, start + lengths[at]!), start);
      return mixed;
    }
  });
});

describe('X03 to X06: any other order of any pieces', () => {
  it.each([
    [
      'layout 0',
      makeScheduled(content, parametersOf(), { seed: 'one' }),
      makeScheduled(other, parametersOf(), { seed: 'two' }),
    ],
    [
      'layout 1',
      makeIndexed(content, parts, undefined, { seed: 'one' }),
      makeIndexed(other, parts, undefined, { seed: 'two' }),
    ],
  ])('of %s is refused', async (what, ours, theirs) => {
    const made = await ours;
    const foreign = await theirs;
    const pieces = [made, foreign].flatMap((stream) =>
      stream.tail.length === 0 ? [stream.header, ...stream.segments] : [...stream.segments, stream.tail],
    );
    const own = pieces.length / 2;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(pieces.length - 1), { maxLength: own + 2 }),
        fc.integer({ min: 0, max: own }),
        async (chosen, kept) => {
          // Often it begins as it should.
          const order = [...Array.from({ length: kept }, (_, i) => i), ...chosen];
          const stream = concatBytes(...order.map((i) => pieces[i]!));
          fc.pre(Buffer.compare(stream, made.bytes) !== 0 && Buffer.compare(stream, foreign.bytes) !== 0);
          const mine = order[0] === undefined || order[0] < own;
          const expected = made.tail.length === 0 ? mine : order.at(-1)! < own;
          await expectRefused(stream, (expected ? made : foreign).content, content.length, 'tentative', pool);
          refused++;
        },
      ),
      { numRuns: 300 },
    );
    note('X06', `pieces of two streams of ${what} in any order`);
  });
});
