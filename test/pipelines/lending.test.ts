import { afterAll, describe, expect, it } from 'vitest';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { MemorySink } from '../../src/sinks/memory-sink.ts';
import { createMemorySource, type MemorySource } from '../../src/sources/memory-source.ts';
import { createFramePool } from '../../src/workers/frame-pool.ts';
import { randomLooking } from '../support/content.ts';
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

// An encrypted stream in shared memory: its frames are lent to the workers, and nothing copies them first.

const segment = 2 ** 16;
const content = randomLooking(5 * segment + 1000, 'lending');
const making: Promise<Record<'scheduled' | 'indexed' | 'whole', MadeStream>> = (async () => ({
  scheduled: await makeScheduled(content, parametersOf({ segmentSizeLog2: 16 })),
  indexed: await makeIndexed(
    content,
    [
      { partNumber: 1, lengths: [segment, segment, 1000] },
      { partNumber: 2, lengths: [segment, segment, segment] },
    ],
    parametersOf({ segmentSizeLog2: 16, layout: 1 }),
  ),
  // The digest that has to see the ciphertexts in order.
  whole: await makeScheduled(content, parametersOf({ segmentSizeLog2: 16, digestAlg: 1 })),
}))();

const pools = {
  inline: inlinePool(),
  threads: createFramePool({ workers: 2, plainBytes: 2 ** 22, wireBytes: 2 ** 22 }),
};
afterAll(() => pools.threads.close());

/** The bytes somewhere in the middle of shared memory, over a source that fails when they are copied. */
function lendingInput(bytes: Uint8Array): MemorySource {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 100)).subarray(13, 13 + bytes.length);
  shared.set(bytes);
  const source = createMemorySource(shared, 'lent');
  const { readAt } = source;
  source.readAt = (position, target, signal) => {
    expect(target.length, 'headers, tails and the index are read; whole segments are not').toBeLessThanOrEqual(segment);
    return readAt.call(source, position, target, signal);
  };
  return source;
}

describe.each(['inline', 'threads'] as const)('a stream that its input lends (%s)', (kind) => {
  it.each(['scheduled', 'indexed', 'whole'] as const)('is decrypted, whole and by ranges (%s)', async (name) => {
    const pool = pools[kind];
    const { bytes } = (await making)[name];
    const sink = new MemorySink();
    await decryptStream({ input: lendingInput(bytes), sink, access, pool }, calm);
    expect(Buffer.compare(sink.bytes(), content)).toBe(0);
    const part = new MemorySink();
    const range = { first: 50_000, last: 200_000 };
    await decryptRange({ input: lendingInput(bytes), sink: part, access, pool, range }, calm);
    expect(Buffer.compare(part.bytes(), content.subarray(50_000, 200_001))).toBe(0);
  });

  it('is refused where a byte of it was changed or cut off, and stays as it was', async () => {
    const pool = pools[kind];
    const { bytes } = (await making).scheduled;
    const changed = bytes.slice();
    changed[3 * segment]! ^= 1;
    const before = Buffer.from(changed);
    const damaged = failureOf(
      decryptStream({ input: lendingInput(changed), sink: new MemorySink(), access, pool }, calm),
    );
    expect(['crc-mismatch', 'frame-auth']).toContain((await damaged).code);
    expect(Buffer.compare(before, changed)).toBe(0);
    const input = lendingInput(bytes.subarray(0, 3 * segment));
    const cut = await failureOf(decryptStream({ input, sink: new MemorySink(), access, pool }, calm));
    expect(cut.code).toBe('truncated');
    expect([pool.plain.usedBytes, pool.wire.usedBytes]).toEqual([0, 0]);
  });
});

describe('a memory source', () => {
  it('lends any stretch of shared memory, and no more than there is', () => {
    const memory = new SharedArrayBuffer(50);
    const source = createMemorySource(new Uint8Array(memory, 10, 30));
    expect(source.lendAt?.(5, 10)).toEqual({ buffer: memory, offset: 15, length: 10 });
    expect(source.lendAt?.(25, 10)).toEqual({ buffer: memory, offset: 35, length: 5 });
    expect(source.lendAt?.(40, 10)).toMatchObject({ length: 0 });
    expect(createMemorySource(new Uint8Array(5)).lendAt).toBeUndefined();
  });
});
