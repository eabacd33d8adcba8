import { describe, expect, it } from 'vitest';
import { MemorySink } from '../../src/sinks/memory-sink.ts';
import { sinkContract } from '../contracts/sink.ts';

const go = new AbortController().signal;

sinkContract('a memory sink', async () => {
  const sinks: MemorySink[] = [];
  return {
    before: undefined,
    async open() {
      const sink = new MemorySink();
      sinks.push(sink);
      return sink;
    },
    async visible() {
      for (const sink of sinks) {
        try {
          return sink.bytes();
        } catch {
          // That one has no result.
        }
      }
      return undefined;
    },
  };
});

describe('a memory sink', () => {
  it('has a result only when it was finished', async () => {
    const sink = new MemorySink();
    await sink.writeTentative(Uint8Array.of(1), go);
    await sink.commitSegment(go);
    expect(() => sink.bytes()).toThrow('finished');
    await sink.finish(go);
    expect(sink.bytes()).toEqual(Uint8Array.of(1));
    const aborted = new MemorySink();
    await aborted.abort();
    expect(() => aborted.bytes()).toThrow('finished');
  });

  it('gives the same bytes each time', async () => {
    const sink = new MemorySink();
    for (const byte of [1, 2, 3]) await sink.writeTentative(Uint8Array.of(byte), go);
    await sink.commitSegment(go);
    await sink.finish(go);
    expect([...sink.bytes()]).toEqual([1, 2, 3]);
    expect(sink.bytes()).toBe(sink.bytes());
  });

  it('takes as much as it may hold, and what is taken back does not count', async () => {
    const sink = new MemorySink({ name: 'the answer', maxSizeBytes: 10 });
    await sink.writeTentative(new Uint8Array(10), go);
    await sink.rollbackSegment();
    await sink.writeTentative(new Uint8Array(10), go);
    await sink.commitSegment(go);
    await sink.writeTentative(new Uint8Array(0), go);
    await expect(sink.writeTentative(new Uint8Array(1), go)).rejects.toMatchObject({
      code: 'bad-parameters',
      message: expect.stringMatching(/10 bytes that the answer may hold/),
    });
  });

  it('is not used after its end', async () => {
    const sink = new MemorySink();
    await sink.writeTentative(Uint8Array.of(1), go);
    await expect(sink.finish(go)).rejects.toThrow('no segment is open');
    await sink.abort();
    await expect(sink.commitSegment(go)).rejects.toThrow('aborted');
  });
});
