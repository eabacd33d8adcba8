import { describe, expect, it } from 'vitest';
import { streamLength } from '../../src/format/schedule.ts';
import type { GetRequest, ObjectBody, ObjectStore } from '../../src/objects/object-store.ts';
import { getObject } from '../../src/pipelines/get-object.ts';
import { type MemoryPlan, planDecryption } from '../../src/pipelines/memory-plan.ts';
import type { OpenedStream } from '../../src/pipelines/opened-stream.ts';
import { planReading } from '../../src/pipelines/plan-reading.ts';
import type { RequestPlanning } from '../../src/pipelines/wire-input.ts';
import { failureOf } from '../support/refusal.ts';
import { access, calm, inlinePool, makeScheduled, parametersOf, sealedHeader } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

const mib = 2 ** 20;
const parameters = parametersOf({ segmentSizeLog2: 23, frameSizeLog2: 16, headerLen: 1024 });
const sealed = sealedHeader(parameters, 'planned');
const workers = 2;

function planned(
  memoryBytes: number,
  { size, readAheadBytes, indexBytes }: { size?: number; readAheadBytes?: number; indexBytes?: number } = {},
): MemoryPlan {
  const index = indexBytes === undefined ? {} : { index: { memoryBytes: indexBytes } };
  const stream = { header: sealed.header, crypto: sealed, ...index } as unknown as OpenedStream;
  const requests = readAheadBytes === undefined ? {} : { requests: { readAheadBytes } as RequestPlanning };
  const input = { size, ...requests };
  return planReading({ stream, access, input, holdsSegments: false }, { memoryBytes, workers });
}

describe('the memory of a run that reads', () => {
  const usual = planDecryption({ parameters, holdsSegments: false }, { memoryBytes: 256 * mib, workers });

  it('has room for all answers that may come at one time, as far as the budget goes', () => {
    expect(planned(256 * mib)).toEqual(usual);
    const roomy = planned(256 * mib, { readAheadBytes: 80 * mib });
    expect([roomy.wireBytes, roomy.plainBytes]).toEqual([80 * mib, 80 * mib]);
    expect(roomy.peakBytes - usual.peakBytes).toBe(96 * mib);
    for (const [memory, size, wire] of [
      [64 * mib, 1000 * mib, 32 * mib],
      [256 * mib, 50 * mib, 50 * mib],
      [256 * mib, 3 * mib, 3 * mib],
    ] as const) {
      const plan = planned(memory, { size, readAheadBytes: 80 * mib });
      expect([plan.wireBytes, plan.plainBytes]).toEqual([wire, wire]);
    }
    // A single request at a time leaves it as it is anywhere.
    expect(planned(256 * mib, { readAheadBytes: 24 * mib })).toEqual(usual);
  });

  it('counts the index, and refuses one that leaves no room for frames', () => {
    const plan = planned(256 * mib, { indexBytes: 100 * mib });
    expect(plan.peakBytes - usual.peakBytes).toBe(100 * mib);
    const tight = planned(64 * mib, { indexBytes: 60 * mib });
    expect(tight.wireBytes + tight.plainBytes).toBe(4 * mib);
    for (const indexBytes of [64 * mib - 10_000, 64 * mib, 100 * mib]) {
      expect(() => planned(64 * mib, { indexBytes })).toThrow(/index .* 64 MiB: give more memory/);
    }
  });
});

/** A store of one object that gives its beginning, and nothing else before so many answers are read at one time. */
function waitingStore(beginning: Uint8Array, sizeBytes: number, until: number) {
  const reading = new Set<number>();
  let most = 0;
  const enough = Promise.withResolvers<void>();
  const head = { etag: 'e', sizeBytes, lastModifiedMs: 0, metadata: {}, tags: {} };
  const get = async ({ range }: GetRequest): Promise<ObjectBody> => {
    const first = range !== undefined && 'first' in range ? range.first : 0;
    return {
      head,
      async read(target) {
        if (first === 0) {
          target.set(beginning.subarray(0, target.length));
          return target.length;
        }
        reading.add(first);
        most = Math.max(most, reading.size);
        if (most >= until) enough.resolve();
        await enough.promise;
        reading.delete(first);
        return target.length;
      },
      close: async () => undefined,
    };
  };
  return { store: { name: 'waiting', get } as unknown as ObjectStore, most: () => most };
}

it.each([1, 3, 8, 12])('%i answers of a large object are read at one time', async (parallelReads) => {
  const { bytes } = await makeScheduled(new Uint8Array(9 * mib), parameters, { pool: inlinePool(32 * mib) });
  const { store, most } = waitingStore(bytes, streamLength(parameters, 300 * mib), parallelReads);
  const object = { bucket: 'b', key: 'k' };
  const request = { store, object, sink: new WatchedSink(), access, workers: 0, parallelReads };
  expect((await failureOf(getObject(request, calm))).code).toBe('crc-mismatch');
  expect(most()).toBe(parallelReads);
});
