import { describe, expect, it } from 'vitest';
import { FreshSalts } from '../../src/crypto/fresh-salts.ts';
import { type IndexEntry, partSegmentIndex } from '../../src/format/index-entries.ts';
import { totalLengthOf } from '../../src/format/segment-header.ts';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { sealIndexedTail } from '../../src/pipelines/indexed-stream.ts';
import type { MemoryPlan } from '../../src/pipelines/memory-plan.ts';
import { openIndexedTail } from '../../src/pipelines/open-indexed-tail.ts';
import { wireInputOf } from '../../src/pipelines/wire-input.ts';
import type { SeekableSource } from '../../src/sources/source.ts';
import { seededEntropy } from '../support/content.ts';
import { largestAllocation } from '../support/largest-allocation.ts';
import { failureOf } from '../support/refusal.ts';
import { sparseSource } from '../support/sparse-source.ts';
import { access, calm, parametersOf, sealedHeader } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

/** Entries as many parts of at most 65,536 segments of a byte make them. */
function entriesOf(count: number): IndexEntry[] {
  const totalLength = totalLengthOf(1, 16);
  const salt = new Uint8Array(16).fill(1);
  return Array.from({ length: count }, (_, i) => ({
    segmentIndex: partSegmentIndex(1 + Math.floor(i / 65_536), i % 65_536),
    contentLength: 1,
    totalLength,
    salt,
    digest: new Uint8Array(32).fill(i),
  }));
}

/** More than fit on the stack as arguments. Of 2^20, which is the most, it takes five seconds. */
const count = 200_000;
const indexBytes = count * 64;

async function makeTail() {
  const entries = entriesOf(count);
  const sealed = sealedHeader(parametersOf({ layout: 1, frameSizeLog2: 16, segmentSizeLog2: 20 }), 'large index');
  const salts = new FreshSalts(seededEntropy('large index'));
  const tail = await sealIndexedTail(sealed, sealed.header, entries, salts, calm);
  return { ...tail, size: entries.length * entries[0]!.totalLength + tail.bytes.length };
}

describe('an index of very many entries (§7)', { timeout: 60_000 }, () => {
  const making = makeTail();

  it('is sealed and opened', async () => {
    const { bytes, size, streamDigest } = await making;
    const input = wireInputOf(sparseSource(new Uint8Array(0), size, bytes));
    const opened = await openIndexedTail(input, size, access, calm);
    const read = await opened.index!.read(calm);
    expect(read.entries.length).toBe(count);
    expect(Buffer.compare(read.streamDigest, streamDigest)).toBe(0);
  });

  it('takes the memory that it says, and nothing for each entry', async () => {
    const { bytes, size } = await making;
    const input = wireInputOf(sparseSource(new Uint8Array(0), size, bytes));
    const { index } = await openIndexedTail(input, size, access, calm);
    expect(index!.memoryBytes).toBeLessThan(1.5 * indexBytes + 2 ** 21);
    const { largestBytes, heapBytes } = await largestAllocation(() => index!.read(calm));
    expect(largestBytes).toBeLessThanOrEqual(indexBytes);
    expect(heapBytes).toBeLessThan(200 * count);
  });

  it('is counted before it is read, and refused where the budget does not have it', async () => {
    const { bytes, size } = await making;
    const start = size - bytes.length;
    const run = async (memoryBytes: number) => {
      const events: (string | number)[] = [];
      const sparse = sparseSource(new TextEncoder().encode('SEG2'), size, bytes);
      const input: SeekableSource = {
        ...sparse,
        readAt(position, target, signal) {
          if (position > start && position < size - 2 ** 16) events.push('read');
          return sparse.readAt(position, target, signal);
        },
      };
      const onPlan = ({ peakBytes }: MemoryPlan): number => events.push(peakBytes);
      const request = { access, workers: 0, memoryBytes, onPlan };
      const whole = decryptStream({ ...request, input, sink: new WatchedSink() }, calm);
      const codes = [(await failureOf(whole)).code];
      const range = decryptRange({ ...request, input, sink: new WatchedSink(), range: { suffix: 1 } }, calm);
      codes.push((await failureOf(range)).code);
      return { codes, events };
    };
    expect(await run(indexBytes)).toEqual({ codes: ['bad-parameters', 'bad-parameters'], events: [] });
    const { codes, events } = await run(4 * indexBytes);
    // The segments themselves are not there.
    expect(codes).toEqual(['crc-mismatch', 'bad-magic']);
    expect(events[0]).toBeGreaterThan(indexBytes + 150 * 2 ** 20);
    expect(events.filter((event) => typeof event === 'number')).toHaveLength(2);
    expect(events.filter((event) => event === 'read').length).toBeGreaterThan(10);
  });
});
