import { afterAll, describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { toHex } from '../../src/format/bytes.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { encryptStream } from '../../src/pipelines/encrypt-stream.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import type { FramePool } from '../../src/workers/frame-pool.ts';
import type { FrameBatch } from '../../src/workers/messages.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { access, calm, inlinePool, kek } from '../support/streams.ts';
import { watchPool } from '../support/watched-pool.ts';
import { WatchedSink } from '../support/watched-sink.ts';

// X15: a ledger of every key and nonce that sealed a frame, over runs, repetitions and failures. A pair that stands in
// it twice stands there for the same plaintext and nothing else.

const pool = inlinePool(2 ** 22);
afterAll(() => pool.close());

/** Which plaintext each pair of key and nonce has served. */
class NonceLedger {
  readonly #served = new Map<string, string>();
  /** Segment keys, each of which stands for a segment_index and a salt of a stream. */
  readonly keys = new Set<string>();

  note(batch: FrameBatch, memory: FramePool): void {
    const key = toHex(batch.key.export());
    this.keys.add(key);
    const plain = new Uint8Array(memory.plain.buffer, batch.plain.offset, batch.plain.length);
    for (let offset = 0; offset < plain.length; offset += batch.frameSizeBytes) {
      const frame = batch.firstFrame + offset / batch.frameSizeBytes;
      const pair = `${key} ${frame}`;
      const plaintext = toHex(plain.slice(offset, offset + batch.frameSizeBytes));
      if (this.#served.get(pair) !== undefined && this.#served.get(pair) !== plaintext) {
        throw new Error(`the nonce ${frame} serves two plaintexts under one key`);
      }
      this.#served.set(pair, plaintext);
    }
  }
}

/** Writes each batch into the ledger; batches of these numbers fail, before or after they have done their work. */
function ledgerPool(ledger: NonceLedger, failing: readonly number[], when: 'before' | 'after'): FramePool {
  return watchPool(pool, {
    async batch(batch, run, number) {
      ledger.note(batch, pool);
      const fails = failing.includes(number);
      if (!fails || when === 'after') await run();
      if (fails) throw new SealpartError('worker', 'A thread died.');
      return run();
    },
    inline(batch, run) {
      ledger.note(batch, pool);
      return run();
    },
  });
}

const content = randomLooking(100_000, 'x15');
const segments = 7;

async function encrypt(bytes: Uint8Array, through: FramePool): Promise<{ sink: WatchedSink; segments: number }> {
  const sink = new WatchedSink();
  const sizes = { segmentSizeBytes: 16_384, frameSizeBytes: 4096 };
  const source = createMemorySource(bytes);
  const done = await encryptStream(
    { ...sizes, source, sink, pool: through, recipients: [keyFileRecipient(kek)] },
    calm,
  );
  return { sink, segments: done.segments };
}

describe('X15: keys and nonces', () => {
  it('are new for every stream, also for the same content under the same key', async () => {
    const ledger = new NonceLedger();
    for (let i = 0; i < 5; i++) await encrypt(content, ledgerPool(ledger, [], 'before'));
    expect(ledger.keys.size).toBe(5 * segments);
  });

  it.each(['before', 'after'] as const)(
    'are new for a segment that is sealed again because a worker died %s its work',
    async (when) => {
      const ledger = new NonceLedger();
      const failing = [0, 3, 4, 7];
      const { sink } = await encrypt(content, ledgerPool(ledger, failing, when));
      // A segment here is one batch.
      expect(ledger.keys.size).toBe(segments + failing.length);
      const injected = `segments sealed again, worker dead ${when} its work`;
      noteFault({ id: 'X15', injected, reached: failing.length, outcome: 'fresh keys, no nonce twice' });
      const opened = new WatchedSink();
      await decryptStream({ input: createMemorySource(sink.given()), sink: opened, access, pool }, calm);
      expect(Buffer.compare(opened.given(), content)).toBe(0);
    },
  );

  it('are new for a run that is done again with other content', async () => {
    const ledger = new NonceLedger();
    const altered = content.map((byte) => byte ^ 0xff);
    await expect(encrypt(content, ledgerPool(ledger, [5, 6, 7, 8, 9, 10, 11, 12], 'after'))).rejects.toMatchObject({
      code: 'worker',
    });
    const before = ledger.keys.size;
    await encrypt(altered, ledgerPool(ledger, [], 'before'));
    expect(ledger.keys.size).toBe(before + segments);
    noteFault({ id: 'X15', injected: 'a run done again with other content', reached: 1, outcome: 'fresh keys' });
  });

  it('are told apart by this ledger', async () => {
    const ledger = new NonceLedger();
    const batches: FrameBatch[] = [];
    const keeping = watchPool(pool, {
      batch: (batch, run) => {
        batches.push(batch);
        return run();
      },
    });
    await encrypt(content.subarray(0, 10_000), keeping);
    const [batch] = batches as [FrameBatch];
    const plain = new Uint8Array(pool.plain.buffer, batch.plain.offset, batch.plain.length);
    ledger.note(batch, pool);
    ledger.note(batch, pool);
    plain[0]! ^= 1;
    expect(() => ledger.note(batch, pool)).toThrow('two plaintexts');
  });
});
