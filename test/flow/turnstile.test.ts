import { describe, expect, it } from 'vitest';
import { Turnstile } from '../../src/flow/turnstile.ts';
import { fc } from '../support/properties.ts';
import { calm } from '../support/streams.ts';

describe('a turnstile', () => {
  it('lets through in the order of numbers, whatever the order of arrival', async () => {
    const arrivals = fc.nat(12).chain((last) =>
      fc.shuffledSubarray(
        Array.from({ length: last + 1 }, (_, i) => i),
        { minLength: last + 1 },
      ),
    );
    await fc.assert(
      fc.asyncProperty(arrivals, async (order) => {
        const turnstile = new Turnstile();
        const passed: number[] = [];
        let inside = 0;
        await Promise.all(
          order.map(async (turn) => {
            await turnstile.enter(turn, calm);
            inside++;
            expect(inside).toBe(1);
            await new Promise((resolve) => setImmediate(resolve));
            passed.push(turn);
            inside--;
            turnstile.leave(turn);
          }),
        );
        expect(passed).toEqual(order.toSorted((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
  });

  it('ends a wait with the signal, and no other', async () => {
    const turnstile = new Turnstile();
    const stop = new AbortController();
    const second = turnstile.enter(1, stop.signal);
    const third = turnstile.enter(2, calm);
    stop.abort();
    await expect(second).rejects.toMatchObject({ code: 'aborted' });
    await expect(turnstile.enter(1, stop.signal)).rejects.toMatchObject({ code: 'aborted' });
    await turnstile.enter(0, calm);
    turnstile.leave(0);
    await turnstile.enter(1, calm);
    turnstile.leave(1);
    await third;
    // Let through is let through.
    stop.abort();
    turnstile.leave(2);
  });

  it('takes no turn twice and none out of order', async () => {
    const turnstile = new Turnstile();
    expect(() => turnstile.leave(1)).toThrow('in order');
    await turnstile.enter(0, calm);
    turnstile.leave(0);
    expect(() => turnstile.enter(0, calm)).toThrow('once');
  });
});
