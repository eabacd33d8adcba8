import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/format/bytes.ts';
import { encodeFooter } from '../../src/format/footer.ts';
import { writeU32 } from '../../src/format/little-endian.ts';
import { verifyStructure } from '../../src/pipelines/verify-structure.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { randomLooking, xorBit } from '../support/content.ts';
import { forgeSegment } from '../support/forge.ts';
import { cutSource } from '../support/pieces.ts';
import { failureOf } from '../support/refusal.ts';
import { repairSegment } from '../support/repair.ts';
import { calm, type MadeStream, makeIndexed, makeScheduled, parametersOf } from '../support/streams.ts';

const content = randomLooking(40_000, 'structure');
const parts = [
  { partNumber: 1, lengths: [16_384, 100] },
  { partNumber: 4, lengths: [16_384, 7_132] },
];

function verified(bytes: Uint8Array, pipe = false) {
  return verifyStructure(pipe ? cutSource(bytes, [777]) : createMemorySource(bytes), calm);
}

async function codes(bytes: Uint8Array): Promise<string[]> {
  return [(await failureOf(verified(bytes))).code, (await failureOf(verified(bytes, true))).code];
}

async function codeOf(bytes: Uint8Array): Promise<string> {
  return (await failureOf(verified(bytes))).code;
}

/** The stream with one of its segments changed, and checksums that fit. */
function changed(made: MadeStream, at: number, edit: (segment: Uint8Array) => void): Uint8Array {
  const segment = made.segments[at]!.slice();
  edit(segment);
  return concatBytes(
    made.tail.length === 0 ? made.header : new Uint8Array(0),
    ...made.segments.with(at, repairSegment(segment)),
    made.tail,
  );
}

