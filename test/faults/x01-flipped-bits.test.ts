import { afterAll, describe, expect, it } from 'vitest';
import { randomLooking, sharedCopy, xorBit } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { cutSource } from '../support/pieces.ts';
import { fc } from '../support/properties.ts';
import { inlinePool, type MadeStream, makeIndexed, makeScheduled, parametersOf } from '../support/streams.ts';
import { expectRefused, mostReleased, piecesOf, type Release, repairAt } from './refused.ts';

// X01: any bit of a stream is flipped; once as rot would do it, and once with all checksums made to fit again.

const pool = inlinePool(2 ** 21);
afterAll(() => pool.close());

const fewBytes = randomLooking(40, 'x01');
const twoParts = [
  { partNumber: 1, lengths: [30] },
  { partNumber: 3, lengths: [10] },
];

/** Flips every bit, and counts what the stream was refused with. */
async function flipAll(made: MadeStream, repaired: boolean, release: Release): Promise<Map<string, number>> {
  const pieces = piecesOf(made);
  const codes = new Map<string, number>();
  for (let bit = 0; bit < made.bytes.length * 8; bit++) {
    const offset = bit >> 3;
    const flipped = xorBit(made.bytes, bit);
    if (repaired) repairAt(flipped, pieces, offset);
    // A checksum that was changed is repaired to what it was.
    if (repaired && Buffer.compare(flipped, made.bytes) === 0) continue;
    const most = mostReleased(made, pieces, offset, release);
    const code = await expectRefused(flipped, made.content, most, release, pool).catch((cause: unknown) => {
      throw new Error(`bit ${bit & 7} of byte ${offset}: ${String(cause)}`, { cause });
    });
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  return codes;
}

function note(what: string, codes: ReadonlyMap<string, number>): void {
  const reached = [...codes.values()].reduce((sum, count) => sum + count, 0);
  noteFault({ id: 'X01', injected: `every bit of ${what} flipped`, reached, outcome: 'refused' });
}

describe('X01: every bit of a small stream, flipped one at a time (§6.2)', () => {
  it.each([
    ['tentative', false],
    ['held', false],
    ['tentative', true],
    ['held', true],
  ] as const)('of layout 0: refused (%s, checksums repaired: %s)', async (release, repaired) => {
    const made = await makeScheduled(fewBytes);
    const codes = await flipAll(made, repaired, release);
    const checksums = 4 + 4 + 4;
    const flips = [...codes.values()].reduce((sum, count) => sum + count);
    expect(flips).toBe(8 * (made.bytes.length - (repaired ? checksums : 0)));
    // Where rot would be told by a checksum, an attack has to be told by a tag.
    expect(codes.has('frame-auth')).toBe(repaired);
    expect(codes.has('crc-mismatch')).toBe(!repaired);
    note(`a stream of layout 0 (${release}${repaired ? ', checksums repaired' : ''})`, codes);
  });

  it.each([
    ['tentative', false],
    ['held', false],
    ['tentative', true],
    ['held', true],
  ] as const)('of layout 1: refused (%s, checksums repaired: %s)', async (release, repaired) => {
    const made = await makeIndexed(fewBytes, twoParts);
    const codes = await flipAll(made, repaired, release);
    const checksums = 3 * (4 + 4) + 4 + 4;
    const flips = [...codes.values()].reduce((sum, count) => sum + count);
    expect(flips).toBe(8 * (made.bytes.length - (repaired ? checksums : 0)));
    expect(codes.has('frame-auth')).toBe(repaired);
    note(`a stream of layout 1 (${release}${repaired ? ', checksums repaired' : ''})`, codes);
  });

  it.each([
    ['ChaCha20-Poly1305, digest over the tags', { suite: 2, digestAlg: 3 }],
    ['ChaCha20-Poly1305, one digest', { suite: 2, digestAlg: 1 }],
    ['AES, digest over the tags', { suite: 1, digestAlg: 3 }],
  ] as const)('of another kind: refused (%s)', async (kind, chosen) => {
    const made = await makeScheduled(fewBytes, parametersOf(chosen));
    const codes = await flipAll(made, true, 'tentative');
    expect(codes.get('frame-auth')).toBeGreaterThan(500);
    note(kind, codes);
  });

  it('of a compressed stream: refused, and nothing of it let go', async () => {
    const made = await makeScheduled(new Uint8Array(4000), parametersOf({ compression: 1 }));
    expect(made.bytes.length).toBeLessThan(900);
    const codes = await flipAll(made, true, 'tentative');
    expect(codes.get('frame-auth')).toBeGreaterThan(500);
    note('a compressed stream', codes);
  });
});

describe('X01: any bit of a large stream', () => {
  const content = randomLooking(100_000, 'x01 large');
  const grown = parametersOf({ segmentSizeMaxLog2: 15, growEvery: 2 });
  const parts = [
    { partNumber: 2, lengths: [16_384, 16_384, 9_000] },
    { partNumber: 3, lengths: [0] },
    { partNumber: 9, lengths: [16_384, 16_384, 16_384, 9_080] },
  ];
  const flips = fc.record({
    place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    repaired: fc.boolean(),
    release: fc.constantFrom<Release>('tentative', 'held'),
    shared: fc.boolean(),
    cuts: fc.option(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 4 })),
  });

  it.each([
    ['layout 0', makeScheduled(content, grown)],
    ['layout 1', makeIndexed(content, parts)],
    [
      'layout 0, compressed',
      makeScheduled(
        content.map((byte) => byte & 1),
        parametersOf({ compression: 1 }),
      ),
    ],
  ])('of %s: refused, however it is read', async (what, making) => {
    const made = await making;
    let reached = 0;
    const pieces = piecesOf(made);
    await fc.assert(
      fc.asyncProperty(flips, async ({ place, repaired, release, shared, cuts }) => {
        const bit = Math.floor(place * made.bytes.length * 8);
        const offset = bit >> 3;
        const flipped = xorBit(made.bytes, bit);
        if (repaired) repairAt(flipped, pieces, offset);
        fc.pre(Buffer.compare(flipped, made.bytes) !== 0);
        const pipe = cuts !== null && made.tail.length === 0;
        const compressed = made.sealed.parameters.compression === 1;
        const most = mostReleased(made, pieces, offset, compressed ? 'held' : release);
        const input = pipe ? cutSource(flipped, cuts) : shared ? sharedCopy(flipped) : flipped;
        await expectRefused(input, made.content, most, release, pool);
        reached++;
      }),
      { numRuns: 400 },
    );
    noteFault({ id: 'X01', injected: `any bit of a large stream of ${what} flipped`, reached, outcome: 'refused' });
  });
});
