import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { concatBytes, equalBytes } from '../../src/format/bytes.ts';
import { wireOffset } from '../../src/format/schedule.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { type EncryptRequest, encryptStream } from '../../src/pipelines/encrypt-stream.ts';
import { exportObject } from '../../src/pipelines/get-object.ts';
import { putObject } from '../../src/pipelines/put-object.ts';
import { Telemetry } from '../../src/pipelines/telemetry.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { createFramePool, type FramePool } from '../../src/workers/frame-pool.ts';
import { findMarkedBlock, markedContent } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import type { FaultKind, WorkerFault } from '../support/faulty-task.ts';
import { failureOf } from '../support/refusal.ts';
import { access, calm, kek, makeIndexed, makeScheduled, parametersOf } from '../support/streams.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { watchPool } from '../support/watched-pool.ts';
import { WatchedSink } from '../support/watched-sink.ts';
import { faultyWorker } from '../support/worker-file.ts';

// X22: real threads die in the middle of real batches. The content is made of blocks that can be recognised, and no
// output ever holds one of them.

const content = markedContent(600_000, 22);
const sizes = { segmentSizeBytes: 65_536, frameSizeBytes: 4096, recipients: [keyFileRecipient(kek)] };
const memory = { plainBytes: 2 ** 21, wireBytes: 2 ** 21 };

const pools: FramePool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

async function faultyPool(fault: Omit<WorkerFault, 'folder'>, sized: typeof memory = memory): Promise<FramePool> {
  const pool = createFramePool({ workers: 2, ...sized, workerUrl: await faultyWorker(fault) });
  pools.push(pool);
  return pool;
}

function soundPool(workers = 2, sized: typeof memory = memory): FramePool {
  const pool = createFramePool({ workers, ...sized });
  pools.push(pool);
  return pool;
}

async function opened(stream: Uint8Array): Promise<Uint8Array> {
  const sink = new WatchedSink();
  await decryptStream({ input: createMemorySource(stream), sink, access, pool: soundPool(0) }, calm);
  return sink.given();
}

/** A thread that ends in the middle of a segment is C15; that nothing of the content gets out by it is X22. */
function note(how: FaultKind, doing: string, reached: number, outcome: string): void {
  for (const id of how === 'throw' ? ['X22'] : ['C15', 'X22']) {
    noteFault({ id, injected: `${faultTexts[how]} while ${doing}`, reached, outcome });
  }
}

const faultTexts: Readonly<Record<FaultKind, string>> = {
  exit: 'a thread that exits',
  throw: 'a task that throws',
  uncaught: 'a thread that an unhandled error ends',
};

/** Neither what was handed out nor what lies where frames are made is content. */
function expectNoContent(pool: FramePool, ...outputs: readonly Uint8Array[]): void {
  expect(findMarkedBlock(new Uint8Array(pool.wire.buffer))).toBe(-1);
  for (const output of outputs) expect(findMarkedBlock(output)).toBe(-1);
  expect([pool.plain.usedBytes, pool.wire.usedBytes]).toEqual([0, 0]);
}

