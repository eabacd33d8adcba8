import { afterAll, describe, expect, it } from 'vitest';
import { streamLength } from '../../src/format/schedule.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { cutSource } from '../support/pieces.ts';
import { access, calm, inlinePool, makeIndexed, makeScheduled, parametersOf } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

// X18: nothing, one byte, and a byte around every boundary. Each content has one encoding, however it comes in.

const pool = inlinePool(2 ** 21);
afterAll(() => pool.close());

const frame = 4096;
const first = 16_384 - 512;
const segment = 16_384;
const around = (boundary: number): number[] => [boundary - 1, boundary, boundary + 1];
const lengths = [
  0,
  ...around(1),
  ...around(frame),
  ...around(3 * frame),
  ...around(first),
  ...around(first + frame),
  ...around(first + segment),
  ...around(first + 3 * segment),
].filter((length, i, all) => all.indexOf(length) === i);

async function opened(bytes: Uint8Array, irreversible: boolean): Promise<WatchedSink> {
  const sink = new WatchedSink(irreversible);
  const result = await decryptStream({ input: createMemorySource(bytes), sink, access, pool }, calm);
  expect(result.contentLength).toBe(sink.givenBytes);
  return sink;
}

describe('X18: lengths of content', () => {
  it.each(lengths)('%i bytes come back, from one encoding', async (length) => {
    const content = randomLooking(length, 'x18');
    const parameters = parametersOf();
    const made = await makeScheduled(content, parameters);
    expect(made.bytes).toHaveLength(streamLength(parameters, length));
    for (const irreversible of [false, true]) {
      const sink = await opened(made.bytes, irreversible);
      expect(Buffer.compare(sink.given(), content)).toBe(0);
      expect([sink.state, sink.committedBytes]).toEqual(['finished', length]);
    }
    for (const sourceOf of [
      (bytes: Uint8Array) => cutSource(bytes, [1]),
      (bytes: Uint8Array) => cutSource(bytes, [4095, 2, 16_384]),
    ]) {
      if (length > 20_000 && sourceOf(content).size === undefined && length % 2 === 0) continue;
      const again = await makeScheduled(content, parameters, { sourceOf });
      expect(Buffer.compare(again.bytes, made.bytes)).toBe(0);
    }
    noteFault({ id: 'X18', injected: 'lengths around every boundary', reached: 1, outcome: 'back, from one encoding' });
  });

  it.each(lengths.filter((length) => length <= segment))('%i bytes are a part of layout 1', async (length) => {
    const content = randomLooking(length + 1, 'x18');
    const parts = [
      { partNumber: 1, lengths: [length] },
      { partNumber: 2, lengths: [1] },
    ];
    const made = await makeIndexed(content, parts);
    const sink = await opened(made.bytes, true);
    expect(Buffer.compare(sink.given(), content)).toBe(0);
  });

  it('nothing at all is a part of layout 1', async () => {
    const made = await makeIndexed(new Uint8Array(0), [{ partNumber: 10_000, lengths: [0] }]);
    expect((await opened(made.bytes, false)).givenBytes).toBe(0);
  });
});
