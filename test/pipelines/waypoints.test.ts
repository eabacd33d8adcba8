import { expect, it } from 'vitest';
import { Waypoints } from '../../src/pipelines/waypoints.ts';

it('a long walk is remembered by few places, from one of which any step is near', () => {
  const walk = new Waypoints();
  const positionOf = (step: number): number => 1000 + 77 * step;
  for (let step = 0; step < 100_000; step++) {
    walk.add(step, positionOf(step));
    expect(walk.count).toBeLessThanOrEqual(4096);
    if (step % 997 !== 0) continue;
    for (const wanted of [0, 1, step >> 1, step, step + 1]) {
      const { step: before, position } = walk.before(wanted);
      expect(position).toBe(positionOf(before));
      expect(wanted - before).toBeGreaterThanOrEqual(0);
      expect(wanted - before).toBeLessThanOrEqual(Math.max(1, step / 1024));
    }
  }
});
