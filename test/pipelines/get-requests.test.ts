import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { concatBytes, equalBytes } from '../../src/format/bytes.ts';
import { contentLengthOf, streamLength, wireOffset } from '../../src/format/schedule.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import type { GetRequest, ObjectBody, ObjectStore } from '../../src/objects/object-store.ts';
import type { RangeRequest } from '../../src/pipelines/content-range.ts';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { exportObject, getObject, getObjectRange } from '../../src/pipelines/get-object.ts';
import { openObjectInput } from '../../src/pipelines/object-input.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { objectReadsContract } from '../contracts/object-reads.ts';
import { randomLooking, xorBit } from '../support/content.ts';
import { countRequests } from '../support/counting-store.ts';
import { failureOf } from '../support/refusal.ts';
import {
  access,
  calm,
  inlinePool,
  type MadeStream,
  makeIndexed,
  makeScheduled,
  parametersOf,
} from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { WatchedSink } from '../support/watched-sink.ts';

objectReadsContract('directory store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sealpart-reads-'));
  const store = await openDirectoryStore(folder, { create: true });
  return {
    store,
    async dispose() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
});

const mib = 2 ** 20;
const object = { bucket: 'bucket', key: 'object' };
const pool = inlinePool(2 ** 23);
afterAll(() => pool.close());

async function storeOf(bytes: Uint8Array): Promise<ObjectStore> {
  const store = await openDirectoryStore(await temporaryDirectory(), { create: true });
  onTestFinished(() => store.close());
  await store.createBucket(object.bucket, calm);
  await store.put(object, bytes, {}, {}, calm);
  return store;
}

