import { generateKeySync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { segmentFlags } from '../../src/format/segment-header.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { encryptStream } from '../../src/pipelines/encrypt-stream.ts';
import { readUnopened, walkSegments } from '../../src/pipelines/walk-segments.ts';
import { MemorySink } from '../../src/sinks/memory-sink.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';

const signal = new AbortController().signal;
const recipients = [keyFileRecipient(generateKeySync('hmac', { length: 256 }))];

async function encrypt(sink: MemorySink): Promise<Uint8Array> {
  const source = createMemorySource(new Uint8Array(100_000).fill(5));
  await encryptStream({ source, sink, recipients, segmentSizeBytes: 16_384, workers: 0 }, signal);
  return sink.bytes();
}

describe('a writer', () => {
  it('that was interrupted begins a new stream, with another id (§9.4)', async () => {
    class Failing extends MemorySink {
      seen: Uint8Array | undefined;
      override async writeTentative(bytes: Uint8Array, inner: AbortSignal): Promise<void> {
        this.seen ??= bytes.slice(24, 40);
        if (bytes.length > 10_000) throw new SealpartError('io', 'the disk is full');
        await super.writeTentative(bytes, inner);
      }
    }
    const broken = new Failing();
    await expect(encrypt(broken)).rejects.toMatchObject({ code: 'io' });
    const again = await encrypt(new MemorySink());
    expect(broken.seen).toHaveLength(16);
    expect(again.slice(24, 40)).not.toEqual(broken.seen);
  });

  it('makes one FINAL segment, the last, after all others are away (§9.5)', async () => {
    const stream = await encrypt(new MemorySink());
    const input = createMemorySource(stream);
    const finals: number[] = [];
    let count = 0;
    for await (const { header } of walkSegments(input, await readUnopened(input, signal), signal)) {
      if ((header.flags & segmentFlags.final) !== 0) finals.push(count);
      count++;
    }
    expect(count).toBe(7);
    expect(finals).toEqual([6]);
  });

  it('keeps what it gave away unchanged until the taker is done, so that a retry sends the same bytes (§9.7)', async () => {
    class Retrying extends MemorySink {
      retries = 0;
      override async writeTentative(bytes: Uint8Array, inner: AbortSignal): Promise<void> {
        const first = bytes.slice();
        // Long enough for every other segment to be encrypted meanwhile.
        await new Promise((resolve) => setTimeout(resolve, 5));
        expect(Buffer.compare(first, bytes)).toBe(0);
        this.retries++;
        await super.writeTentative(bytes, inner);
      }
    }
    const sink = new Retrying();
    await encrypt(sink);
    expect(sink.retries).toBe(8);
  });
});
