import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { combineCrc32, crc32Shift } from '../../src/format/crc32.ts';
import { randomLooking } from '../support/content.ts';
import { fc } from '../support/properties.ts';

describe('CRC-32 of what stands after each other', () => {
  it('is that of all of it, however it is cut', () => {
    const cuts = fc.tuple(fc.uint8Array({ maxLength: 3000 }), fc.array(fc.nat(3000), { maxLength: 5 }));
    fc.assert(
      fc.property(cuts, ([bytes, places]) => {
        let crc = 0;
        let from = 0;
        for (const place of [...places.toSorted((a, b) => a - b), bytes.length]) {
          const piece = bytes.subarray(from, Math.max(from, place));
          crc = combineCrc32(crc, crc32(piece), crc32Shift(piece.length));
          from += piece.length;
        }
        expect(crc).toBe(crc32(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('is that of large pieces too', () => {
    const a = randomLooking(1_000_003, 'a');
    const b = randomLooking(3_145_729, 'b');
    expect(combineCrc32(crc32(a), crc32(b), crc32Shift(b.length))).toBe(crc32(b, crc32(a)));
  });

  it('shifts by more bytes than 32 bits count', () => {
    // x^a times x^b is x^(a+b): shifting twice is shifting by the sum.
    const most = 2 ** 40 + 12_345;
    const crc = 0xcbf43926;
    const twice = combineCrc32(combineCrc32(crc, 0, crc32Shift(most)), 0, crc32Shift(7));
    expect(combineCrc32(crc, 0, crc32Shift(most + 7))).toBe(twice);
    expect(combineCrc32(crc, 0, crc32Shift(0))).toBe(crc);
  });
});
