import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../../src/errors.ts';
import { concatBytes, equalBytes } from '../../../src/format/bytes.ts';
import { wireOffset } from '../../../src/format/schedule.ts';
import type { StreamedBody } from '../../../src/gateway/http/gateway-answer.ts';
import type { OperationHandler } from '../../../src/gateway/operation-call.ts';
import { getObject } from '../../../src/gateway/operations/get-object.ts';
import { getObjectAttributes } from '../../../src/gateway/operations/get-object-attributes.ts';
import { headObject } from '../../../src/gateway/operations/head-object.ts';
import type { BucketStore } from '../../../src/objects/bucket-store.ts';
import type { GetRequest, ObjectBody } from '../../../src/objects/object-store.ts';
import { toS3Error } from '../../../src/s3-protocol/errors/to-s3-error.ts';
import { randomLooking, xorBit } from '../../support/content.ts';
import { noteFault } from '../../support/fault-log.ts';
import { calm, inlinePool } from '../../support/streams.ts';
import { type Asked, bucket, key, layGround, makeBound, type ReadingGround, standard } from './reading-ground.ts';

const mib = 2 ** 20;
const content = randomLooking(20 * mib, 'reading faults');
const making = makeBound(content, standard, { pool: inlinePool(64 * mib) });

/** What a client is told; what it was given before that. */
async function failureOf(
  gateway: ReadingGround,
  handler: OperationHandler,
  asked: Asked = {},
): Promise<{ code: string; status: number; error: unknown; given: Uint8Array }> {
  const pieces: Uint8Array[] = [];
  let error: unknown;
  const spying: OperationHandler = async (call, signal) => {
    const answer = await handler(call, signal);
    const { body } = answer;
    if (body === undefined || body instanceof Uint8Array) return answer;
    return { ...answer, body: spied(body, pieces) };
  };
  try {
    await gateway.ask(spying, asked);
  } catch (thrown) {
    error = thrown;
  }
  expect(error, 'a failure').toBeDefined();
  const { code, status } = toS3Error(error, { bucket, key });
  return { code, status, error, given: concatBytes(...pieces) };
}

function spied(body: StreamedBody, pieces: Uint8Array[]): StreamedBody {
  return {
    lengthBytes: body.lengthBytes,
    send: (sink, signal) =>
      body.send(
        {
          write: async (bytes, inner) => {
            pieces.push(new Uint8Array(bytes));
            await sink.write(bytes, inner);
          },
        },
        signal,
      ),
    close: () => body.close(),
  };
}

/** A store whose answers to GETs are otherwise. */
function answering(store: BucketStore, change: (body: ObjectBody, request: GetRequest) => ObjectBody): BucketStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'get') {
        return async (request: GetRequest, signal: AbortSignal) => change(await target.get(request, signal), request);
      }
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Bodies that fail after so many bytes of an answer that begins behind the first one. */
function breaking(
  afterBytes: number,
  error: () => Error,
): { decorate(store: BucketStore): BucketStore; reached: number } {
  const fault = {
    reached: 0,
    decorate: (store: BucketStore) =>
      answering(store, (body, { range }) => {
        let read = 0;
        const isLater = range !== undefined && 'first' in range && range.first > mib;
        return {
          head: body.head,
          close: () => body.close(),
          async read(target, signal) {
            read += target.length;
            if (!isLater || read <= afterBytes) return body.read(target, signal);
            fault.reached++;
            throw error();
          },
        };
      }),
  };
  return fault;
}

