import { afterAll, describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { abandonSink } from '../../src/pipelines/abandon-sink.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { encryptStream } from '../../src/pipelines/encrypt-stream.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { createFramePool } from '../../src/workers/frame-pool.ts';
import { randomLooking } from '../support/content.ts';
import { failureOf } from '../support/refusal.ts';
import { access, calm, inlinePool, kek, makeScheduled, parametersOf } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

const pool = inlinePool(2 ** 22);
afterAll(() => pool.close());
const content = randomLooking(40_000, 'endings');

/** A sink that cannot take away what it wrote. */
class StickySink extends WatchedSink {
  readonly #error: unknown;

  constructor(error: unknown) {
    super();
    this.#error = error;
  }

  override abort(): Promise<void> {
    return Promise.reject(this.#error);
  }
}

describe('a sink that cannot be abandoned', () => {
  it('is told of beside what happened, and changes neither code nor place', async () => {
    const refused = new SealpartError('frame-auth', 'Frame 3 is not authentic.', { segment: 2, frame: 3 });
    const stuck = new SealpartError('io', 'The file /x could not be removed.');
    const told = await abandonSink(new StickySink(stuck), refused);
    expect(told).toMatchObject({ code: 'frame-auth', segment: 2, frame: 3 });
    expect(String(told)).toContain('Frame 3 is not authentic. Besides: The file /x could not be removed.');
    expect(await abandonSink(new StickySink('text'), refused)).toMatchObject({
      code: 'frame-auth',
      message: 'Frame 3 is not authentic. Besides: text',
    });
    expect(await abandonSink(new WatchedSink(), refused)).toBe(refused);
  });

  it('loses no error that is a bug', async () => {
    const bug = new TypeError('a bug');
    const stuck = new Error('stuck');
    const both = await abandonSink(new StickySink(stuck), bug);
    expect(both).toBeInstanceOf(AggregateError);
    expect((both as AggregateError).errors).toEqual([bug, stuck]);
  });

  it('comes out of a run as one error', async () => {
    const made = await makeScheduled(content);
    const sink = new StickySink(new Error('It stays.'));
    const input = createMemorySource(made.bytes.subarray(0, -1));
    const failure = await failureOf(decryptStream({ input, sink, access, pool }, calm));
    expect([failure.code, failure.message]).toEqual(['truncated', expect.stringContaining('Besides: It stays.')]);
    // As does one that can neither keep what was verified nor let go of it.
    const keeping = new StickySink(new Error('It stays.'));
    keeping.finish = () => Promise.reject(new Error('It does not end.'));
    const again = createMemorySource(made.bytes.subarray(0, -1));
    const run = decryptStream({ input: again, sink: keeping, access, pool, keepVerifiedPrefix: true }, calm);
    expect((await failureOf(run)).message).toMatch(/kept: It does not end\. Besides: It stays\./);
  });
});

describe('a run with memory of its own', () => {
  it('takes what it needs and no more, with threads and without', async () => {
    for (const workers of [0, 2, undefined]) {
      const sink = new WatchedSink();
      const source = createMemorySource(content);
      const sizes = { segmentSizeBytes: 16_384, recipients: [keyFileRecipient(kek)] };
      await encryptStream({ ...sizes, source, sink, workers }, calm);
      const opened = new WatchedSink();
      await decryptStream({ input: createMemorySource(sink.given()), sink: opened, access, workers }, calm);
      expect(Buffer.compare(opened.given(), content)).toBe(0);
    }
  });

  it('is refused a segment that has to be held and is larger than it', async () => {
    const large = randomLooking(2 ** 22 + 1, 'held');
    const made = await makeScheduled(large, parametersOf({ segmentSizeLog2: 23, frameSizeLog2: 17 }), {
      pool: inlinePool(2 ** 23),
    });
    const read = (irreversible: boolean) => {
      const sink = new WatchedSink(irreversible);
      return decryptStream(
        { input: createMemorySource(made.bytes), sink, access, workers: 0, memoryBytes: 2 ** 22 },
        calm,
      );
    };
    const failure = await failureOf(read(true));
    expect(failure).toMatchObject({ code: 'bad-parameters', segment: 0 });
    expect(failure.message).toContain('decrypt into a file');
    await read(false);
  });

  it('does not take one of others that is too small', async () => {
    const narrow = createFramePool({ workers: 0, plainBytes: 8192, wireBytes: 2 ** 22 });
    const source = createMemorySource(content);
    const request = { source, sink: new WatchedSink(), recipients: [keyFileRecipient(kek)], pool: narrow };
    const failure = await failureOf(encryptStream({ ...request, segmentSizeBytes: 16_384 }, calm));
    expect([failure.code, failure.message]).toEqual(['bad-parameters', expect.stringContaining('make a larger pool')]);
  });
});
