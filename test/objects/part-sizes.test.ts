import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePartSizes, encodePartSizes, locateSpan } from '../../src/objects/directory/part-sizes.ts';

const sizes = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 30 });

test('part sizes come back as they were', () => {
  fc.assert(
    fc.property(sizes, (list) => {
      expect(decodePartSizes(encodePartSizes(list))).toEqual(list);
    }),
  );
  expect(encodePartSizes([...new Array(9999).fill(8_388_608), 17]).length).toBeLessThan(30);
});

test('a span holds exactly the parts that the range touches', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (list, one, two) => {
      // Which part each byte belongs to, counted out.
      const owners = list.flatMap((size, index) => new Array<number>(size).fill(index));
      fc.pre(owners.length > 0);
      const [first, last] = [one % owners.length, two % owners.length].sort((a, b) => a - b) as [number, number];
      const span = locateSpan(list, first, last);
      expect(span.firstIndex).toBe(owners[first]);
      expect(span.firstIndex + span.count - 1).toBe(owners[last]);
      expect(span.offsetBytes).toBe(first - owners.indexOf(owners[first]!));
    }),
  );
});

test('no bytes at all are in the first part', () => {
  expect(locateSpan([0], 0, -1)).toEqual({ firstIndex: 0, count: 1, offsetBytes: 0 });
});