describe('a backend that fails in the middle', () => {
  it.each([
    ['H02', 'a reset', 'The connection was reset.'],
    ['H04', 'a stall, which the store gives up', 'No byte came for 60 s.'],
  ])('%s: %s: the body ends with an error, and never as if it were whole', async (id, injected, message) => {
    const fault = breaking(3 * mib, () => new SealpartError('store', message));
    const gateway = await layGround({ decorate: fault.decorate });
    await gateway.put(await making);
    const failure = await failureOf(gateway, getObject);
    expect(failure.error).toBeInstanceOf(SealpartError);
    expect(failure.given.length).toBeLessThan(content.length);
    expect(equalBytes(failure.given, content.subarray(0, failure.given.length))).toBe(true);
    noteFault({ id, injected, reached: fault.reached, outcome: `send throws after ${failure.given.length} bytes` });
  });

  it('H04: a client that reads slowly is no stall: nothing is read from the backend meanwhile', async () => {
    let read = 0;
    const decorate = (store: BucketStore): BucketStore =>
      answering(store, (body) => ({
        head: body.head,
        close: () => body.close(),
        async read(target, signal) {
          const count = await body.read(target, signal);
          read += count;
          return count;
        },
      }));
    const gateway = await layGround({ decorate });
    await gateway.put(await making);
    let sent = 0;
    let mostAhead = 0;
    let waits = 0;
    await gateway.ask(async (call, signal) => {
      const answer = await getObject(call, signal);
      const body = answer.body as StreamedBody;
      const write = async (bytes: Uint8Array): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        waits++;
        mostAhead = Math.max(mostAhead, read - sent);
        sent += bytes.length;
      };
      await body.send({ write }, signal);
      return { status: 200, headers: [] };
    });
    // A MiB is decrypted, or on its way to be, and of the answer no more was taken.
    expect([sent, waits > 10]).toEqual([content.length, true]);
    expect(mostAhead).toBeLessThanOrEqual(1.25 * mib);
    expect(gateway.pool.plain.highWaterBytes).toBeLessThanOrEqual(mib);
    noteFault({ id: 'H04', injected: 'a slow client', reached: waits, outcome: `${mostAhead} bytes ahead at most` });
  });
});

describe('an object that is not what was written (H03)', () => {
  const cases: [string, number, number][] = [
    ['its magic', 3, 500],
    ['its header', 300, 500],
    ['the header of the last segment', wireOffset(standard, 2) + 20, 500],
    ['the first segment header', 1024 + 30, 500],
    ['the first frame', 1024 + 64 + 100, 500],
  ];

  it.each(cases)('%s: an error before the body', async (_, at) => {
    const gateway = await layGround();
    const made = await making;
    await gateway.putBytes(xorBit(made.bytes, 8 * at));
    const { code, given, status } = await failureOf(gateway, getObject);
    // What does not begin like a stream is none.
    expect([code, status, given.length]).toEqual(at < 8 ? ['InvalidObjectState', 403, 0] : ['InternalError', 500, 0]);
    noteFault({ id: 'H03', injected: `a flipped bit at ${at}`, reached: 1, outcome: code });
  });

  it.each([
    [100_000, 30_000, 'bytes=0-9'],
    [1_000_000, 999_000, 'bytes=-9'],
  ])('a small one of %i bytes, at byte %i: an error, and not a byte before it', async (length, at, range) => {
    const gateway = await layGround();
    const made = await makeBound(content.subarray(0, length));
    await gateway.putBytes(xorBit(made.bytes, 8 * at));
    for (const headers of [{}, { range }]) {
      const { code, given } = await failureOf(gateway, getObject, { headers });
      expect([code, given.length]).toEqual(['InternalError', 0]);
    }
    noteFault({ id: 'H03', injected: `a flipped bit of ${length} bytes`, reached: 1, outcome: 'InternalError' });
  });

  it('in the middle: what is given is a prefix, and the body fails', async () => {
    const gateway = await layGround();
    const made = await making;
    await gateway.putBytes(xorBit(made.bytes, 8 * (wireOffset(standard, 1) + 3 * mib)));
    const { code, given, error } = await failureOf(gateway, getObject);
    expect([code, (error as SealpartError).code]).toEqual(['InternalError', 'crc-mismatch']);
    expect(given.length).toBeGreaterThan(8 * mib);
    expect(equalBytes(given, content.subarray(0, given.length))).toBe(true);
    noteFault({
      id: 'H03',
      injected: 'a flipped bit in segment 1',
      reached: 1,
      outcome: `${given.length} right bytes`,
    });
  });

  it('a range of it: an error before the body', async () => {
    const gateway = await layGround();
    const made = await making;
    await gateway.putBytes(xorBit(made.bytes, 8 * (wireOffset(standard, 1) + 3 * mib)));
    const range = `bytes=${11 * mib - 70_000}-${11 * mib + 70_000}`;
    const { code, given, error } = await failureOf(gateway, getObject, { headers: { range } });
    expect([code, (error as SealpartError).code, given.length]).toEqual(['InternalError', 'frame-auth', 0]);
  });
});

