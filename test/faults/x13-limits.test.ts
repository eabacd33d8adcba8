import { afterAll, describe, expect, it } from 'vitest';
import { FreshSalts } from '../../src/crypto/fresh-salts.ts';
import { maxSegmentsPerPart } from '../../src/format/index-entries.ts';
import { contentCapacity, maxScheduledIndex } from '../../src/format/schedule.ts';
import { parseSegmentHeader } from '../../src/format/segment-header.ts';
import {
  encryptSegments,
  partNumbering,
  type SegmentNumbering,
  scheduledNumbering,
} from '../../src/pipelines/encrypt-segments.ts';
import { Telemetry } from '../../src/pipelines/telemetry.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { failureOf } from '../support/refusal.ts';
import { calm, inlinePool, parametersOf, sealedHeader } from '../support/streams.ts';

// X13: counters that come near their end. The run begins there, and ends before one of them wraps around.

const pool = inlinePool(2 ** 22);
afterAll(() => pool.close());

async function run(
  numbering: SegmentNumbering,
  segments: number,
): Promise<{ indices: number[]; work: Promise<unknown> }> {
  const parameters = parametersOf();
  const indices: number[] = [];
  const work = encryptSegments(
    {
      pool,
      stream: sealedHeader(parameters, 'x13'),
      source: createMemorySource(randomLooking(segments * 16_384, 'x13')),
      salts: new FreshSalts(),
      segmentsInFlight: 2,
      telemetry: new Telemetry(),
      minPartBytes: 0,
      numbering,
      emit: async ({ bytes }) => {
        indices.push(parseSegmentHeader(bytes, 0).segmentIndex);
      },
    },
    calm,
  );
  await Promise.allSettled([work]);
  return { indices: indices.toSorted((a, b) => a - b), work };
}

describe('X13: counters near their end', () => {
  /** Layout 0 as it is after so many segments that `left` more are possible. */
  function nearTheEnd(left: number): SegmentNumbering {
    const all = scheduledNumbering(parametersOf(), Number.POSITIVE_INFINITY);
    const skipped = maxScheduledIndex + 1 - left;
    return {
      ...all,
      segmentIndex: (i) => all.segmentIndex(i + skipped),
      capacity: () => 16_384,
      maxSegments: all.maxSegments - skipped,
    };
  }

  it('segment_index ends at 0xfffffffe', async () => {
    const { indices, work } = await run(nearTheEnd(3), 3);
    expect(await work).toMatchObject({ segments: 3 });
    expect(indices).toEqual([0xfffffffc, 0xfffffffd, 0xfffffffe]);
  });

  it('one segment more is refused before it is sealed, and no FINAL one appears', async () => {
    const { indices, work } = await run(nearTheEnd(3), 4);
    const failure = await failureOf(work);
    expect(failure.code).toBe('bad-parameters');
    expect(failure.message).toContain('3 segments');
    expect(indices.every((index) => index <= 0xfffffffe)).toBe(true);
    expect([pool.plain.usedBytes, pool.wire.usedBytes]).toEqual([0, 0]);
    noteFault({ id: 'X13', injected: 'one segment more than indices', reached: 1, outcome: 'refused before sealing' });
  });

  it('a store’s parts are the bound where there are fewer of them', async () => {
    expect(scheduledNumbering(parametersOf(), 10_000).maxSegments).toBe(10_000);
    const two = { ...scheduledNumbering(parametersOf(), 2) };
    expect((await failureOf((await run(two, 3)).work)).message).toContain('2 segments');
  });

  it('k of a part ends at 65,535', async () => {
    const last = partNumbering(10_000, () => 16_384);
    expect(last.maxSegments).toBe(maxSegmentsPerPart);
    const skipped = maxSegmentsPerPart - 2;
    const near = {
      ...last,
      segmentIndex: (k: number) => last.segmentIndex(k + skipped),
      maxSegments: last.maxSegments - skipped,
    };
    const whole = await run(near, 2);
    expect(await whole.work).toMatchObject({ segments: 2, streamDigest: undefined });
    expect(whole.indices).toEqual([655_425_534, 655_425_535]);
    expect((await failureOf((await run(near, 3)).work)).code).toBe('bad-parameters');
    noteFault({ id: 'X13', injected: 'one segment more than a part has', reached: 1, outcome: 'refused' });
    expect(() => last.segmentIndex(65_536)).toThrow('a place in a part');
  });

  it('sizes stay exact where segments are many', () => {
    const p = parametersOf({ segmentSizeMaxLog2: 30, growEvery: 0xffff });
    expect(contentCapacity(p, maxScheduledIndex)).toBe(2 ** 30);
  });
});
