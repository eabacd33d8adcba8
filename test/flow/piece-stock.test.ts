import { describe, expect, it } from 'vitest';
import { PieceStock } from '../../src/flow/piece-stock.ts';
import { SharedArena } from '../../src/flow/shared-arena.ts';
import { calm } from '../support/streams.ts';

describe('a stock of pieces', () => {
  it('lends disjoint pieces of its memory, the lowest first, and has all of them back', async () => {
    const arena = new SharedArena(4096);
    const outside = await arena.lease(512, calm);
    const stock = new PieceStock(await arena.lease(2000, calm), 300);
    expect(stock.pieces).toBe(6);
    const [one, other] = [stock.open(2), stock.open(3)];
    const pieces = [await one.take(calm), await other.take(calm), await one.take(calm)];
    expect(pieces.map(({ offset, length }) => [offset, length])).toEqual([
      [512, 300],
      [832, 300],
      [1152, 300],
    ]);
    for (const [i, { bytes }] of pieces.entries()) bytes.fill(i + 1);
    expect(pieces.map(({ bytes }) => new Set(bytes))).toEqual([new Set([1]), new Set([2]), new Set([3])]);
    expect(new Uint8Array(arena.buffer, 832, 300).every((byte) => byte === 2)).toBe(true);
    expect(new Set(outside.bytes)).toEqual(new Set([0]));
    one.release();
    expect(stock.freePieces).toBe(5);
    expect((await other.take(calm)).offset).toBe(512);
    other.release();
    expect(stock.freePieces).toBe(6);
  });

  it('lies in a region of an arena, as another arena can', async () => {
    const arena = new SharedArena(4096);
    await arena.lease(640, calm);
    const inner = new SharedArena({ buffer: arena.buffer, lease: await arena.lease(1000, calm) });
    expect(inner.capacityBytes).toBe(960);
    const leases = [await inner.lease(500, calm), await inner.lease(400, calm)];
    expect(leases.map(({ offset }) => offset)).toEqual([640, 1152]);
    expect(inner.tryLease(100)).toBeUndefined();
    leases[0]!.release();
    expect(inner.tryLease(100)?.offset).toBe(640);
  });
});