describe('X22, C15: a worker that fails while content is encrypted', () => {
  it('the search finds content where there is some', () => {
    const haystack = concatBytes(new Uint8Array(100_003), content.subarray(16, 32), new Uint8Array(50));
    expect(findMarkedBlock(haystack)).toBe(100_003);
    expect(findMarkedBlock(haystack.with(100_015, 0))).toBe(-1);
  });

  const faults = (['exit', 'throw', 'uncaught'] satisfies FaultKind[]).flatMap((how) =>
    [0, 1, 7].map((afterFrames) => [how, afterFrames] as const),
  );
  it.each(faults)('(%s) after %i frames of a batch: its segment is sealed again', async (how, afterFrames) => {
    const pool = await faultyPool({ how, afterFrames, segmentIndex: 2, times: 1 });
    const telemetry = new Telemetry();
    const sink = new WatchedSink();
    const request: EncryptRequest = { ...sizes, source: createMemorySource(content), sink, pool, telemetry };
    await encryptStream(request, calm);
    const { repeatedSegments } = telemetry.snapshot();
    expect(repeatedSegments).toBeGreaterThanOrEqual(1);
    expectNoContent(pool, sink.given());
    expect(equalBytes(await opened(sink.given()), content)).toBe(true);
    note(how, 'encrypting', repeatedSegments, 'sealed again, no content outside');
  });

  it('twice in the same segment: it is sealed a third time', async () => {
    const pool = await faultyPool({ how: 'throw', afterFrames: 3, segmentIndex: 4, times: 2 });
    const telemetry = new Telemetry();
    const sink = new WatchedSink();
    await encryptStream({ ...sizes, source: createMemorySource(content), sink, pool, telemetry }, calm);
    expect(telemetry.snapshot().repeatedSegments).toBe(2);
    expectNoContent(pool, sink.given());
    expect(equalBytes(await opened(sink.given()), content)).toBe(true);
  });

  it.each(['exit', 'throw', 'uncaught'] satisfies FaultKind[])(
    '(%s) three times in the same segment: the run fails, and the pool goes on',
    async (how) => {
      const pool = await faultyPool({ how, afterFrames: 2, segmentIndex: 3, times: 3 });
      const sink = new WatchedSink();
      const run = encryptStream({ ...sizes, source: createMemorySource(content), sink, pool }, calm);
      expect((await failureOf(run)).code).toBe('worker');
      expect(sink.state).toBe('aborted');
      // Nothing, the header, or whole segments behind it, and none behind the one that failed.
      const sizesOf = parametersOf({ segmentSizeLog2: 16, headerLen: 1024 });
      expect([0, 1, 2, 3].map((index) => wireOffset(sizesOf, index)).concat(0)).toContain(sink.givenBytes);
      note(how, 'encrypting, three times over', 3, 'the run fails, the pool goes on');
      expectNoContent(pool, sink.given());
      const again = new WatchedSink();
      await encryptStream({ ...sizes, source: createMemorySource(content), sink: again, pool }, calm);
      expectNoContent(pool, again.given());
      expect(equalBytes(await opened(again.given()), content)).toBe(true);
    },
  );

  it('compressed segments, whoever it meets', async () => {
    const pool = await faultyPool({ how: 'throw', afterFrames: 1, times: 1 });
    for (const attempt of [0, 1]) {
      const sink = new WatchedSink();
      const source = createMemorySource(content);
      const run = encryptStream({ ...sizes, source, sink, pool, zstd: true }, calm);
      // What is compressed is compressed once: a thread that dies there ends the run.
      if (attempt === 0) expect((await failureOf(run)).code).toBe('worker');
      else await run;
      expectNoContent(pool, sink.given());
      if (attempt === 1) expect(equalBytes(await opened(sink.given()), content)).toBe(true);
    }
  });

  it('an object in a store: whole, or not there', async () => {
    const large = markedContent(17 * 2 ** 20, 23);
    const roomy = { plainBytes: 2 * 2 ** 23, wireBytes: 2 * 2 ** 23 + 2 ** 20 };
    const store = await openDirectoryStore(await temporaryDirectory(), { create: true });
    onTestFinished(() => store.close());
    await store.createBucket('bucket', calm);
    // A segment is several batches here, any of which may fail.
    for (const times of [1, 100]) {
      const pool = await faultyPool({ how: 'exit', afterFrames: 5, segmentIndex: 1, times }, roomy);
      const object = { bucket: 'bucket', key: `dies ${times} times` };
      const source = createMemorySource(large);
      const put = putObject({ source, store, object, recipients: sizes.recipients, pool, digestAlg: 3 }, calm);
      const sink = new WatchedSink();
      if (times > 1) {
        expect((await failureOf(put)).code).toBe('worker');
        expect((await failureOf(exportObject(store, object, sink, calm))).code).toBe('not-found');
        for await (const upload of store.listUploads('bucket', calm)) expect(upload).toBeUndefined();
      } else {
        await put;
        await exportObject(store, object, sink, calm);
        expect(equalBytes(await opened(sink.given()), large)).toBe(true);
      }
      expectNoContent(pool, sink.given());
      await pool.close();
    }
  });
});

