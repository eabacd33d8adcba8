import { afterAll, describe, expect, it } from 'vitest';
import { FreshSalts } from '../../src/crypto/fresh-salts.ts';
import { concatBytes } from '../../src/format/bytes.ts';
import { encodeFooter } from '../../src/format/footer.ts';
import type { IndexEntry } from '../../src/format/index-entries.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { sealIndexedTail } from '../../src/pipelines/indexed-stream.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { randomLooking } from '../support/content.ts';
import { failureOf } from '../support/refusal.ts';
import {
  access,
  calm,
  inlinePool,
  makeIndexed,
  makeScheduled,
  parametersOf,
  sealedHeader,
} from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

const pool = inlinePool(2 ** 21);
afterAll(() => pool.close());

const content = randomLooking(20_000, 'indexed');
const parts = [{ partNumber: 1, lengths: [16_384, 3_616] }];

async function refusal(bytes: Uint8Array) {
  const sink = new WatchedSink();
  const failure = await failureOf(decryptStream({ input: createMemorySource(bytes), sink, access, pool }, calm));
  expect([sink.state, sink.givenBytes]).toEqual(['aborted', 0]);
  return failure.code;
}

describe('the end of an indexed stream', () => {
  it('is not that of a scheduled one, nor the other way round, once it is authentic (§7.12)', async () => {
    const made = await makeIndexed(content, parts);
    const index = made.tail.subarray(0, -532);
    const footer = encodeFooter({ indexTotalLength: index.length, headerLen: 512 });
    const scheduled = sealedHeader(parametersOf(), 1).header.bytes;
    expect(await refusal(concatBytes(...made.segments, index, scheduled, footer))).toBe('bad-index');
    expect(await refusal(concatBytes(made.header, ...made.segments, index, footer))).toBe('bad-header');
  });

  it('has lengths that agree (§7.5, §7.7)', async () => {
    const made = await makeIndexed(content, parts);
    const index = made.tail.subarray(0, -532);
    const segments = concatBytes(...made.segments);
    const with_ = (footer: { indexTotalLength: number; headerLen: number }, between: Uint8Array): Uint8Array =>
      concatBytes(segments, index, between, made.header, encodeFooter(footer));
    const nothing = new Uint8Array(0);
    const eight = new Uint8Array(8);
    expect(await refusal(with_({ indexTotalLength: index.length + 8, headerLen: 512 }, eight))).toBe('bad-index');
    expect(await refusal(with_({ indexTotalLength: 63, headerLen: 512 }, nothing))).toBe('bad-index');
    expect(await refusal(with_({ indexTotalLength: 2 ** 31, headerLen: 512 }, nothing))).toBe('bad-index');
    expect(await refusal(with_({ indexTotalLength: index.length - 512, headerLen: 1024 }, nothing))).not.toBe('');
    const extra = concatBytes(made.segments[0]!, segments, made.tail);
    expect(await refusal(extra)).toBe('bad-index');
  });

  it('is larger than what one read brings in', async () => {
    const many = { partNumber: 5, lengths: Array.from({ length: 1200 }, () => 8) };
    const bytes = randomLooking(9_600, 'many');
    const made = await makeIndexed(bytes, [many]);
    expect(made.tail.length).toBeGreaterThan(65_536);
    const sink = new WatchedSink();
    await decryptStream({ input: createMemorySource(made.bytes), sink, access, pool }, calm);
    expect(Buffer.compare(sink.given(), bytes)).toBe(0);
  });

  it('is not made of no segments, of too many, or of some that make no stream', async () => {
    const stream = sealedHeader(parametersOf({ layout: 1 }), 1);
    const seal = (entries: readonly IndexEntry[]) =>
      sealIndexedTail(stream, stream.header, entries, new FreshSalts(), calm);
    expect((await failureOf(seal([]))).code).toBe('bad-parameters');
    const entry = (segmentIndex: number): IndexEntry => ({
      segmentIndex,
      contentLength: 10,
      totalLength: 300,
      salt: new Uint8Array(16),
      digest: new Uint8Array(32),
    });
    const tooMany = Array.from({ length: 2 ** 20 + 1 }, () => entry(65_536));
    expect((await failureOf(seal(tooMany))).code).toBe('bad-parameters');
    expect((await failureOf(seal([entry(65_537)]))).code).toBe('bad-index');
    expect((await failureOf(seal([entry(2 * 65_536), entry(65_536)]))).code).toBe('bad-index');
  });
});

it('a stream of more segments than are remembered at first has its digest', async () => {
  const bytes = randomLooking(100 * 16_384, 'many segments');
  const made = await makeScheduled(bytes, parametersOf());
  const sink = new WatchedSink(true);
  const result = await decryptStream({ input: createMemorySource(made.bytes), sink, access, pool }, calm);
  expect(Buffer.compare(result.streamDigest, made.streamDigest)).toBe(0);
  expect(Buffer.compare(sink.given(), bytes)).toBe(0);
});
