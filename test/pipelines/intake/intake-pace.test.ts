import { describe, expect, it } from 'vitest';
import { IntakePace } from '../../../src/pipelines/intake/intake-pace.ts';

const kib = 1024;

describe('the pace of an intake', () => {
  it('takes whole pieces from who sends fast, and little from who sends slowly', () => {
    const pace = new IntakePace(64 * kib);
    const lengths = [2, 2, 100, 300, 300, 300, 100, 40].map((elapsedMs) => {
      const length = pace.stretchBytes / kib;
      pace.filled(elapsedMs);
      return length;
    });
    expect(lengths).toEqual([256, 1024, 1024, 1024, 256, 64, 64, 64]);
    expect(pace.stretchBytes).toBe(256 * kib);
  });

  it('never asks for less than a frame', () => {
    const pace = new IntakePace(1024 * kib);
    pace.filled(10_000);
    expect(pace.stretchBytes).toBe(1024 * kib);
  });
});