describe('what can be verified without a key', () => {
  it('is whole for every stream that is', async () => {
    for (const made of [
      await makeScheduled(content),
      await makeScheduled(new Uint8Array(0)),
      await makeScheduled(
        content.map((byte) => byte & 1),
        parametersOf({ compression: 1 }),
      ),
    ]) {
      const report = { segments: made.segments.length, contentLength: made.content.length };
      expect(await verified(made.bytes)).toEqual(report);
      expect(await verified(made.bytes, true)).toEqual(report);
    }
    // The index is a segment, and no content.
    const indexed = await makeIndexed(content, parts);
    expect(await verified(indexed.bytes)).toEqual({ segments: 5, contentLength: 40_000 });
  });

  it('finds any bit that rotted (§3.3, §3.9, §6.24)', async () => {
    const made = await makeScheduled(randomLooking(200, 'rot'));
    for (let bit = 104 * 8; bit < made.bytes.length * 8; bit += 3) {
      // The header's MAC is a secret's to judge.
      if (bit >= 480 * 8 && bit < 512 * 8) continue;
      expect(['crc-mismatch', 'bad-magic', 'bad-header']).toContain(await codeOf(xorBit(made.bytes, bit)));
    }
  });

  it('finds frames that do not belong where they stand', async () => {
    const made = await makeScheduled(content);
    const frame = (index: number): number => 64 + index * (4096 + 36);
    for (const [at, index, offset] of [
      [0, 0, 0],
      [0, 2, 8],
      [1, 1, 4],
      [2, 1, 12],
      [2, 0, 16],
    ] as const) {
      const stream = changed(made, at, (segment) => {
        segment[frame(index) + offset]! ^= 1;
      });
      const failure = await failureOf(verified(stream));
      expect(failure).toMatchObject({ code: 'bad-frame', segment: at, frame: index });
    }
    const tail = changed(made, 1, (segment) => {
      segment[segment.length - 36]! ^= 1;
    });
    expect(await failureOf(verified(tail))).toMatchObject({ code: 'bad-frame', segment: 1, frame: 5 });
    // What a tag would tell is beyond it.
    const flipped = changed(made, 1, (segment) => {
      segment[200]! ^= 1;
    });
    await verified(flipped);
  });

  it('finds segments that are missing, out of order or too many', async () => {
    const made = await makeScheduled(content);
    const [a, b, c] = made.segments as [Uint8Array, Uint8Array, Uint8Array];
    expect(await codes(concatBytes(made.header, a, c))).toEqual(['segment-order', 'segment-order']);
    expect(await codes(concatBytes(made.header, a, b))).toEqual(['truncated', 'truncated']);
    expect(await codes(made.bytes.subarray(0, -1))).toEqual(['truncated', 'truncated']);
    expect(await codes(made.bytes.subarray(0, -300))).toEqual(['truncated', 'truncated']);
    expect(await codes(concatBytes(made.bytes, Uint8Array.of(0)))).toEqual(['trailing-data', 'trailing-data']);
    expect(await codes(new Uint8Array(0))).toEqual(['truncated', 'truncated']);
    expect(await codes(new Uint8Array(100))).toEqual(['bad-magic', 'bad-magic']);
  });

  it('of an indexed stream needs all of it at hand, and says so', async () => {
    const made = await makeIndexed(content, parts);
    expect((await failureOf(verified(made.bytes, true))).code).toBe('not-seekable');
    // So few bytes could be the beginning of either layout (§6.5).
    for (const length of [1, 2, 3])
      expect(await codes(made.bytes.subarray(0, length))).toEqual(['truncated', 'truncated']);
    expect(await codeOf(made.bytes.subarray(0, 19))).toBe('truncated');
    expect(await codeOf(made.bytes.subarray(0, 200))).toBe('bad-index');
  });

  it('of an indexed stream is the order of its parts, and where they end', async () => {
    const made = await makeIndexed(content, parts);
    const [a, b, c, d] = made.segments as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const renumbered = (at: number, index: number): Uint8Array =>
      changed(made, at, (segment) => {
        writeU32(segment, 4, index);
        for (let offset = 64; offset < segment.length - 140; offset += 4096 + 36) writeU32(segment, offset + 4, index);
        writeU32(segment, segment.length - 140 + 4, index);
        writeU32(segment, segment.length - 36 + 4, index);
      });
    await verified(renumbered(3, 4 * 65_536 + 1));
    for (const [at, index] of [
      [0, 1],
      [0, 0],
      [0, 65_537],
      [1, 65_536],
      [1, 65_538],
      [2, 65_536],
      [2, 10_001 * 65_536],
      [3, 3 * 65_536],
    ] as const) {
      expect(await codeOf(renumbered(at, index)), `${at} as ${index}`).toBe('segment-order');
    }
    expect(await codeOf(concatBytes(a, b, d, made.tail))).toBe('segment-order');
    expect(await codeOf(concatBytes(a, b, c, d, made.tail, made.tail))).toBe('bad-index');
    const oversized = await makeIndexed(content, parts, parametersOf({ layout: 1, segmentSizeLog2: 14 }));
    const lying = changed(oversized, 0, (segment) => writeU32(segment, 16, 2 ** 15));
    expect(await codeOf(lying)).toBe('bad-segment');
  });

  it('of a header at the wrong end (§7.12)', async () => {
    const scheduled = await makeScheduled(content);
    const indexed = await makeIndexed(content, parts);
    const index = indexed.tail.subarray(0, -532);
    const footer = encodeFooter({ indexTotalLength: index.length, headerLen: 512 });
    // Every segment is as the other layout has it, so that nothing but the header's place is wrong.
    expect(await codes(concatBytes(indexed.header, ...indexed.segments, index))).toEqual(['bad-header', 'bad-header']);
    const last = scheduled.segments.at(-1)!.length;
    const ending = encodeFooter({ indexTotalLength: last, headerLen: 512 });
    expect(await codeOf(concatBytes(...scheduled.segments, scheduled.header, ending))).toBe('bad-index');
    expect(await codeOf(concatBytes(...indexed.segments, index, scheduled.header, footer))).toBe('bad-index');
  });

  it('of an index is its length and the number of its entries (§7.7)', async () => {
    const made = await makeIndexed(content, parts);
    const index = made.tail.subarray(0, -532);
    const with_ = (indexTotalLength: number, ...segments: Uint8Array[]): Uint8Array =>
      concatBytes(...segments, index, made.header, encodeFooter({ indexTotalLength, headerLen: 512 }));
    await verified(with_(index.length, ...made.segments));
    for (const off of [-1, 1, 64, -64]) {
      expect(await codeOf(with_(index.length + off, ...made.segments)), `${off}`).toBe('bad-index');
    }
    // All of these are in order, only that the index has another number of them.
    expect(await codeOf(with_(index.length, ...made.segments.slice(0, 2)))).toBe('bad-index');
    expect(await codeOf(with_(index.length, ...made.segments.slice(0, 3)))).toBe('bad-index');
    expect(await codeOf(with_(index.length))).toBe('bad-index');
  });

  it('of a part is that nothing of it is empty but all of it (§7.2)', async () => {
    const empty = [
      { partNumber: 1, lengths: [0] },
      { partNumber: 2, lengths: [100] },
    ];
    const made = await makeIndexed(content.subarray(0, 100), empty);
    await verified(made.bytes);
    for (const [at, segmentIndex] of [
      [1, 65_537],
      [0, 2 * 65_536 - 1],
    ] as const) {
      const forged = forgeSegment(made.sealed, {
        facts: { segmentIndex, flags: 0, contentLength: at === 0 ? 0 : 100 },
        data: at === 0 ? [] : [content.subarray(0, 100)],
      });
      const refused = at === 0 ? 'segment-order' : 'bad-index';
      expect(await codeOf(concatBytes(...made.segments.with(at, forged.bytes), made.tail))).toBe(refused);
    }
    const behind = forgeSegment(made.sealed, {
      facts: { segmentIndex: 2 * 65_536 + 1, flags: 0, contentLength: 0 },
      data: [],
    });
    expect(await codeOf(concatBytes(...made.segments, behind.bytes, made.tail))).toBe('bad-index');
  });
});