/** The same store, of which the answers to GETs from the second on are otherwise. */
function lyingLater(store: ObjectStore, lie: (body: ObjectBody) => ObjectBody): ObjectStore {
  let answers = 0;
  return new Proxy(store, {
    get(target, name) {
      if (name === 'get') {
        return async (...given: Parameters<ObjectStore['get']>) => {
          const body = await target.get(...given);
          try {
            return answers++ === 0 ? body : lie(body);
          } catch (error) {
            await body.close();
            throw error;
          }
        };
      }
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** How a read ends, and what it gave until then. */
async function outcomeOf(read: (sink: WatchedSink) => Promise<unknown>): Promise<{ code: string; given: Uint8Array }> {
  const sink = new WatchedSink(true);
  let code = 'done';
  try {
    await read(sink);
  } catch {
    code = (await failureOf(read(new WatchedSink(true)))).code;
  }
  expect(sink.state).toBe(code === 'done' ? 'finished' : 'aborted');
  expect([pool.plain.usedBytes, pool.wire.usedBytes]).toEqual([0, 0]);
  return { code, given: sink.given() };
}

const parameters = parametersOf({ segmentSizeLog2: 18 });

describe('a store that lies in a later answer (§6.21)', () => {
  const range = { first: 2 * mib, last: 2 * mib + 10 };
  const reads = [
    (store: ObjectStore, sink: WatchedSink) => getObject({ store, object, sink, access, pool }, calm),
    (store: ObjectStore, sink: WatchedSink) => getObjectRange({ store, object, sink, access, range, pool }, calm),
    (store: ObjectStore, sink: WatchedSink) => exportObject(store, object, sink, calm),
  ];
  const content = randomLooking(3 * mib, 'lies');
  const cases: [string, string, (body: ObjectBody) => ObjectBody][] = [
    ['another length', 'precondition', (body) => headed(body, { sizeBytes: body.head.sizeBytes + 1 })],
    ['another ETag', 'precondition', (body) => headed(body, { etag: 'another' })],
    ['another version', 'precondition', (body) => headed(body, { versionId: 'another' })],
    ['fewer bytes', 'store', (body) => ({ ...headed(body, {}), read: async () => 0 })],
  ];

  function headed(body: ObjectBody, changes: Partial<ObjectBody['head']>): ObjectBody {
    const { versionId = 'one' } = body.head;
    return {
      head: { ...body.head, versionId, ...changes },
      read: (target, signal) => body.read(target, signal),
      close: () => body.close(),
    };
  }

  it.each(cases)('%s: %s', async (_, code, lie) => {
    const { bytes } = await makeScheduled(content, parameters, { pool });
    const store = await storeOf(bytes);
    // The first answer names a version too.
    const versioned = new Proxy(store, {
      get(target, name) {
        if (name === 'get')
          // What lies in the folder has no versions, and is not to be asked for one.
          return async ({ versionId: _, ...asked }: GetRequest, inner: AbortSignal) =>
            headed(await target.get(asked, inner), {});
        const value = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    for (const read of reads) {
      const sink = new WatchedSink();
      const failure = await failureOf(read(lyingLater(versioned, lie), sink));
      expect([failure.code, sink.state]).toEqual([code, 'aborted']);
      expect([pool.plain.usedBytes, pool.wire.usedBytes]).toEqual([0, 0]);
    }
  });

  it('that has none of the bytes any more, or is not the object that was known', async () => {
    const { bytes } = await makeScheduled(content, parameters, { pool });
    const store = await storeOf(bytes);
    const head = await store.head(object, calm);
    const shorter = { ...head, sizeBytes: head.sizeBytes + mib };
    const other = { ...head, etag: 'another' };
    for (const known of [{ head: shorter }, { head: other }]) {
      for (const indexed of [true, false]) {
        const sink = new WatchedSink();
        const read = getObject({ store, object, sink, access, pool, known: { ...known, indexed } }, calm);
        expect([(await failureOf(read)).code, sink.state]).toEqual(['precondition', 'aborted']);
      }
    }
    const empty = await storeOf(new Uint8Array(0));
    const gone = new Proxy(empty, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (name !== 'get') return typeof value === 'function' ? value.bind(target) : value;
        return ({ ifMatch: _, ...asked }: Parameters<ObjectStore['get']>[0], signal: AbortSignal) =>
          target.get(asked, signal);
      },
    });
    const copy = exportObject(gone, object, new WatchedSink(), calm, { known: { head } });
    expect((await failureOf(copy)).code).toBe('precondition');
  });

  it('and a number of parallel reads that cannot be', async () => {
    const store = await storeOf(new Uint8Array(10));
    for (const parallelReads of [0, 1.5, 65]) {
      const sink = new WatchedSink();
      const read = getObject({ store, object, sink, access, pool, parallelReads }, calm);
      expect([(await failureOf(read)).code, sink.state]).toEqual(['bad-parameters', 'aborted']);
    }
  });
});

describe('an object that is damaged', () => {
  const content = randomLooking(3 * mib, 'damaged');
  const whole = (bytes: Uint8Array) => (sink: WatchedSink) =>
    decryptStream({ input: createMemorySource(bytes), sink, access, pool }, calm);
  const part = (bytes: Uint8Array, range: RangeRequest) => (sink: WatchedSink) =>
    decryptRange({ input: createMemorySource(bytes), sink, access, pool, range }, calm);

  /** Reads it out of a store as it is read out of memory. */
  async function expectSame(bytes: Uint8Array, what: string, ranges: readonly RangeRequest[] = []): Promise<void> {
    const store = await storeOf(bytes);
    const fromMemory = await outcomeOf(whole(bytes));
    const fromStore = await outcomeOf((sink) => getObject({ store, object, sink, access, pool }, calm));
    expect(fromStore.code, what).toBe(fromMemory.code);
    // What was released is a prefix in both, and of a stream that is refused perhaps not the same one.
    const shorter = Math.min(fromStore.given.length, fromMemory.given.length);
    expect(equalBytes(fromStore.given.subarray(0, shorter), fromMemory.given.subarray(0, shorter)), what).toBe(true);
    for (const range of ranges) {
      const expected = await outcomeOf(part(bytes, range));
      const found = await outcomeOf((sink) => getObjectRange({ store, object, sink, access, range, pool }, calm));
      expect([found.code, found.given.length], `${what} ${JSON.stringify(range)}`).toEqual([
        expected.code,
        expected.given.length,
      ]);
    }
  }

  const making = makeScheduled(content, parameters, { pool: inlinePool(2 ** 23) });
  const ranges: RangeRequest[] = [{ first: 5, last: 10 }, { first: mib, last: 2 * mib }, { suffix: 7 }, { first: 0 }];

  it('is refused as any other input is, wherever it was cut', async () => {
    const { bytes } = await making;
    const edges = [3, 4, 9, 12].map((segment) => wireOffset(parameters, segment));
    const cuts = edges.flatMap((edge) => [edge, edge + 30, edge + 64, edge + 204, edge + 64 + 4096 + 176, edge + 5000]);
    // Also where a whole stream of its kind could have ended.
    const plausible = [mib, 1_500_000, 2_800_001].map((length) => streamLength(parameters, length));
    for (const cut of [...cuts, ...plausible, 10, 600, bytes.length - 1]) {
      await expectSame(bytes.subarray(0, cut), `cut at ${cut}`, ranges);
    }
  });

  it('is refused as any other input is, whatever was added', async () => {
    const { bytes } = await making;
    for (const length of [content.length + 1, content.length + mib, 4 * mib]) {
      const added = new Uint8Array(streamLength(parameters, length) - bytes.length);
      await expectSame(concatBytes(bytes, added), `as long as ${length} bytes are`, ranges);
    }
    expect(contentLengthOf(parameters, bytes.length + 10)).toBeDefined();
    await expectSame(concatBytes(bytes, new Uint8Array(10)), 'ten bytes more', ranges);
    await expectSame(concatBytes(bytes, new Uint8Array(2 * mib)), 'two MiB more');
  });

  it('is refused as any other input is, wherever a bit was flipped', async () => {
    const { bytes } = await making;
    for (const segment of [0, 4, 5, 12]) {
      const start = wireOffset(parameters, segment);
      for (const at of [0, 5, 8, 17, 48, 60, 64 + 3, 64 + 2000, 64 + 4132 + 5]) {
        await expectSame(xorBit(bytes, 8 * (start + at)), `byte ${at} of segment ${segment}`, ranges);
      }
    }
    await expectSame(xorBit(bytes, 8 * bytes.length - 1), 'the last bit', ranges);
  });

  it('also where segments are exchanged, and where it is indexed', async () => {
    const { bytes, header, segments } = await making;
    const exchanged = segments.slice();
    [exchanged[5], exchanged[6]] = [segments[6]!, segments[5]!];
    await expectSame(concatBytes(header, ...exchanged), 'exchanged', ranges);
    await expectSame(concatBytes(header, ...segments.slice(0, 7), ...segments.slice(8)), 'one is missing', ranges);
    await expectSame(bytes, 'whole', ranges);
    const lengths = Array.from({ length: 8 }, () => 2 ** 18);
    const indexed = await makeIndexed(content.subarray(0, 2 * mib), [{ partNumber: 9, lengths }], {
      ...parameters,
      layout: 1,
    });
    for (const at of [0, 70, 2 ** 18 + 9000, indexed.bytes.length - 5, indexed.bytes.length - 2000]) {
      await expectSame(xorBit(indexed.bytes, 8 * at), `indexed, byte ${at}`, ranges.slice(0, 2));
    }
    await expectSame(indexed.bytes.subarray(0, -1), 'indexed and cut', ranges.slice(0, 2));
  });

  it('of an index that is larger than a read of the tail, one GET more has the rest', async () => {
    const p = parametersOf({ layout: 1 });
    const lengths = Array.from({ length: 1200 }, () => 1000);
    const made: MadeStream = await makeIndexed(content.subarray(0, 1_200_000), [{ partNumber: 1, lengths }], p);
    const store = countRequests(await storeOf(made.bytes));
    const sink = new WatchedSink(true);
    await getObject({ store, object, sink, access, pool }, calm);
    expect(equalBytes(sink.given(), made.content)).toBe(true);
    expect(store.requests).toEqual({ get: 4 });
    expect(store.bytes.get).toBe(made.bytes.length);
  });
});

describe('reads that nobody planned', () => {
  it('cost a GET each: before the plan, behind it, and back in it', async () => {
    const bytes = randomLooking(100_000, 'unplanned');
    const store = countRequests(await storeOf(bytes));
    const input = await openObjectInput(store, object, 1000, { parallelReads: 2 }, calm);
    store.reset();
    const read = async (start: number, length: number): Promise<void> => {
      const target = new Uint8Array(length);
      expect(await input.readAt(start, target, calm)).toBe(Math.min(length, bytes.length - start));
      expect(equalBytes(target.subarray(0, bytes.length - start), bytes.subarray(start, start + length))).toBe(true);
    };
    await read(500, 1000);
    expect(store.gets).toMatchObject([{ start: 1000, end: 1500 }]);
    const spans = [10_000, 30_000, 50_000].map((start) => ({ start, end: start + 10_000 }));
    input.requests!.planReads(spans);
    await read(5000, 100);
    // A little ahead of what was asked for, of which as many as may be under way.
    await read(12_000, 1000);
    await read(35_000, 4000);
    await read(13_000, 10);
    await read(70_000, 50_000);
    await input.close();
    expect(store.gets.map(({ start, end }) => [start, end])).toEqual([
      [1000, 1500],
      [5000, 5100],
      [10_000, 20_000],
      [30_000, 40_000],
      // The third of the plan waits until one of the two before it was read to its end.
      [13_000, 13_010],
      [70_000, 100_000],
    ]);
    expect(store.gets.every(({ closed }) => closed)).toBe(true);
    expect(store.mostOpenGets).toBe(3);
  });

  it('where only the beginning of a header is known, one GET has the rest of it', async () => {
    const made = await makeScheduled(randomLooking(1000, 'header'), parametersOf({ headerLen: 4096 }));
    const store = countRequests(await storeOf(made.bytes));
    const head = await store.head(object, calm);
    store.reset();
    const sink = new WatchedSink(true);
    const known = { head, pieces: [{ position: 0, bytes: made.header.subarray(0, 200) }] };
    await getObject({ store, object, sink, access, pool, known }, calm);
    expect(equalBytes(sink.given(), made.content)).toBe(true);
    expect(store.gets.map(({ start, end }) => [start, end])).toEqual([
      [200, 4096],
      [4096, made.bytes.length],
    ]);
  });

  it('what fails ahead of the reader fails only when the reader comes there, or not at all', async () => {
    const bytes = randomLooking(100_000, 'ahead');
    const store = await storeOf(bytes);
    const failing = lyingLater(store, () => {
      throw new SealpartError('store', 'Made to fail.');
    });
    const input = await openObjectInput(failing, object, 1000, {}, calm);
    input.requests!.planReads([
      { start: 1000, end: 2000 },
      { start: 50_000, end: 60_000 },
    ]);
    const failure = await failureOf(input.readAt(1000, new Uint8Array(100), calm));
    expect(failure.message).toBe('Made to fail.');
    await input.close();
  });
});
