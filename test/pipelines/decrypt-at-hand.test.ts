import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { concatBytes, equalBytes } from '../../src/format/bytes.ts';
import type { DigestAlg, Suite } from '../../src/format/stream-parameters.ts';
import { decryptAtHand } from '../../src/pipelines/decrypt-at-hand.ts';
import { randomLooking, xorBit } from '../support/content.ts';
import { fc } from '../support/properties.ts';
import { makeScheduled, parametersOf } from '../support/streams.ts';

describe('a stream that is at hand', () => {
  it('is what was encrypted, of any size and kind', async () => {
    const digests = fc.constantFrom<DigestAlg>(1, 2, 3);
    const suites = fc.constantFrom<Suite>(1, 2);
    const lengths = fc.oneof(fc.nat(60_000), fc.constantFrom(0, 1, 4096, 16_384 - 512, 16_385 - 512, 32_768 - 512));
    await fc.assert(
      fc.asyncProperty(lengths, digests, suites, fc.constantFrom(0, 2), async (length, digestAlg, suite, growEvery) => {
        const grows = growEvery === 0 ? {} : { growEvery, segmentSizeMaxLog2: 16 };
        const p = parametersOf({ digestAlg, suite, ...grows });
        const made = await makeScheduled(randomLooking(length, length), p);
        const { content, streamDigest } = decryptAtHand(made.sealed, made.bytes);
        expect(equalBytes(content, made.content)).toBe(true);
        expect(equalBytes(streamDigest, made.streamDigest)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  const making = makeScheduled(randomLooking(40_000, 'at hand'), parametersOf({ digestAlg: 3 }));

  function refusalOf(made: Awaited<typeof making>, bytes: Uint8Array): string {
    try {
      decryptAtHand(made.sealed, bytes);
    } catch (error) {
      if (error instanceof SealpartError) return error.code;
      throw error;
    }
    return 'none';
  }

  it('is refused wherever it was cut, and whatever was added', async () => {
    const made = await making;
    const { bytes, header, segments } = made;
    for (let cut = header.length; cut < bytes.length; cut += 97) {
      expect(refusalOf(made, bytes.subarray(0, cut))).toBe('truncated');
    }
    expect(refusalOf(made, concatBytes(bytes, new Uint8Array(1)))).toBe('trailing-data');
    expect(refusalOf(made, concatBytes(header, segments[1]!, segments[0]!, segments[2]!))).toBe('segment-order');
    expect(refusalOf(made, concatBytes(header, segments[0]!, segments[2]!))).toBe('segment-order');
    const again = await makeScheduled(made.content, parametersOf({ digestAlg: 3 }), { saltSeed: 'again' });
    const mixed = concatBytes(header, segments[0]!, again.segments[1]!, segments[2]!);
    expect(refusalOf(made, mixed)).toBe('stream-digest-mismatch');
  });

  it('is refused wherever a bit was flipped', async () => {
    const made = await making;
    const { bytes, header } = made;
    const codes = new Set<string>();
    for (let bit = 8 * header.length; bit < 8 * bytes.length; bit += 331) {
      const code = refusalOf(made, xorBit(bytes, bit));
      expect(code).not.toBe('none');
      codes.add(code);
    }
    expect([...codes].sort()).toEqual(['bad-magic', 'crc-mismatch']);
  });
});
