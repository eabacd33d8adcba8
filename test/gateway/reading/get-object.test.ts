import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../../src/format/bytes.ts';
import { contentOffset, wireOffset } from '../../../src/format/schedule.ts';
import { getObject } from '../../../src/gateway/operations/get-object.ts';
import { headObject } from '../../../src/gateway/operations/head-object.ts';
import { randomLooking } from '../../support/content.ts';
import { inlinePool, parametersOf } from '../../support/streams.ts';
import {
  type Answered,
  layGround,
  makeBound,
  makeBoundIndexed,
  type ReadingGround,
  standard,
} from './reading-ground.ts';

const mib = 2 ** 20;
const frame = 2 ** 16;
const large = randomLooking(20 * mib, 'gateway reads');
const making = makeBound(large, standard, { pool: inlinePool(64 * mib) });
const small = randomLooking(100_000, 'gateway reads little');

function spansOf({ store }: ReadingGround): [number, number][] {
  expect(store.gets.every(({ closed }) => closed)).toBe(true);
  return store.gets.map(({ start, end }): [number, number] => [start, end]).sort((a, b) => a[0] - b[0]);
}

function expectPart({ bytes, headers, status }: Answered, content: Uint8Array, first: number, last: number): void {
  expect([status, headers['content-range']]).toEqual([206, `bytes ${first}-${last}/${content.length}`]);
  expect(equalBytes(bytes, content.subarray(first, last + 1))).toBe(true);
}

const range = (first: number, last: number | '' = ''): { headers: { range: string } } => ({
  headers: { range: `bytes=${first}-${last}` },
});

describe('requests that a GET costs', () => {
  it.each([0, 1, 1024, 100_000, mib - 5000])('%i bytes: one GET, whatever of them is asked for', async (length) => {
    const gateway = await layGround();
    const content = small.subarray(0, length).length === length ? small.subarray(0, length) : large.subarray(0, length);
    await gateway.put(await makeBound(content));
    for (const again of [false, true]) {
      gateway.store.reset();
      const whole = await gateway.ask(getObject);
      expect([whole.status, whole.bytes.length, gateway.store.requests]).toEqual([200, length, { get: 1 }]);
      expect(equalBytes(whole.bytes, content)).toBe(true);
      if (length < 2) continue;
      gateway.store.reset();
      expectPart(await gateway.ask(getObject, range(1, length - 1)), content, 1, length - 1);
      // Of one that nobody has seen the beginning comes first, which for a larger one is not all.
      if (again || length <= frame) expect(gateway.store.requests).toEqual({ get: 1 });
    }
  });

  it.each(['metadata', 'table'] as const)('20 MiB with its record in the %s: a GET for 8 MiB', async (record) => {
    const gateway = await layGround();
    const made = await making;
    await gateway.put(made, { record });
    const whole = await gateway.ask(getObject);
    expect([whole.status, equalBytes(whole.bytes, large)]).toEqual([200, true]);
    const spans = spansOf(gateway);
    expect(spans[0]).toEqual([0, 8 * mib]);
    expect(spans.length).toBe(3);
    expect([gateway.store.requests, gateway.store.bytes.get]).toEqual([{ get: 3 }, made.bytes.length]);
  });

  it('without a record: what proves the length besides, once', async () => {
    const gateway = await layGround();
    const made = await making;
    await gateway.put(made, { record: 'none' });
    const whole = await gateway.ask(getObject);
    expect(equalBytes(whole.bytes, large)).toBe(true);
    expect(gateway.store.requests).toEqual({ get: 5 });
    gateway.store.reset();
    await gateway.ask(getObject);
    expect(gateway.store.requests).toEqual({ get: 3 });
  });

  it('a range: three GETs in one round trip with the record alone, two with the header, then one', async () => {
    const gateway = await layGround();
    const made = await making;
    await gateway.put(made);
    const first = contentOffset(standard, 1) + 10 * frame;
    const header: [number, number] = [wireOffset(standard, 1), wireOffset(standard, 1) + 64];
    const framesStart = header[1] + 10 * (frame + 36);
    const frames: [number, number] = [framesStart, framesStart + 4 * (frame + 36)];
    const asked = range(first + 5, first + 200 * 1024);
    const check = (answered: Answered): void => expectPart(answered, large, first + 5, first + 200 * 1024);
    // Of an object that nobody has seen, the beginning comes first.
    check(await gateway.ask(getObject, asked));
    expect(spansOf(gateway)).toEqual([[0, 4160], header, frames]);

    const other = gateway.restarted();
    await other.ask(headObject, { method: 'HEAD' });
    expect(other.store.requests).toMatchObject({ head: 1 });
    other.store.reset();
    check(await other.ask(getObject, asked));
    expect([spansOf(other), other.store.mostOpenGets]).toEqual([[[0, 1024], header, frames], 3]);
    other.store.reset();
    check(await other.ask(getObject, asked));
    expect(spansOf(other)).toEqual([frames]);
    other.store.reset();
    expectPart(await other.ask(getObject, range(100_000, 100_009)), large, 100_000, 100_009);
    expect(other.store.requests).toEqual({ get: 2 });
  });

  it('ranges of all kinds are what they are of the content', async () => {
    const gateway = await layGround();
    await gateway.put(await making);
    const ends = [0, 1, 5 * mib, 8 * mib - 1100, large.length - 1];
    for (const first of ends) {
      expectPart(await gateway.ask(getObject, range(first)), large, first, large.length - 1);
      for (const last of ends) {
        const answered = await gateway.ask(getObject, range(first, last));
        if (last < first) expect([answered.status, answered.bytes.length]).toEqual([200, large.length]);
        else expectPart(answered, large, first, last);
      }
    }
    const suffix = await gateway.ask(getObject, { headers: { range: 'bytes=-70000' } });
    expectPart(suffix, large, large.length - 70_000, large.length - 1);
    expectPart(
      await gateway.ask(getObject, range(large.length - 3, 2 ** 40)),
      large,
      large.length - 3,
      large.length - 1,
    );
  });

  it('an indexed one and a compressed one are served too', async () => {
    const lengths = [mib, mib, mib, mib, mib];
    const parts = [1, 2, 5, 6].map((partNumber) => ({ partNumber, lengths }));
    const pool = inlinePool(64 * mib);
    const content = large.map((byte, at) => (at % 2 === 0 ? byte : 7));
    const compressed = parametersOf({ ...standard, segmentSizeLog2: 20, segmentSizeMaxLog2: 20, compression: 1 });
    for (const made of [
      await makeBoundIndexed(large, parts, pool),
      await makeBoundIndexed(large.subarray(0, 500_000), [{ partNumber: 1, lengths: [500_000] }], pool),
      await makeBound(content.subarray(0, 5 * mib), compressed, { pool }),
      await makeBound(content.subarray(0, 500_000), compressed, { pool }),
      await makeBound(new Uint8Array(0), compressed, { pool }),
    ]) {
      const gateway = await layGround();
      await gateway.put(made, { record: 'none' });
      for (let times = 0; times < 2; times++) {
        const whole = await gateway.ask(getObject);
        expect([whole.status, equalBytes(whole.bytes, made.content)]).toEqual([200, true]);
        if (made.content.length === 0) continue;
        expectPart(await gateway.ask(getObject, range(1000, 300_000)), made.content, 1000, 300_000);
      }
    }
  });
});
