import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/format/bytes.ts';
import { encodeFooter } from '../../src/format/footer.ts';
import { writeU16, writeU32 } from '../../src/format/little-endian.ts';
import { streamLength } from '../../src/format/schedule.ts';
import { totalLengthOf } from '../../src/format/segment-header.ts';
import type { Identity } from '../../src/keys/identity.ts';
import type { RangeRequest } from '../../src/pipelines/content-range.ts';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import type { RunOptions } from '../../src/pipelines/run-options.ts';
import { verifyStructure } from '../../src/pipelines/verify-structure.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import type { SeekableSource } from '../../src/sources/source.ts';
import { createStreamSource } from '../../src/sources/stream-source.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { largestAllocation } from '../support/largest-allocation.ts';
import { cutSource } from '../support/pieces.ts';
import { failureOf } from '../support/refusal.ts';
import { repairHeader, repairSegment } from '../support/repair.ts';
import { sparseSource } from '../support/sparse-source.ts';
import { access, calm, inlinePool, makeIndexed, makeScheduled, parametersOf } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

// X16: lengths that nobody has authenticated make nobody allocate, read or work (§6.3, §6.4).

const pool = inlinePool(2 ** 21);
afterAll(() => pool.close());

const little = 128 * 1024;
const mib = 2 ** 20;
const content = randomLooking(20_000, 'x16');

async function judged(
  input: SeekableSource | Uint8Array,
  options: RunOptions = { pool },
): Promise<{ code: string; largestBytes: number }> {
  let code = '';
  const { largestBytes } = await largestAllocation(async () => {
    const source = input instanceof Uint8Array ? createMemorySource(input) : input;
    code = (await failureOf(decryptStream({ input: source, sink: new WatchedSink(), access, ...options }, calm))).code;
  });
  return { code, largestBytes };
}

function note(injected: string, reached: number, outcome = 'refused in little memory'): void {
  noteFault({ id: 'X16', injected, reached, outcome });
}

