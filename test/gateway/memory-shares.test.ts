import { describe, expect, it } from 'vitest';
import { divideMemory, leastGatewayMemoryBytes } from '../../src/gateway/memory-shares.ts';

const mib = 2 ** 20;

describe('the memory of a gateway', () => {
  it.each([leastGatewayMemoryBytes, 64 * mib, 256 * mib, 4096 * mib])(
    'of %i bytes is all that its parts take',
    (bytes) => {
      const { plainBytes, wireBytes, cacheBytes } = divideMemory(bytes, 2);
      const shared = plainBytes + wireBytes + 2 * cacheBytes;
      expect(shared).toBeLessThan(bytes);
      expect(shared).toBeGreaterThan(bytes * 0.9);
      expect(cacheBytes).toBeLessThanOrEqual(32 * mib);
      // A segment of 8 MiB with its frames, in the half that content comes in through.
      expect(wireBytes / 2).toBeGreaterThan(9 * mib);
    },
  );

  it('is announced with what threads and the process take', () => {
    expect(divideMemory(256 * mib, 2).peakBytes).toBe(556 * mib);
    expect(divideMemory(256 * mib, 0).peakBytes).toBe(481 * mib);
  });
});
