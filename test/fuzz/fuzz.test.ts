import { describe, expect, it } from 'vitest';
import { fuzz } from '../../scripts/fuzz/run-fuzz.ts';
import { type FuzzTarget, footerTarget, framesTarget, indexTarget, zstdTarget } from '../../scripts/fuzz/targets.ts';

const seedBytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

function target(run: FuzzTarget['run']): FuzzTarget {
  return { name: 'a parser', seeds: [seedBytes], share: 1, run };
}

describe('the fuzzer', () => {
  it.each([footerTarget, indexTarget, zstdTarget, framesTarget])('finds nothing in $name', (fuzzed) => {
    const report = fuzz(fuzzed, 500, 7);
    expect(report.failures).toEqual([]);
    expect(report.executions).toBe(500);
    expect(report.accepted).toBeGreaterThan(0);
    expect(report.refused).toBeGreaterThan(100);
  });

  it('reports a parser that throws something else than a refusal', () => {
    const { failures } = fuzz(
      target((bytes) => {
        if (bytes.length > 8) throw new RangeError('offset out of range');
        return true;
      }),
      1000,
      1,
    );
    expect(failures[0]?.what).toContain('offset out of range');
  });

  it('reports a parser that accepts what it does not write', () => {
    const { failures } = fuzz(
      target((bytes) => bytes[0] === 1),
      1000,
      1,
    );
    expect(failures[0]?.what).toContain('re-encode');
  });

  it('reports a parser that refuses valid input', () => {
    expect(
      fuzz(
        target(() => undefined),
        10,
        1,
      ).failures[0]?.what,
    ).toBe('refused a valid input');
  });

  it('runs the same inputs for the same seed', () => {
    const inputsOf = (seed: number): string[] => {
      const inputs: string[] = [];
      fuzz(
        target((bytes) => inputs.push(Buffer.from(bytes).toString('hex')) > 0),
        50,
        seed,
      );
      return inputs;
    };
    expect(inputsOf(3)).toEqual(inputsOf(3));
    expect(inputsOf(3)).not.toEqual(inputsOf(4));
  });
});
