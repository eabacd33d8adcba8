import { expect, it } from 'vitest';
import { batchesOf } from '../../src/segments/batches.ts';
import { fc } from '../support/properties.ts';

it('batches are whole frames, one after the other, that leave nothing out', () => {
  const cases = fc.record({
    payloadLength: fc.integer({ min: 0, max: 100_000 }),
    frameSizeBytes: fc.constantFrom(4096, 8192, 16_384),
    most: fc.integer({ min: 1, max: 50_000 }),
    first: fc.nat(),
    count: fc.nat(),
  });
  fc.assert(
    fc.property(cases, ({ payloadLength, frameSizeBytes, most, first, count }) => {
      const frames = Math.ceil(payloadLength / frameSizeBytes);
      const start = frames === 0 ? 0 : first % frames;
      const end = start + (count % (frames - start + 1));
      let frame = start;
      for (const batch of batchesOf(payloadLength, frameSizeBytes, start, end, most)) {
        const from = frame * frameSizeBytes;
        const to = Math.min(payloadLength, (frame + batch.frames) * frameSizeBytes);
        expect(batch.firstFrame).toBe(frame);
        expect(batch.plain).toEqual({ offset: from, length: to - from });
        expect(batch.wire).toEqual({ offset: frame * (frameSizeBytes + 36), length: to - from + 36 * batch.frames });
        expect(batch.frames).toBeGreaterThanOrEqual(1);
        expect(batch.frames === 1 || batch.plain.length <= most).toBe(true);
        frame += batch.frames;
      }
      expect(frame).toBe(end);
    }),
    { numRuns: 500 },
  );
});
