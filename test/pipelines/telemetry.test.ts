import { describe, expect, it } from 'vitest';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { encryptStream } from '../../src/pipelines/encrypt-stream.ts';
import { Telemetry } from '../../src/pipelines/telemetry.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { randomLooking } from '../support/content.ts';
import { failureOf } from '../support/refusal.ts';
import { access, calm, inlinePool, kek } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

const content = randomLooking(100_000, 'telemetry');
const segments = 7;
const frames = 25 + 2 * segments;
const pool = inlinePool(2 ** 22);

async function encrypted(telemetry: Telemetry, zstd = false): Promise<Uint8Array> {
  const sink = new WatchedSink();
  const sizes = { segmentSizeBytes: 16_384, frameSizeBytes: 4096, recipients: [keyFileRecipient(kek)] };
  const bytes = zstd ? content.map((byte) => byte & 1) : content;
  await encryptStream({ ...sizes, source: createMemorySource(bytes), sink, pool, telemetry, zstd }, calm);
  return sink.given();
}

describe('telemetry', () => {
  it('counts what encrypting and decrypting did, alike', async () => {
    const writing = new Telemetry();
    const stream = await encrypted(writing);
    const counts = { contentBytes: 100_000, segments, frames, wireBytes: stream.length - 1024 };
    expect(writing.snapshot()).toMatchObject({ ...counts, repeatedSegments: 0, segmentsInFlight: 0 });
    for (const streamingThreshold of [0, undefined]) {
      const reading = new Telemetry();
      const sink = new WatchedSink(true);
      const input = createMemorySource(stream);
      await decryptStream({ input, sink, access, pool, telemetry: reading, streamingThreshold }, calm);
      expect(reading.snapshot()).toMatchObject({ ...counts, repeatedSegments: 0, segmentsInFlight: 0 });
    }
  });

  it('counts compressed segments by their content and by their wire', async () => {
    const writing = new Telemetry();
    const stream = await encrypted(writing, true);
    const reading = new Telemetry();
    const input = createMemorySource(stream);
    await decryptStream({ input, sink: new WatchedSink(), access, pool, telemetry: reading }, calm);
    for (const telemetry of [writing, reading]) {
      const { contentBytes, wireBytes } = telemetry.snapshot();
      expect([contentBytes, wireBytes]).toEqual([100_000, stream.length - 1024]);
    }
    expect(stream.length).toBeLessThan(25_000);
  });

  it('counts of a range what was read for it', async () => {
    const stream = await encrypted(new Telemetry());
    const telemetry = new Telemetry();
    const range = { first: 20_000, last: 20_010 };
    const input = createMemorySource(stream);
    await decryptRange({ input, sink: new WatchedSink(), access, pool, telemetry, range }, calm);
    // One frame of one segment, and the segment's header.
    expect(telemetry.snapshot()).toMatchObject({
      contentBytes: 4096,
      wireBytes: 64 + 4096 + 36,
      frames: 1,
      segments: 1,
    });
  });

  it('keeps high-water marks within the memory there is, and times what ran', async () => {
    const telemetry = new Telemetry();
    await encrypted(telemetry);
    const snapshot = telemetry.snapshot();
    expect(snapshot.plainHighWaterBytes).toBeGreaterThanOrEqual(16_384);
    expect(snapshot.plainHighWaterBytes).toBeLessThanOrEqual(pool.plain.capacityBytes);
    expect(snapshot.wireHighWaterBytes).toBeGreaterThanOrEqual(16_384);
    expect(snapshot.wireHighWaterBytes).toBeLessThanOrEqual(pool.wire.capacityBytes);
    expect(snapshot.segmentsInFlightHighWater).toBeGreaterThanOrEqual(1);
    expect(snapshot.segmentsInFlightHighWater).toBeLessThanOrEqual(segments);
    for (const stage of ['read', 'compute', 'write'] as const) expect(snapshot.stageMs[stage]).toBeGreaterThan(0);
  });

  it('is a picture that stays as it is, and adds up over runs', async () => {
    const telemetry = new Telemetry();
    const before = telemetry.snapshot();
    await encrypted(telemetry);
    await encrypted(telemetry);
    expect(before).toMatchObject({ contentBytes: 0, segments: 0 });
    expect(telemetry.snapshot()).toMatchObject({ contentBytes: 200_000, segments: 2 * segments });
  });

  it('has nothing in flight when a run has failed', async () => {
    const telemetry = new Telemetry();
    const stream = await encrypted(new Telemetry());
    stream[60_000]! ^= 1;
    const input = createMemorySource(stream);
    await failureOf(decryptStream({ input, sink: new WatchedSink(), access, pool, telemetry }, calm));
    expect(telemetry.snapshot()).toMatchObject({ segmentsInFlight: 0, segments: 3 });
    const stop = new AbortController();
    const sink = new WatchedSink();
    sink.commitSegment = async () => stop.abort();
    const source = createMemorySource(content);
    const request = { source, sink, pool, telemetry, recipients: [keyFileRecipient(kek)], segmentSizeBytes: 16_384 };
    await failureOf(encryptStream(request, stop.signal));
    expect(telemetry.snapshot().segmentsInFlight).toBe(0);
  });

  it('times a step that fails, and lets its failure through', async () => {
    const telemetry = new Telemetry();
    const failing = telemetry.time('read', async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new Error('made to fail');
    });
    await expect(failing).rejects.toThrow('made to fail');
    expect(telemetry.snapshot().stageMs.read).toBeGreaterThan(3);
  });
});
