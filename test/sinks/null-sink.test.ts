import { describe, expect, it } from 'vitest';
import { NullSink } from '../../src/sinks/null-sink.ts';
import { sinkContract } from '../contracts/sink.ts';

const go = new AbortController().signal;

sinkContract(
  'a null sink',
  async () => ({ before: undefined, open: async () => new NullSink(), visible: async () => undefined }),
  { keepsNothing: true },
);

describe('a null sink', () => {
  it('counts what was committed, and nothing else', async () => {
    const sink = new NullSink('nowhere at all');
    expect(sink.name).toBe('nowhere at all');
    await sink.writeTentative(new Uint8Array(10), go);
    expect(sink.committedBytes).toBe(0);
    await sink.writeTentative(new Uint8Array(5), go);
    await sink.commitSegment(go);
    await sink.writeTentative(new Uint8Array(7), go);
    await sink.rollbackSegment();
    await sink.writeTentative(new Uint8Array(1), go);
    await sink.commitSegment(go);
    await sink.finish(go);
    expect([sink.committedBytes, sink.committedSegments]).toEqual([16, 2]);
  });

  it('is not used after its end', async () => {
    const sink = new NullSink();
    await sink.writeTentative(new Uint8Array(10), go);
    await expect(sink.finish(go)).rejects.toThrow('no segment is open');
    await sink.abort();
    await expect(sink.finish(go)).rejects.toThrow('aborted');
  });
});
