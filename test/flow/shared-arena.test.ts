import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { type ArenaLease, SharedArena } from '../../src/flow/shared-arena.ts';
import { fc } from '../support/properties.ts';
import { calm } from '../support/streams.ts';

const grain = 64;

function roundedUp(length: number): number {
  return Math.ceil(length / grain) * grain;
}

it('is not made of what is no size, nor of more than the machine gives: the caller is told what to do', () => {
  for (const bytes of [Number.NaN, -5, 1.5, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 2 ** 52]) {
    expect(() => new SharedArena(bytes)).toThrow(expect.objectContaining({ code: 'bad-parameters' }));
  }
  expect(() => new SharedArena(2 ** 52)).toThrow('give a smaller memory budget');
  expect(new SharedArena(0).capacityBytes).toBe(0);
});

/** What an arena should do, with a list of what is taken and nothing clever. */
class ModelArena {
  readonly capacity: number;
  readonly taken = new Map<number, { offset: number; length: number }>();
  readonly waiting: { id: number; length: number }[] = [];
  highWater = 0;

  constructor(capacity: number) {
    this.capacity = roundedUp(capacity);
  }

  get used(): number {
    return [...this.taken.values()].reduce((sum, { length }) => sum + length, 0);
  }

  lease(id: number, length: number): void {
    this.waiting.push({ id, length });
    this.#serve();
  }

  release(id: number): void {
    this.taken.delete(id);
    this.#serve();
  }

  abort(id: number): void {
    this.waiting.splice(
      this.waiting.findIndex((waiter) => waiter.id === id),
      1,
    );
    this.#serve();
  }

  #serve(): void {
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      const length = roundedUp(first.length);
      const offset = this.#lowestFit(length);
      if (offset === undefined) return;
      this.taken.set(first.id, { offset, length });
      this.highWater = Math.max(this.highWater, this.used);
      this.waiting.shift();
    }
  }

  #lowestFit(length: number): number | undefined {
    let offset = 0;
    for (const next of [...this.taken.values()].toSorted((a, b) => a.offset - b.offset)) {
      if (next.offset - offset >= length) return offset;
      offset = next.offset + next.length;
    }
    return this.capacity - offset >= length ? offset : undefined;
  }
}

/** Lets everything that is due happen. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Asked {
  lease: ArenaLease | undefined;
  error: unknown;
  readonly stop: AbortController;
}

function ask(arena: SharedArena, length: number): Asked {
  const asked: Asked = { lease: undefined, error: undefined, stop: new AbortController() };
  arena.lease(length, asked.stop.signal).then(
    (lease) => {
      asked.lease = lease;
    },
    (error: unknown) => {
      asked.error = error;
    },
  );
  return asked;
}

describe('a shared arena', () => {
  it('does what a list of its leases says, whoever asks, lets go or gives up', async () => {
    const steps = fc.array(
      fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({ kind: fc.constant('ask' as const), length: fc.integer({ min: 1, max: 1024 }) }),
        },
        { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat() }) },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), which: fc.nat() }) },
      ),
      { maxLength: 80 },
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1024, max: 4000 }), steps, async (capacity, taken) => {
        const arena = new SharedArena(capacity);
        const model = new ModelArena(capacity);
        const asked: Asked[] = [];
        for (const step of taken) {
          if (step.kind === 'ask') {
            model.lease(asked.length, step.length);
            asked.push(ask(arena, step.length));
          } else if (step.kind === 'release') {
            const held = [...model.taken.keys()];
            if (held.length === 0) continue;
            const id = held[step.which % held.length]!;
            asked[id]!.lease!.release();
            model.release(id);
          } else {
            const waiter = model.waiting[step.which % Math.max(1, model.waiting.length)];
            if (waiter === undefined) continue;
            asked[waiter.id]!.stop.abort();
            model.abort(waiter.id);
          }
          await settle();
          for (const [id, { lease }] of asked.entries()) {
            const expected = model.taken.get(id);
            if (expected !== undefined) expect(lease?.offset).toBe(expected.offset);
          }
          expect(asked.filter(({ lease, error }) => lease === undefined && error === undefined)).toHaveLength(
            model.waiting.length,
          );
          expect(arena.usedBytes).toBe(model.used);
          expect(arena.highWaterBytes).toBe(model.highWater);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('lends stretches that are as long as asked, begin on cache lines, and lie apart', async () => {
    const arena = new SharedArena(1000);
    expect(arena.capacityBytes).toBe(1024);
    const leases = await Promise.all([1, 64, 65, 200].map((length) => arena.lease(length, calm)));
    expect(leases.map(({ offset, length }) => [offset, length])).toEqual([
      [0, 1],
      [64, 64],
      [128, 65],
      [256, 200],
    ]);
    for (const [i, { bytes, length }] of leases.entries()) {
      expect(bytes.buffer).toBe(arena.buffer);
      expect(bytes).toHaveLength(length);
      bytes.fill(i + 1);
    }
    expect(new Uint8Array(arena.buffer).filter((byte) => byte === 4)).toHaveLength(200);
    expect(arena.usedBytes).toBe(SharedArena.footprint(1) + 64 + SharedArena.footprint(65) + 256);
  });

  it('serves in the order of asking: a large wish is not starved by small ones', async () => {
    const arena = new SharedArena(1024);
    const first = ask(arena, 512);
    await settle();
    const large = ask(arena, 1024);
    const small = ask(arena, 64);
    await settle();
    expect([large.lease, small.lease]).toEqual([undefined, undefined]);
    first.lease!.release();
    await settle();
    expect(large.lease?.offset).toBe(0);
    expect(small.lease).toBeUndefined();
    large.lease!.release();
    await settle();
    expect(small.lease?.offset).toBe(0);
  });

  it('goes on with those behind when one that waits gives up', async () => {
    const arena = new SharedArena(1024);
    const first = ask(arena, 512);
    const large = ask(arena, 1024);
    const small = ask(arena, 64);
    await settle();
    large.stop.abort();
    await settle();
    expect(large.error).toMatchObject({ code: 'aborted' });
    expect(small.lease).toBeDefined();
    // A signal that fires after the lease was given takes nothing back.
    small.stop.abort();
    first.stop.abort();
    await settle();
    expect([small.error, first.error]).toEqual([undefined, undefined]);
    expect(arena.usedBytes).toBe(512 + 64);
  });

  it('asks nothing of an arena for a signal that has fired, and keeps its reason', async () => {
    const arena = new SharedArena(64);
    const reason = new SealpartError('store', 'The store is on fire.');
    await expect(arena.lease(64, AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(arena.lease(64, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
    expect(arena.usedBytes).toBe(0);
  });

  it('takes no wish that it can never grant, and no lease back twice', async () => {
    const arena = new SharedArena(100);
    expect(() => arena.lease(129, calm)).toThrow('a lease that the arena can hold');
    expect(() => arena.lease(0, calm)).toThrow('a lease that the arena can hold');
    const lease = await arena.lease(128, calm);
    lease.release();
    expect(() => lease.release()).toThrow('once');
    expect(arena.usedBytes).toBe(0);
    expect(new SharedArena(0).capacityBytes).toBe(0);
  });
});
