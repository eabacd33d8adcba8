import { describe, expect, it, onTestFinished } from 'vitest';
import { equalBytes } from '../../../src/format/bytes.ts';
import type { AnswerSink, StreamedBody } from '../../../src/gateway/http/gateway-answer.ts';
import { getObject } from '../../../src/gateway/operations/get-object.ts';
import { readingRoom } from '../../../src/gateway/reading/reading-room.ts';
import type { BucketStore } from '../../../src/objects/bucket-store.ts';
import type { GetRequest } from '../../../src/objects/object-store.ts';
import { createFramePool } from '../../../src/workers/frame-pool.ts';
import { randomLooking } from '../../support/content.ts';
import { inlinePool } from '../../support/streams.ts';
import { type Asked, layGround, makeBound, type ReadingGround, standard } from './reading-ground.ts';

const mib = 2 ** 20;
const content = randomLooking(20 * mib, 'slowly read');
const making = makeBound(content, standard, { pool: inlinePool(64 * mib) });

/** Clients that take nothing, until they are let go. */
function slowClients(gateway: ReadingGround) {
  const go = Promise.withResolvers<void>();
  const outcomes: Promise<string>[] = [];
  let waiting = 0;
  const write = async (): Promise<void> => {
    waiting++;
    await go.promise;
  };
  const sink: AnswerSink = { write };
  const one = async (asked: Asked): Promise<string> => {
    try {
      await gateway.ask(async (call, signal) => {
        const { status, headers, body } = await getObject(call, signal);
        try {
          await (body as StreamedBody).send(sink, signal);
        } finally {
          await (body as StreamedBody).close();
        }
        return { status, headers };
      }, asked);
      return 'served';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  return {
    come: (count: number, asked: Asked = {}) => {
      for (let each = 0; each < count; each++) outcomes.push(one(asked));
    },
    untilWaiting: (count: number) =>
      expect.poll(() => waiting, { timeout: 10_000, interval: 1 }).toBeGreaterThanOrEqual(count),
    letGo: async (): Promise<string[]> => {
      go.resolve();
      return Promise.all(outcomes);
    },
  };
}

describe('clients that do not read', () => {
  it.each([900_000, 20_000])(
    'of objects of %i bytes: what is in memory is bounded, and who comes is told to wait',
    async (length) => {
      const pool = createFramePool({ workers: 0, plainBytes: 4 * mib, wireBytes: 4 * mib });
      onTestFinished(() => pool.close());
      let gets = 0;
      let mostBytes = 0;
      const decorate = (store: BucketStore): BucketStore =>
        new Proxy(store, {
          get(target, name) {
            const value = Reflect.get(target, name);
            if (name !== 'get') return typeof value === 'function' ? value.bind(target) : value;
            return (request: GetRequest, signal: AbortSignal) => {
              gets++;
              // Something is held before the store is asked.
              expect(readingRoom(gateway.ground).heap.usedBytes).toBeGreaterThan(0);
              return target.get(request, signal);
            };
          },
        });
      const gateway = await layGround({ pool, decorate });
      await gateway.put(await makeBound(content.subarray(0, length)));
      const { heap } = readingRoom(gateway.ground);
      const watching = setInterval(() => {
        mostBytes = Math.max(mostBytes, heap.usedBytes);
      }, 1);
      const clients = slowClients(gateway);
      const count = 400;
      clients.come(count);
      await expect.poll(() => heap.waiting, { timeout: 10_000 }).toBe(0);
      clearInterval(watching);
      const outcomes = await clients.letGo();
      const served = outcomes.filter((outcome) => outcome === 'served').length;
      expect(outcomes.filter((outcome) => outcome === 'SlowDown').length).toBe(count - served);
      expect(served).toBeGreaterThanOrEqual(Math.min(3, Math.floor((2 * mib) / length)));
      expect(served * length).toBeLessThanOrEqual(heap.capacityBytes);
      expect(mostBytes).toBeLessThanOrEqual(heap.capacityBytes);
      expect(heap.usedBytes).toBe(0);
      // Of nearly all who were refused, the store was never asked.
      expect(gets).toBeLessThanOrEqual(served + 10);
      const whole = await gateway.ask(getObject);
      expect(equalBytes(whole.bytes, content.subarray(0, length))).toBe(true);
    },
  );

  it('of a large one: others are served meanwhile, a frame at a time, and short ranges at once', async () => {
    const pool = createFramePool({ workers: 0, plainBytes: 16 * mib, wireBytes: 32 * mib });
    onTestFinished(() => pool.close());
    const gateway = await layGround({ pool });
    await gateway.put(await making);
    const clients = slowClients(gateway);
    // One after the other, so that the first ones find all of it free.
    for (let each = 1; each <= 90; each++) {
      clients.come(1);
      await clients.untilWaiting(each);
    }
    const range = { headers: { range: 'bytes=9000000-9000009' } };
    for (let times = 0; times < 3; times++) {
      const part = await gateway.ask(getObject, range);
      expect(equalBytes(part.bytes, content.subarray(9_000_000, 9_000_010))).toBe(true);
    }
    expect(equalBytes((await gateway.ask(getObject)).bytes, content)).toBe(true);
    expect(new Set(await clients.letGo())).toEqual(new Set(['served']));
  }, 30_000);
});

it('who goes while the first answer of a known range is waited for is not waited for', async () => {
  let asked = 0;
  let stopped = 0;
  const decorate = (store: BucketStore): BucketStore =>
    new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (name !== 'get') return typeof value === 'function' ? value.bind(target) : value;
        return (request: GetRequest, signal: AbortSignal) => {
          if (!isStuck) return target.get(request, signal);
          asked++;
          return new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              stopped++;
              reject(signal.reason);
            });
          });
        };
      },
    });
  let isStuck = false;
  const gateway = await layGround({ decorate });
  await gateway.put(await making);
  const headers = { range: 'bytes=9000000-9000009' };
  await gateway.ask(getObject, { headers });
  isStuck = true;
  const gone = new AbortController();
  const answer = gateway.ask(getObject, { headers, signal: gone.signal });
  await expect.poll(() => asked).toBe(1);
  gone.abort();
  await expect(answer).rejects.toMatchObject({ code: 'aborted' });
  expect(stopped).toBe(1);
});