describe('X16: bounds before allocation', () => {
  it('the meter sees what is allocated', async () => {
    const { largestBytes } = await largestAllocation(async () => {
      new Uint8Array(5_000_000).fill(1);
      Buffer.alloc(4_000_000);
    });
    expect(largestBytes).toBe(5_000_000);
    expect((await largestAllocation(async () => Buffer.alloc(7_000_000))).largestBytes).toBeGreaterThanOrEqual(
      7_000_000,
    );
    expect((await largestAllocation(async () => new SharedArrayBuffer(8_000_000))).largestBytes).toBe(8_000_000);
    const objects = await largestAllocation(async () =>
      Array.from({ length: 100_000 }, (_, i) => ({ i, text: `${i}` })),
    );
    expect(objects.heapBytes).toBeGreaterThan(2_000_000);
    expect((await largestAllocation(async () => undefined)).heapBytes).toBeLessThan(1_000_000);
  });

  it('a header that says how long it is', async () => {
    const made = await makeScheduled(content);
    const lies = [0xffff, 0xfe00, 32_768 + 512, 0, 511];
    for (const headerLen of lies) {
      const header = made.header.slice();
      writeU16(header, 18, headerLen);
      expect(await judged(concatBytes(header, ...made.segments))).toEqual({
        code: 'bad-header',
        largestBytes: expect.toSatisfy((bytes: number) => bytes < little),
      });
    }
    note('a header that lies about its length', lies.length);
  });

  it('more recipients than a header may have: no key is touched', async () => {
    const made = await makeScheduled(content);
    const field = made.header.subarray(108, 108 + 71);
    let touched = 0;
    const counting: Identity = {
      kind: 'keyFile',
      symmetric: true,
      addressed: () => {
        touched++;
        return true;
      },
      open: async () => {
        touched++;
        return undefined;
      },
    };
    const header = new Uint8Array(32_768);
    header.set(made.header.subarray(0, 104));
    header[13] = 20;
    header[14] = 20;
    writeU16(header, 18, header.length);
    const many = 400;
    for (let i = 0; i < many; i++) header.set(field, 108 + i * 71);
    writeU16(header, 104, many * 71);
    const input = createMemorySource(repairHeader(header));
    const request = { input, sink: new WatchedSink(), access: { identities: [counting] }, pool };
    let code = '';
    const { largestBytes } = await largestAllocation(async () => {
      code = (await failureOf(decryptStream(request, calm))).code;
    });
    expect([code, touched]).toEqual(['bad-header', 0]);
    expect(largestBytes).toBeLessThan(little);
    note(`a header with ${many} recipients`, 1, 'refused, no key touched');
  });

  it.each([
    ['payload_len and content_len', [16, 20]],
    ['wire_len', [44]],
    ['data_frames and frame_count', [12, 40]],
    ['everything', [12, 16, 20, 40, 44]],
  ])('a segment header that lies about %s', async (what, offsets) => {
    const made = await makeScheduled(content);
    const lies = [0xffffffff, 0x80000000, 0x7fffffff, 2 ** 30];
    for (const value of lies) {
      const segment = made.segments[0]!.slice();
      for (const offset of offsets) writeU32(segment, offset, value);
      const stream = concatBytes(made.header, repairSegment(segment), ...made.segments.slice(1));
      const { code, largestBytes } = await judged(stream);
      expect(code).toBe('bad-segment');
      expect(largestBytes).toBeLessThan(little);
      const structure = await largestAllocation(() => failureOf(verifyStructure(createMemorySource(stream), calm)));
      expect(structure.largestBytes).toBeLessThan(little);
    }
    note(`a segment header that lies about ${what}`, lies.length);
  });

  it('a compressed segment that says what it unfolds to', async () => {
    const parameters = parametersOf({ compression: 1, segmentSizeLog2: 30, frameSizeLog2: 16 });
    const made = await makeScheduled(new Uint8Array(20_000), parameters, { pool: inlinePool(2 ** 21) });
    const segment = made.segments[0]!.slice();
    // As the only segment may be: FINAL, and of any content up to its capacity.
    writeU32(segment, 16, 2 ** 30 - 512);
    const stream = concatBytes(made.header, repairSegment(segment));
    const { code, largestBytes } = await judged(stream);
    // It is more than the memory that there is, and refused before any of it is looked at.
    expect(code).toBe('bad-parameters');
    expect(largestBytes).toBeLessThan(little);
    note('a compressed segment that lies about its content', 1);
  });

  it('an index that says how long it is', async () => {
    const made = await makeIndexed(content, [{ partNumber: 1, lengths: [16_384, 3_616] }]);
    const indexLength = made.tail.length - made.header.length - 20;
    const index = made.tail.slice(0, indexLength);
    const lies = [0xffffffff, 2 ** 31, 100 * mib];
    for (const claimed of lies) {
      const footer = encodeFooter({ indexTotalLength: claimed, headerLen: 512 });
      const small = concatBytes(...made.segments, index, made.header, footer);
      expect(await judged(small)).toMatchObject({ code: 'bad-index' });
      // In an input that is long enough, what stands there has to be an index's header first.
      const end = concatBytes(made.header, footer);
      const huge = await judged(sparseSource(made.segments[0]!, 2 ** 40, end));
      expect(huge.code).toBe('bad-magic');
      expect(huge.largestBytes).toBeLessThan(little);
    }
    note('an index that lies about its length', 2 * lies.length);
  });

  it('an index header that agrees with its footer: no more than the largest index takes', async () => {
    const made = await makeIndexed(content, [{ partNumber: 1, lengths: [16_384, 3_616] }]);
    const index = made.tail.slice(0, 64);
    for (const [entries, code] of [
      [2 ** 20, 'crc-mismatch'],
      [2 ** 20 + 1, 'bad-segment'],
      [2 ** 24, 'bad-segment'],
    ] as const) {
      const length = entries * 64;
      writeU32(index, 12, length / 4096);
      writeU32(index, 16, length);
      writeU32(index, 20, length);
      writeU32(index, 40, length / 4096 + 2);
      const total = totalLengthOf(length, 12);
      writeU32(index, 44, total - 64);
      writeU32(index, 60, crc32(index.subarray(0, 60)));
      const footer = encodeFooter({ indexTotalLength: total, headerLen: 512 });
      const end = concatBytes(index, new Uint8Array(total - 64), made.header, footer);
      const source = sparseSource(made.segments[0]!.subarray(0, 64), total + 10_000, end);
      const found = await judged(source, { workers: 0, memoryBytes: 128 * mib });
      expect(found.code).toBe(code);
      expect(found.largestBytes).toBeLessThan(entries > 2 ** 20 ? little : 65 * mib);
      // With a smaller budget none of it is read.
      const small = await judged(source);
      expect(small.code).toBe(entries > 2 ** 20 ? code : 'bad-parameters');
      expect(small.largestBytes).toBeLessThan(little);
    }
  });

  /** What becomes of a range of an input that claims so much content, of which the beginning alone is there. */
  async function rangeOf(claimedBytes: number, range: RangeRequest) {
    const made = await makeScheduled(content);
    const claims = sparseSource(made.bytes, claimedBytes, new Uint8Array(0));
    let reads = 0;
    const input: SeekableSource = {
      ...claims,
      readAt(...read) {
        reads++;
        return claims.readAt(...read);
      },
    };
    let code = '';
    const allocated = await largestAllocation(async () => {
      code = (await failureOf(decryptRange({ input, sink: new WatchedSink(), access, range, pool }, calm))).code;
    });
    return { code, reads, ...allocated };
  }

  /** A length that a stream can have. */
  const claimed = streamLength(parametersOf(), 2 ** 45);

  it.each([
    { claimedBytes: claimed, range: { suffix: 10 }, code: 'bad-magic' },
    { claimedBytes: claimed, range: { suffix: 2 ** 44 }, code: 'bad-magic' },
    { claimedBytes: claimed, range: { first: 2 ** 44 }, code: 'bad-magic' },
    { claimedBytes: claimed, range: { first: 2 ** 44, last: 2 ** 46 }, code: 'bad-magic' },
    { claimedBytes: claimed, range: { first: 2 ** 44, last: 2 ** 44 + 100_000 }, code: 'bad-magic' },
    { claimedBytes: 2 ** 50, range: { first: 0, last: 2 ** 48 }, code: 'truncated' },
  ])('an input that says how long it is: $claimedBytes, $range', async ({ claimedBytes, range, code }) => {
    const found = await rangeOf(claimedBytes, range);
    expect(found.code).toBe(code);
    expect(found.largestBytes).toBeLessThan(little);
    expect(found.heapBytes).toBeLessThan(4 * mib);
    expect(found.reads).toBeLessThan(10);
    note('an input that lies about its length, read in part', 1);
  });

  it('a range inside of what an input says that it has', async () => {
    const found = await rangeOf(claimed, { first: 0, last: 2 ** 33 });
    expect(found.code).toBe('bad-segment');
    expect(found.reads).toBeLessThan(20);
    expect(found.heapBytes).toBeLessThan(4 * mib);
  });

  it('a pipe that never ends is not read beyond what is wrong', async () => {
    const made = await makeScheduled(content);
    const segment = made.segments[0]!.slice();
    writeU32(segment, 44, 0xffffff00);
    let read = 0;
    const endless = (async function* () {
      yield concatBytes(made.header, repairSegment(segment));
      for (;;) {
        read++;
        yield new Uint8Array(10_000);
      }
    })();
    const request = { input: createStreamSource(endless), sink: new WatchedSink(), access, pool };
    expect((await failureOf(decryptStream(request, calm))).code).toBe('bad-segment');
    expect(read).toBe(0);
    note('a segment that claims to go on for ever, from a pipe', 1, 'refused, nothing behind it read');
    // A frame that is wrong makes a reader look for the end of its segment, and no further (§6.8).
    const flipped = made.bytes.slice();
    flipped[700]! ^= 1;
    expect(
      (await failureOf(decryptStream({ ...request, sink: new WatchedSink(), input: cutSource(flipped, [999]) }, calm)))
        .code,
    ).toBe('crc-mismatch');
  });
});
