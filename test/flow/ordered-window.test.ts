import { describe, expect, it } from 'vitest';
import { OrderedWindow } from '../../src/flow/ordered-window.ts';
import { fc } from '../support/properties.ts';
import { calm } from '../support/streams.ts';

function pause(turns: number): Promise<void> {
  return turns === 0 ? Promise.resolve() : new Promise((resolve) => setImmediate(() => resolve(pause(turns - 1))));
}

describe('an ordered window', () => {
  it('hands everything on, in order, and holds no more than it may', async () => {
    const pauses = fc.array(fc.nat(3), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), pauses, pauses, async (capacity, before, after) => {
        const window = new OrderedWindow<number>(capacity);
        const produce = async (): Promise<void> => {
          for (const [i, turns] of before.entries()) {
            await pause(turns);
            await window.push(i, calm);
          }
          window.end();
        };
        const taken: number[] = [];
        const consume = async (): Promise<void> => {
          for (let item = await window.take(calm); item !== undefined; item = await window.take(calm)) {
            taken.push(item);
            await pause(after[taken.length % Math.max(1, after.length)] ?? 0);
          }
        };
        await Promise.all([produce(), consume()]);
        expect(taken).toEqual(before.map((_, i) => i));
        expect(window.highWater).toBeLessThanOrEqual(capacity);
        expect(await window.take(calm)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  it('ends the producer’s wait with the signal', async () => {
    const window = new OrderedWindow<string>(1);
    const stop = new AbortController();
    await window.push('a', stop.signal);
    const waiting = window.push('b', stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await expect(window.push('c', stop.signal)).rejects.toMatchObject({ code: 'aborted' });
    expect(window.drain()).toEqual(['a']);
    expect(window.drain()).toEqual([]);
  });

  it('ends the consumer’s wait with the signal, and gives it nothing more', async () => {
    const window = new OrderedWindow<string>(2);
    const stop = new AbortController();
    const waiting = window.take(stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await window.push('a', calm);
    await expect(window.take(stop.signal)).rejects.toMatchObject({ code: 'aborted' });
    // An end that came because of the signal is not the end of the items.
    window.drain();
    window.end();
    await expect(window.take(stop.signal)).rejects.toMatchObject({ code: 'aborted' });
  });

  it('takes nothing behind its end, and has room for one item at least', async () => {
    const window = new OrderedWindow<number>(3);
    window.end();
    await expect(window.push(1, calm)).rejects.toThrow('after the end');
    expect(() => new OrderedWindow(0)).toThrow('at least one');
  });
});