describe('X22, C15: a worker that fails while content is decrypted', () => {
  it.each([
    ['exit', undefined],
    ['throw', undefined],
    ['uncaught', undefined],
    ['exit', 0],
  ] as const)(
    '(%s, threshold %s): the run fails, what it let go is content, and the pool goes on',
    async (how, streamingThreshold) => {
      const made = await makeScheduled(content, parametersOf({ segmentSizeLog2: 16 }));
      const pool = await faultyPool({ how, afterFrames: 2, segmentIndex: 5, times: 1 });
      const sink = new WatchedSink(true);
      const read = (into: WatchedSink) =>
        decryptStream({ input: createMemorySource(made.bytes), sink: into, access, pool, streamingThreshold }, calm);
      expect((await failureOf(read(sink))).code).toBe('worker');
      expect(sink.state).toBe('aborted');
      expect(sink.givenBytes).toBeLessThan(6 * 65_536);
      expect(equalBytes(sink.given(), content.subarray(0, sink.givenBytes))).toBe(true);
      expectNoContent(pool);
      const again = new WatchedSink(true);
      await read(again);
      expect(equalBytes(again.given(), content)).toBe(true);
      expectNoContent(pool);
      note(how, 'decrypting', 1, 'the run fails, what came out is content');
    },
  );
});

describe('X22: a batch that runs twice', () => {
  /** Every batch is given to two threads at once, both of which write to the same memory. */
  function twice(pool: FramePool): FramePool {
    return watchPool(pool, { batch: async (_, run) => (await Promise.all([run(), run()]))[0] });
  }

  it('makes the same frames', async () => {
    const pool = soundPool();
    const sink = new WatchedSink();
    await encryptStream({ ...sizes, source: createMemorySource(content), sink, pool: twice(pool) }, calm);
    expectNoContent(pool, sink.given());
    expect(equalBytes(await opened(sink.given()), content)).toBe(true);
  });

  it('gives the same content', async () => {
    const made = await makeScheduled(content, parametersOf({ segmentSizeLog2: 16 }));
    const pool = soundPool();
    const sink = new WatchedSink();
    await decryptStream({ input: createMemorySource(made.bytes), sink, access, pool: twice(pool) }, calm);
    expect(equalBytes(sink.given(), content)).toBe(true);
    expectNoContent(pool);
  });
});

describe('H21, X22: a reader that is slow while buffers are reused', () => {
  /** Looks at what it was given when the call began and again when it ends, late. */
  class SlowSink extends WatchedSink {
    #calls = 0;

    override async writeTentative(bytes: Uint8Array): Promise<void> {
      const before = bytes.slice();
      await sleep((this.#calls++ * 7) % 5);
      if (!equalBytes(bytes, before)) throw new Error('the bytes changed while they were being read');
      await super.writeTentative(bytes);
    }
  }

  it('sees its own bytes only, of many runs in little memory', async () => {
    const scarce = { plainBytes: 2 ** 22, wireBytes: 2 ** 18 };
    const pool = soundPool(2, scarce);
    const runs = Array.from({ length: 8 }, async (_, owner) => {
      const own = markedContent(250_000 + owner * 1000, 100 + owner);
      const sink = new SlowSink(owner % 2 === 0);
      if (owner < 4) {
        await encryptStream({ ...sizes, source: createMemorySource(own), sink, pool, zstd: owner === 3 }, calm);
        expect(findMarkedBlock(sink.given())).toBe(-1);
        expect(equalBytes(await opened(sink.given()), own)).toBe(true);
        return;
      }
      const parts = [{ partNumber: 1, lengths: [65_536, 65_536, 65_536, own.length - 3 * 65_536] }];
      const made =
        owner < 7
          ? await makeScheduled(own, parametersOf({ segmentSizeLog2: 16, compression: owner === 5 ? 1 : 0 }))
          : await makeIndexed(own, parts, parametersOf({ segmentSizeLog2: 16, layout: 1 }));
      const streamingThreshold = owner === 6 ? 0 : undefined;
      await decryptStream({ input: createMemorySource(made.bytes), sink, access, pool, streamingThreshold }, calm);
      expect(equalBytes(sink.given(), own)).toBe(true);
    });
    await Promise.all(runs);
    expectNoContent(pool);
  });
});