describe('an object that is another by now (H17)', () => {
  const other = makeBound(randomLooking(20 * mib, 'other'), standard, { seed: 2, pool: inlinePool(64 * mib) });

  /** Puts another object in its place when so many GETs were answered, and perhaps before every second one from then on. */
  async function replacing(after: number, times = 1): Promise<{ gateway: ReadingGround; reached: () => number }> {
    let answered = 0;
    let reached = 0;
    const next = await other;
    const decorate = (store: BucketStore): BucketStore =>
      new Proxy(store, {
        get(target, name) {
          const value = Reflect.get(target, name);
          if (name !== 'get') return typeof value === 'function' ? value.bind(target) : value;
          return async (request: GetRequest, signal: AbortSignal) => {
            const since = answered++ - after;
            if (since >= 0 && since % 2 === 0 && reached < times) {
              await target.put({ bucket, key }, next.bytes, {}, {}, calm);
              reached++;
            }
            return target.get(request, signal);
          };
        },
      });
    const gateway = await layGround({ decorate });
    return { gateway, reached: () => reached };
  }

  it('in the middle of a body: it fails, and nothing is mixed', async () => {
    const { gateway, reached } = await replacing(2);
    await gateway.put(await making);
    const { given, error } = await failureOf(gateway, getObject);
    expect((error as SealpartError).code).toBe('precondition');
    expect(equalBytes(given, content.subarray(0, given.length))).toBe(true);
    noteFault({
      id: 'H17',
      injected: 'another object between two GETs',
      reached: reached(),
      outcome: 'the body fails',
    });
  });

  it('before the body of a range: the new one is given', async () => {
    const { gateway, reached } = await replacing(1);
    await gateway.put(await making);
    const first = 9_000_000;
    const part = await gateway.ask(getObject, { headers: { range: `bytes=${first}-${first + 9}` } });
    expect(equalBytes(part.bytes, (await other).content.subarray(first, first + 10))).toBe(true);
    noteFault({
      id: 'H17',
      injected: 'another object after the first GET',
      reached: reached(),
      outcome: 'the new one',
    });
  });

  it('again and again before the body of a range: 412', async () => {
    const { gateway, reached } = await replacing(1, Number.POSITIVE_INFINITY);
    await gateway.put(await making);
    const { code, given } = await failureOf(gateway, getObject, { headers: { range: 'bytes=9000000-9000009' } });
    expect([code, given.length, reached() >= 3]).toEqual(['PreconditionFailed', 0, true]);
    noteFault({ id: 'H17', injected: 'other objects after each first GET', reached: reached(), outcome: '412' });
  });

  it('since it was remembered: the new one is given', async () => {
    const { gateway, reached } = await replacing(3);
    await gateway.put(await making);
    const headers = { range: 'bytes=9000000-9000009' };
    const before = await gateway.ask(getObject, { headers });
    const after = await gateway.ask(getObject, { headers });
    expect(equalBytes(before.bytes, content.subarray(9_000_000, 9_000_010))).toBe(true);
    expect(equalBytes(after.bytes, (await other).content.subarray(9_000_000, 9_000_010))).toBe(true);
    expect(after.headers.etag).not.toBe(before.headers.etag);
    noteFault({
      id: 'H17',
      injected: 'another object between two requests',
      reached: reached(),
      outcome: 'the new one',
    });
  });
});

