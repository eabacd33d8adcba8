import { describe } from 'vitest';
import { useReads } from './object-reads/ground.ts';
import { describeRangeReads } from './object-reads/ranges.ts';
import { describeWholeReads } from './object-reads/whole.ts';
import type { MakeObjectStore } from './object-store/ground.ts';

/** What it costs to read objects, in requests and bytes: the same for every store. */
export function objectReadsContract(storeName: string, makeStore: MakeObjectStore): void {
  describe(`${storeName}: what reading costs`, () => {
    const ground = useReads(makeStore);

    describe('whole objects', () => describeWholeReads(ground));
    describe('ranges', () => describeRangeReads(ground));
  });
}
