import { describe, expect, it } from 'vitest';
import { type Claim, ClaimBudget } from '../../src/flow/claim-budget.ts';
import { WaitedTooLong } from '../../src/flow/waited-too-long.ts';
import { fc } from '../support/properties.ts';
import { calm } from '../support/streams.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** True if all claims can be served to their ends one after the other, by trying every order that leads further. */
function isSafe(free: number, claims: readonly Claim[]): boolean {
  let available = free;
  const left = new Set(claims);
  for (let found = true; found; ) {
    found = false;
    for (const claim of left) {
      if (claim.remaining > available) continue;
      available += claim.held;
      left.delete(claim);
      found = true;
    }
  }
  return left.size === 0;
}

describe('a budget of claims', () => {
  it('gives units at once as long as everybody can come to an end', async () => {
    const budget = new ClaimBudget(4);
    const [a, b] = [budget.open(3), budget.open(3)];
    await a.take(calm);
    await b.take(calm);
    await a.take(calm);
    // The last one would leave nobody enough: it is a's, who then has all that it needs.
    const waits = b.take(calm);
    expect(budget.waiting).toBe(1);
    await a.take(calm);
    expect([budget.free, a.held, b.held]).toEqual([0, 3, 1]);
    a.close();
    await waits;
    await b.take(calm);
    b.close();
    expect(budget.free).toBe(4);
  });

  it('lets no new claim pass one that waits, and those that began pass it', async () => {
    const budget = new ClaimBudget(4);
    const [old, large, small] = [budget.open(4), budget.open(4), budget.open(1)];
    for (let i = 0; i < 3; i++) await old.take(calm);
    const order: string[] = [];
    const waits = [large.take(calm).then(() => order.push('large')), small.take(calm).then(() => order.push('small'))];
    await turn();
    expect([order, budget.waiting]).toEqual([[], 2]);
    await old.take(calm);
    old.close();
    await Promise.all(waits);
    expect(order).toEqual(['large', 'small']);
  });

  it('ends a wait with its signal, or after its time, and serves those behind it', async () => {
    let told = 0;
    const budget = new ClaimBudget(2, { waitLimitMs: 50, onPressure: () => told++ });
    const holder = budget.open(2);
    await holder.take(calm);
    await holder.take(calm);
    const stop = new AbortController();
    const [first, second, third] = [budget.open(2), budget.open(1), budget.open(1)];
    const outcomes = [first.take(stop.signal), second.take(calm), third.take(calm)];
    setTimeout(() => stop.abort(), 10);
    await expect(outcomes[0]).rejects.toMatchObject({ code: 'aborted' });
    await expect(outcomes[1]).rejects.toBeInstanceOf(WaitedTooLong);
    await expect(outcomes[2]).rejects.toBeInstanceOf(WaitedTooLong);
    expect([told, budget.waiting]).toEqual([3, 0]);
    const fourth = third.take(calm);
    holder.close();
    await fourth;
    expect(budget.free).toBe(1);
    await expect(first.take(AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
  });

  it('never comes into a state in which somebody could wait for ever, and ends for all claims whatever', async () => {
    const scenario = fc.record({
      units: fc.integer({ min: 1, max: 12 }),
      claims: fc.array(fc.record({ most: fc.nat(12), uses: fc.nat(12), laziness: fc.nat(3), dies: fc.nat(20) }), {
        minLength: 1,
        maxLength: 25,
      }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ units, claims }) => {
        const budget = new ClaimBudget(units);
        const open: Claim[] = [];
        const run = async ({ most, uses, laziness, dies }: (typeof claims)[number]): Promise<void> => {
          const claim = budget.open(Math.min(most, units));
          open.push(claim);
          const stop = new AbortController();
          for (let taken = 0; taken < Math.min(uses, most, units); taken++) {
            for (let i = 0; i < laziness; i++) await turn();
            if (taken === dies) queueMicrotask(() => stop.abort());
            try {
              await claim.take(stop.signal);
            } catch {
              break;
            }
            const held = open.reduce((sum, other) => sum + other.held, 0);
            expect(held + budget.free).toBe(units);
            expect(isSafe(budget.free, open)).toBe(true);
          }
          for (let i = 0; i < laziness; i++) await turn();
          open.splice(open.indexOf(claim), 1);
          claim.close();
        };
        await Promise.all(claims.map(run));
        expect([budget.free, budget.waiting]).toEqual([units, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('serves whoever waits after those that were there before, however many come later', async () => {
    const budget = new ClaimBudget(4);
    const before = budget.open(4);
    for (let i = 0; i < 3; i++) await before.take(calm);
    const large = budget.open(4);
    let isServed = false;
    const waits = large.take(calm).then(() => {
      isServed = true;
    });
    const late: Promise<void>[] = [];
    for (let i = 0; i < 50; i++) {
      const claim = budget.open(1);
      late.push(claim.take(calm).then(() => claim.close()));
      await turn();
      expect(isServed).toBe(i > 40);
      if (i === 40) before.close();
    }
    await waits;
    large.close();
    await Promise.all(late);
  });
});