describe('what is no object of ours', () => {
  const handlers: [string, OperationHandler, Asked][] = [
    ['GET', getObject, {}],
    ['GET of a range', getObject, { headers: { range: 'bytes=1-2' } }],
    ['HEAD', headObject, { method: 'HEAD' }],
    [
      'GetObjectAttributes',
      getObjectAttributes,
      { query: 'attributes', headers: { 'x-amz-object-attributes': 'ETag' } },
    ],
  ];

  it.each(handlers)('X21: %s of plaintext is refused', async (_, handler, asked) => {
    const gateway = await layGround();
    for (const length of [0, 10, 3 * mib]) {
      await gateway.putBytes(content.subarray(0, length));
      const { code, status, given } = await failureOf(gateway, handler, asked);
      expect([code, status, given.length]).toEqual(['InvalidObjectState', 403, 0]);
    }
    noteFault({ id: 'X21', injected: 'plaintext objects', reached: 3, outcome: 'InvalidObjectState' });
  });

  it('X21: and served as it is where that was chosen', async () => {
    const gateway = await layGround({ changes: { plaintext: 'pass' } });
    for (const length of [0, 10, 3 * mib, 20 * mib]) {
      const plain = content.subarray(0, length);
      await gateway.putBytes(plain, { headers: { 'content-type': 'text/plain' } });
      const head = await gateway.ask(headObject, { method: 'HEAD' });
      expect(head.headers).toMatchObject({ 'content-length': String(length), 'content-type': 'text/plain' });
      const whole = await gateway.ask(getObject);
      expect([whole.status, equalBytes(whole.bytes, plain)]).toEqual([200, true]);
      expect(whole.headers.etag).toBe(`"${(await gateway.store.head({ bucket, key }, calm)).etag}"`);
      if (length === 0) continue;
      const part = await gateway.ask(getObject, { headers: { range: `bytes=2-${length - 2}` } });
      expect([part.status, equalBytes(part.bytes, plain.subarray(2, length - 1))]).toEqual([206, true]);
      const unmodified = { headers: { 'if-none-match': whole.headers.etag! } };
      expect((await gateway.ask(getObject, unmodified)).status).toBe(304);
    }
  });

  it.each(handlers)('X07: %s of a stream of another name is an internal error', async (_, handler, asked) => {
    const gateway = await layGround();
    for (const length of [10, 3 * mib]) {
      await gateway.putBytes((await makeBound(content.subarray(0, length), standard, { ofKey: 'another' })).bytes);
      const failure = await failureOf(gateway, handler, asked);
      expect([failure.code, (failure.error as SealpartError).code]).toEqual(['InternalError', 'wrong-object']);
    }
    noteFault({ id: 'X07', injected: 'objects under another key', reached: 2, outcome: 'wrong-object, 500' });
  });

  it('X10: keys that are not ours', async () => {
    const gateway = await layGround({ changes: { access: { identities: [] } } });
    await gateway.put(await makeBound(content.subarray(0, 3 * mib)));
    const failure = await failureOf(gateway, getObject);
    expect([failure.code, (failure.error as SealpartError).code]).toEqual(['InternalError', 'no-recipient']);
    noteFault({ id: 'X10', injected: 'no key', reached: 1, outcome: 'no-recipient, 500' });
  });
});

describe('a record that is not of this stream', () => {
  it('is not believed once the header was read', async () => {
    const gateway = await layGround();
    const made = await making;
    // Of the same length, so that only the stream's own header tells.
    await gateway.put(made, { recorded: { streamId: new Uint8Array(16), contentLength: 19 * mib } });
    expect((await gateway.ask(headObject, { method: 'HEAD' })).headers['content-length']).toBe(String(19 * mib));
    const headers = { range: `bytes=${10 * mib}-${10 * mib + 9}` };
    const part = await gateway.ask(getObject, { headers });
    expect(part.headers['content-range']).toBe(`bytes ${10 * mib}-${10 * mib + 9}/${content.length}`);
    expect(equalBytes(part.bytes, content.subarray(10 * mib, 10 * mib + 10))).toBe(true);
    expect((await gateway.ask(getObject)).bytes.length).toBe(content.length);
  });

  it('nor of a small object that has another length', async () => {
    const gateway = await layGround();
    await gateway.put(await makeBound(content.subarray(0, 1000)), { recorded: { contentLength: 999 } });
    const whole = await gateway.ask(getObject);
    expect([whole.bytes.length, whole.headers.etag?.endsWith('-1"')]).toEqual([1000, true]);
  });
});

describe('a client that goes away', () => {
  it('H01: nothing is held any more, whenever it goes', async () => {
    const gateway = await layGround();
    await gateway.put(await making);
    for (const after of [0, 1, 5]) {
      const gone = new AbortController();
      let writes = 0;
      const work = gateway.ask(async (call, signal) => {
        const answer = await getObject(call, signal);
        const body = answer.body as StreamedBody;
        const write = async (): Promise<void> => {
          if (writes++ === after) gone.abort(new SealpartError('aborted', 'The client has gone.'));
        };
        try {
          await body.send({ write }, gone.signal);
        } finally {
          await body.close();
        }
        return answer;
      });
      await expect(work).rejects.toMatchObject({ code: 'aborted' });
      expect([gateway.pool.plain.usedBytes, gateway.pool.wire.usedBytes]).toEqual([0, 0]);
      expect(gateway.store.gets.every(({ closed }) => closed)).toBe(true);
    }
    noteFault({ id: 'H01', injected: 'a client that goes', reached: 3, outcome: 'nothing is held' });
  });

  it('and one that does not take the body at all', async () => {
    const gateway = await layGround();
    await gateway.put(await making);
    await gateway.ask(async (call, signal) => {
      const answer = await getObject(call, signal);
      await (answer.body as StreamedBody).close();
      return { status: answer.status, headers: answer.headers };
    });
    expect([gateway.pool.plain.usedBytes, gateway.store.gets.every(({ closed }) => closed)]).toEqual([0, true]);
  });
});
