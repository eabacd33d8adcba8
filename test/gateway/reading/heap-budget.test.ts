import { describe, expect, it } from 'vitest';
import { HeapBudget } from '../../../src/gateway/reading/heap-budget.ts';
import { calm } from '../../support/streams.ts';

const budget = (waitLimitMs = 20) => new HeapBudget(1000, { mostEachBytes: 200, waitLimitMs });
const slowDown = { code: 'SlowDown' };

describe('memory outside of the pool', () => {
  it('is held up to what there is, and then waited for, for a time', async () => {
    const heap = budget();
    const one = await heap.enter(100, calm);
    await one.resize(900, calm);
    const other = await heap.enter(100, calm);
    expect([heap.usedBytes, heap.waiting]).toEqual([1000, 0]);
    const entering = heap.enter(1, calm);
    expect(heap.waiting).toBe(1);
    await expect(entering).rejects.toMatchObject(slowDown);
    await expect(other.resize(101, calm)).rejects.toMatchObject(slowDown);
    expect([heap.usedBytes, heap.waiting, other.bytes]).toEqual([1000, 0, 100]);
    one.release();
    one.release();
    other.release();
    expect(heap.usedBytes).toBe(0);
  });

  it('those who begin leave room for those who have, and stand behind them', async () => {
    const heap = budget(10_000);
    const begun = [await heap.enter(125, calm), await heap.enter(125, calm)];
    const granted: string[] = [];
    const late = heap.enter(125, calm).then((held) => {
      granted.push('late');
      return held;
    });
    expect(heap.waiting).toBe(1);
    await begun[0]!.resize(800, calm);
    const grown = begun[1]!.resize(200, calm).then(() => granted.push('grown'));
    expect(await Promise.race([grown, late, 'neither'])).toBe('neither');
    begun[0]!.shrinkTo(790);
    begun[0]!.release();
    const last = await late;
    expect(granted).toEqual(['grown', 'late']);
    expect(heap.usedBytes).toBe(325);
    last.release();
    begun[1]!.release();
    expect(heap.usedBytes).toBe(0);
  });

  it('is given up by who goes, and lets those behind it pass', async () => {
    const heap = budget(10_000);
    const held = await heap.enter(10, calm);
    await held.resize(1000, calm);
    const gone = new AbortController();
    const large = heap.enter(100, gone.signal);
    const small = heap.enter(50, calm);
    held.shrinkTo(920);
    expect(heap.waiting).toBe(2);
    gone.abort();
    await expect(large).rejects.toMatchObject({ code: 'aborted' });
    await expect(heap.enter(1000, gone.signal)).rejects.toMatchObject({ code: 'aborted' });
    (await small).release();
    held.release();
    expect(heap.usedBytes).toBe(0);
  });

  it('one alone may have more than there is', async () => {
    const heap = budget();
    const held = await heap.enter(2000, calm);
    await held.resize(3000, calm);
    await expect(heap.enter(1, calm)).rejects.toMatchObject(slowDown);
    held.release();
    expect(heap.usedBytes).toBe(0);
  });
});
