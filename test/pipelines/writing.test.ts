import { afterAll, describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/format/bytes.ts';
import { segmentSize } from '../../src/format/schedule.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { type EncryptRequest, encryptStream } from '../../src/pipelines/encrypt-stream.ts';
import type { MemoryPlan } from '../../src/pipelines/memory-plan.ts';
import { readUnopened, walkSegments } from '../../src/pipelines/walk-segments.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import type { Source } from '../../src/sources/source.ts';
import { randomLooking } from '../support/content.ts';
import { cutSource } from '../support/pieces.ts';
import { failureOf } from '../support/refusal.ts';
import { access, calm, inlinePool, kek } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

const pool = inlinePool(2 ** 23);
afterAll(() => pool.close());

const recipients = [keyFileRecipient(kek)];
const kib = 2 ** 10;
const mib = 2 ** 20;

type Options = Omit<Partial<EncryptRequest>, 'source' | 'sink'>;

async function encrypted(source: Source, options: Options): Promise<Uint8Array> {
  const sink = new WatchedSink();
  await encryptStream({ recipients, source, sink, workers: 0, ...options }, calm);
  expect(sink.state).toBe('finished');
  return sink.given();
}

function refused(source: Source, options: Options): Promise<{ code: string; message: string }> {
  const sink = new WatchedSink();
  return failureOf(encryptStream({ recipients, source, sink, workers: 0, ...options }, calm)).then((failure) => {
    expect(sink.state).toBe('aborted');
    return failure;
  });
}

/** The same source without what it lends. */
function spread(source: Source): Source {
  return {
    name: source.name,
    size: source.size,
    read: (target, signal) => source.read(target, signal),
    close: () => source.close(),
  };
}

describe('writing a stream', () => {
  it('takes the standard sizes, suite and digest unless told (§5.2, §2.7, §2.8)', async () => {
    const content = randomLooking(1000, 'standard');
    for (const [source, expected] of [
      [createMemorySource(content), { segmentSizeLog2: 23, segmentSizeMaxLog2: 23, growEvery: 0 }],
      [cutSource(content, [100]), { segmentSizeLog2: 23, segmentSizeMaxLog2: 26, growEvery: 1000 }],
    ] as const) {
      const stream = await encrypted(source, {});
      const { header } = await readUnopened(createMemorySource(stream), calm);
      const usual = { suite: 1, digestAlg: 2, layout: 0, frameSizeLog2: 16, compression: 0, headerLen: 1024 };
      expect(header.core.parameters).toEqual({ ...usual, ...expected });
    }
  });

  it('passes a growing profile to its end', async () => {
    const content = randomLooking(5 * mib, 'growing');
    const sizes = { segmentSizeBytes: 16 * kib, growEvery: 2, maxSegmentSizeBytes: mib };
    const stream = await encrypted(cutSource(content, [100_000]), { ...sizes, memoryBytes: 4 * mib });
    const input = createMemorySource(stream);
    const unopened = await readUnopened(input, calm);
    const lengths: number[] = [];
    for await (const { header } of walkSegments(input, unopened, calm)) lengths.push(header.contentLength);
    const { parameters } = unopened.header.core;
    const expected = lengths.map((_, i) => segmentSize(parameters, i) - (i === 0 ? 1024 : 0));
    expect(lengths.slice(0, -1)).toEqual(expected.slice(0, -1));
    expect(expected.slice(-3)).toEqual([mib, mib, mib]);
    const sink = new WatchedSink(true);
    await decryptStream({ input: createMemorySource(stream), sink, access, workers: 0, memoryBytes: 4 * mib }, calm);
    expect(equalBytes(sink.given(), content)).toBe(true);
  });

  it('draws its random bytes itself, whatever else it is given (§9.1)', async () => {
    const content = randomLooking(40_000, 'drawn');
    let asked = 0;
    const draw = (length: number): Uint8Array => {
      asked++;
      return randomLooking(length, `draw ${asked}`);
    };
    const knobs = { draw, drawSalt: draw, segmentSizeBytes: 16 * kib } as Options;
    await encrypted(createMemorySource(content), knobs);
    expect(asked).toBe(0);
  });

  it('names its context and its object, and takes any recipients', async () => {
    const options = {
      context: { a: '1', ü: '2' },
      objectName: { bucket: 'b', key: 'k' },
      suite: 2,
      digestAlg: 3,
    } as const;
    const stream = await encrypted(createMemorySource(new Uint8Array(10)), options);
    const { header } = await readUnopened(createMemorySource(stream), calm);
    expect(header.core.parameters).toMatchObject({ suite: 2, digestAlg: 3 });
    expect(header.fields.map(({ kind }) => kind)).toEqual(['context', 'context', 'object', 'keyFile']);
  });

  it('tells its plan before it begins', async () => {
    const plans: MemoryPlan[] = [];
    const onPlan = (plan: MemoryPlan): void => {
      plans.push(plan);
    };
    const stream = await encrypted(createMemorySource(randomLooking(100_000, 'plan')), {
      onPlan,
      memoryBytes: 8 * mib,
    });
    const [plan] = plans as [MemoryPlan];
    expect(plan.plainBytes + plan.wireBytes).toBeLessThanOrEqual(8 * mib);
    expect(plan.peakBytes).toBeGreaterThan(plan.plainBytes + plan.wireBytes);
    const input = createMemorySource(stream);
    await decryptStream({ input, sink: new WatchedSink(), access, workers: 0, memoryBytes: 8 * mib, onPlan }, calm);
    expect(plans[1]!.plainBytes + plans[1]!.wireBytes).toBeLessThanOrEqual(8 * mib);
  });
});

describe('what cannot be written is refused before anything is', () => {
  it.each([
    [{ workers: -1 }, '0 to 256 workers'],
    [{ workers: 257 }, '0 to 256 workers'],
    [{ workers: 1.5 }, '0 to 256 workers'],
    [{ memoryBytes: 4 * mib - 1 }, 'at least 4 MiB'],
    [{ memoryBytes: Number.NaN }, 'at least 4 MiB'],
    [{ segmentSizeBytes: 100_000 }, 'Take 64KiB or 128KiB'],
    [{ segmentSizeBytes: 8 * mib, frameSizeBytes: 3000 }, '4KiB'],
    [{ frameSizeBytes: 0 }, 'A frame of 0 bytes'],
    [{ frameSizeBytes: -4096 }, 'A frame of -4096 bytes'],
    [{ growEvery: -1 }, 'every 1 to 65535'],
    [{ recipients: [] }, 'recipient'],
  ] as const)('%j', async (options, reason) => {
    for (const source of [createMemorySource(new Uint8Array(10)), cutSource(new Uint8Array(10), [3])]) {
      const { code, message } = await refused(source, options);
      expect(code).toBe('bad-parameters');
      expect(message).toContain(reason);
    }
  });

  it('segments that the memory cannot hold, with those that it can', async () => {
    const source = (): Source => ({ ...spread(createMemorySource(new Uint8Array(0))), size: 100 * mib });
    const { code, message } = await refused(source(), { segmentSizeBytes: 64 * mib, memoryBytes: 16 * mib });
    expect(code).toBe('bad-parameters');
    expect(message).toMatch(/need 129 MiB of memory and the budget is 16 MiB. Segments of 4MiB fit/);
    const compressed = await refused(source(), { segmentSizeBytes: 64 * mib, memoryBytes: 16 * mib, zstd: true });
    expect(compressed.message).toContain('Segments of 4MiB fit');
    const least = await refused(source(), { segmentSizeBytes: 64 * mib, memoryBytes: 4 * mib, zstd: true });
    expect(least.message).toContain('Segments of 1MiB fit');
  });

  it('more recipients and context than a header takes', async () => {
    const context = { much: 'x'.repeat(40_000) };
    expect((await refused(createMemorySource(new Uint8Array(1)), { context })).code).toBe('bad-parameters');
    const many = Array.from({ length: 17 }, () => recipients[0]!);
    expect((await refused(createMemorySource(new Uint8Array(1)), { recipients: many })).code).toBe('bad-parameters');
  });

  it('a header that leaves nothing of the first segment', async () => {
    for (const length of [0, 100, 100_000]) {
      const context = { much: 'x'.repeat(20_000) };
      const source = createMemorySource(new Uint8Array(length));
      expect((await refused(source, { context, segmentSizeBytes: 16 * kib })).code).toBe('bad-parameters');
    }
  });
});

describe('where the length is unknown', () => {
  it.each([
    ['frames of a preset', { preset: 'high-parallelism' }],
    ['frames as told', { frameSizeBytes: 4096 }],
    ['the usual frames', {}],
  ] as const)('segments grow no further than the memory holds, with %s', async (_, options) => {
    for (const memoryBytes of [2 ** 27 + 100_000, 2 ** 27 + 600_000, 2 ** 27 + 2 ** 20, 2 ** 27, 2 ** 25]) {
      const stream = await encrypted(cutSource(new Uint8Array(10), [3]), { ...options, memoryBytes });
      const { header } = await readUnopened(createMemorySource(stream), calm);
      const { segmentSizeMaxLog2, frameSizeLog2 } = header.core.parameters;
      const frames = 2 ** (segmentSizeMaxLog2 - frameSizeLog2);
      expect(2 ** (segmentSizeMaxLog2 + 1) + 36 * frames).toBeLessThan(memoryBytes);
    }
  });
});

describe('a source that does not keep its word', () => {
  const content = randomLooking(100_000, 'lies');
  const sizes = { segmentSizeBytes: 16 * kib, pool };

  /** Says that it has so many bytes, and gives others. */
  function lying(size: number): Source {
    return { ...spread(createMemorySource(content)), size };
  }

  it.each([99_999, 99_937, 90_000, 60_000, 31_744, 31_744 - 64, 16_000, 1, 0])(
    'and gives 100,000 bytes after it promised %i is found out',
    async (size) => {
      expect((await refused(lying(size), sizes)).code).toBe('source-changed');
      expect([pool.plain.usedBytes, pool.wire.usedBytes]).toEqual([0, 0]);
    },
  );

  it.each([100_001, 116_000, 200_000])('and gives 100,000 bytes after it promised %i is found out', async (size) => {
    expect((await refused(lying(size), sizes)).code).toBe('source-changed');
  });

  it('and goes on after it had ended is found out', async () => {
    const { read, ...rest } = spread(createMemorySource(content));
    const sloppy = {
      ...rest,
      size: undefined,
      read: (target: Uint8Array, signal: AbortSignal) => read(target.subarray(0, 5000), signal),
    };
    expect((await refused(sloppy, sizes)).code).toBe('source-changed');
  });

  it('writes what it gives if it promised that', async () => {
    const stream = await encrypted(lying(100_000), sizes);
    const sink = new WatchedSink();
    await decryptStream({ input: createMemorySource(stream), sink, access, pool }, calm);
    expect(equalBytes(sink.given(), content)).toBe(true);
  });
});

describe('a source that lends its memory', () => {
  it('has its content encrypted where it stands', async () => {
    for (const length of [0, 1, 5000, 16_384 - 1024, 100_000]) {
      const shared = new Uint8Array(new SharedArrayBuffer(length + 10), 10);
      shared.set(randomLooking(length, 'lent'));
      for (const zstd of [false, true]) {
        const stream = await encrypted(createMemorySource(shared), { segmentSizeBytes: 16 * kib, pool, zstd });
        const sink = new WatchedSink();
        await decryptStream({ input: createMemorySource(stream), sink, access, pool }, calm);
        expect(equalBytes(sink.given(), shared)).toBe(true);
      }
    }
  });
});
