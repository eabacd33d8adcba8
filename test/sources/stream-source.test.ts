import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { isSeekable } from '../../src/sources/seekable.ts';
import type { Source } from '../../src/sources/source.ts';
import { createStreamSource } from '../../src/sources/stream-source.ts';
import { sourceContract } from '../contracts/source.ts';

const go = new AbortController().signal;

function cut(content: Uint8Array, length: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < content.length; at += length) pieces.push(content.subarray(at, at + length));
  return pieces;
}

async function* generate(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

async function* generateThenWait(beginning: Uint8Array): AsyncGenerator<Uint8Array> {
  yield beginning;
  await new Promise(() => undefined);
}

function webStream(pieces: Uint8Array[], ends = true): ReadableStream<Uint8Array> {
  const queue = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const piece = queue.shift();
      if (piece !== undefined) controller.enqueue(piece);
      else if (ends) controller.close();
      else return new Promise(() => undefined);
      return undefined;
    },
  });
}

/** Reads all there is with targets of that length. */
async function drain(source: Source, length: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const target = new Uint8Array(length);
    const count = await source.read(target, go);
    pieces.push(target.subarray(0, count));
    if (count < length) return Buffer.concat(pieces);
  }
}

sourceContract('a source over a Readable', async (content) => createStreamSource(Readable.from(cut(content, 10_000))), {
  makeStalled: async (beginning) => {
    const stream = new PassThrough();
    stream.write(beginning);
    return createStreamSource(stream);
  },
});
sourceContract('a source over a Readable of known size', async (content) =>
  createStreamSource(Readable.from(cut(content, 70_001)), { size: content.length }),
);
sourceContract('a source over a generator', async (content) => createStreamSource(generate(cut(content, 997))), {
  makeStalled: async (beginning) => createStreamSource(generateThenWait(beginning)),
});
sourceContract(
  'a source over a stream of the web',
  async (content) => createStreamSource(webStream(cut(content, 65_536))),
  {
    makeStalled: async (beginning) => createStreamSource(webStream([beginning], false)),
  },
);

describe('a stream source', () => {
  it('is not seekable', () => {
    expect(isSeekable(createStreamSource(Readable.from([])))).toBe(false);
  });

  it('gives the same bytes however they are cut, and whatever they are read into', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.integer({ min: 1, max: 60 }), fc.boolean(), async (chunks, length, known) => {
        const expected = Buffer.concat(chunks);
        const size = known ? expected.length : undefined;
        const source = createStreamSource(generate(chunks), { size });
        expect(source.size).toBe(size);
        expect(await drain(source, length)).toEqual(expected);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('takes chunks of one byte, empty ones and huge ones', async () => {
    const huge = new Uint8Array(20 * 1024 * 1024).fill(9);
    const chunks = [Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2), huge, new Uint8Array(0), Uint8Array.of(3)];
    const all = await drain(createStreamSource(Readable.from(chunks)), 1_000_003);
    expect(all.length).toBe(huge.length + 3);
    expect([all[0], all[1], all[2], all.at(-2), all.at(-1)]).toEqual([1, 2, 9, 9, 3]);
  });

  it('pulls no further than it must, and holds one chunk at most', async () => {
    let made = 0;
    async function* count(): AsyncGenerator<Uint8Array> {
      for (;;) {
        made += 1;
        yield new Uint8Array(100);
      }
    }
    const source = createStreamSource(count());
    expect(made).toBe(0);
    await source.read(new Uint8Array(250), go);
    expect(made).toBe(3);
    await source.read(new Uint8Array(50), go);
    expect(made).toBe(3);
    await source.read(new Uint8Array(1), go);
    expect(made).toBe(4);
    await source.close();
  });

  it.each([
    ['more, in the same chunk', [10, 5], 12],
    ['more, in a further chunk', [12, 1], 12],
    ['more than nothing', [1], 0],
    ['fewer', [10, 1], 12],
    ['nothing', [], 12],
  ])('fails with source-changed if it gives %s than was announced', async (_, lengths, size) => {
    const source = createStreamSource(generate(lengths.map((length) => new Uint8Array(length))), {
      name: 'the pipe',
      size,
    });
    const failure = await source.read(new Uint8Array(size + 20), go).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SealpartError);
    expect(failure).toMatchObject({ code: 'source-changed', message: expect.stringContaining('the pipe') });
    await expect(source.read(new Uint8Array(1), go)).rejects.toBe(failure);
  });

  it('says so with the last byte that was announced, for readers who ask no further', async () => {
    const source = createStreamSource(generate([new Uint8Array(12), new Uint8Array(1)]), { size: 12 });
    await expect(source.read(new Uint8Array(12), go)).rejects.toMatchObject({ code: 'source-changed' });
  });

  it('explains an error of the stream, keeps its cause, and stays failed', async () => {
    const cause = Object.assign(new Error('read EIO'), { code: 'EIO' });
    const stream = new PassThrough();
    stream.write(new Uint8Array(10));
    const source = createStreamSource(stream, { name: 'the pipe' });
    expect(await source.read(new Uint8Array(10), go)).toBe(10);
    stream.destroy(cause);
    const failure = await source.read(new Uint8Array(10), go).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'io', cause, message: expect.stringMatching(/the pipe.*\(EIO\)/) });
    await expect(source.read(new Uint8Array(10), go)).rejects.toBe(failure);
    await source.close();
  });

  it('keeps an error that is typed', async () => {
    const cause = new SealpartError('store', 'The store closed the connection.');
    const source = createStreamSource(
      (async function* () {
        yield new Uint8Array(1);
        throw cause;
      })(),
    );
    await expect(source.read(new Uint8Array(10), go)).rejects.toBe(cause);
  });

  it('hears of an error that came before the first read', async () => {
    const stream = new PassThrough();
    const source = createStreamSource(stream);
    stream.destroy(new Error('too early'));
    await new Promise((resolve) => stream.once('close', resolve));
    await expect(source.read(new Uint8Array(10), go)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('too early'),
    });
  });

  it('takes a stream that is cut off for a failure, not for the end', async () => {
    const stream = new PassThrough();
    stream.write(new Uint8Array(5));
    const source = createStreamSource(stream);
    const reading = source.read(new Uint8Array(10), go);
    setTimeout(() => stream.destroy(), 10);
    await expect(reading).rejects.toMatchObject({ code: 'io' });
  });

  it('destroys the stream when the signal fires, and when it is closed', async () => {
    const aborted = new PassThrough();
    const stop = new AbortController();
    const reading = createStreamSource(aborted).read(new Uint8Array(10), stop.signal);
    stop.abort();
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
    expect(aborted.destroyed).toBe(true);

    const closed = new PassThrough();
    await createStreamSource(closed).close();
    expect(closed.destroyed).toBe(true);

    let cancelled = false;
    const web = new ReadableStream<Uint8Array>({
      cancel() {
        cancelled = true;
      },
    });
    await createStreamSource(web).close();
    expect(cancelled).toBe(true);
  });

  it('lets a generator clean up when it is closed half-way, and reports if that fails', async () => {
    let cleaned = 0;
    function make(fails: boolean): AsyncIterable<Uint8Array> {
      const iterator: AsyncIterator<Uint8Array> = {
        next: async () => ({ done: false, value: new Uint8Array(10) }),
        return: async () => {
          cleaned += 1;
          if (fails) throw new Error('stuck');
          return { done: true, value: undefined };
        },
      };
      return { [Symbol.asyncIterator]: () => iterator };
    }
    const good = createStreamSource(make(false));
    await good.read(new Uint8Array(5), go);
    await good.close();
    expect(cleaned).toBe(1);
    const bad = createStreamSource(make(true), { name: 'the pipe' });
    await bad.read(new Uint8Array(5), go);
    await expect(bad.close()).rejects.toMatchObject({ code: 'io', message: expect.stringMatching(/the pipe.*stuck/) });
    await bad.close();
  });

  it('leaves no listeners on the signal', async () => {
    const stop = new AbortController();
    let added = 0;
    let removed = 0;
    const { signal } = stop;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>): void => {
      added += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>): void => {
      removed += 1;
      remove(...args);
    };
    const source = createStreamSource(generate(cut(new Uint8Array(1000), 10)));
    await source.read(new Uint8Array(2000), signal);
    expect(added).toBeGreaterThan(100);
    expect(removed).toBe(added);
  });

  it('refuses what gives no bytes', async () => {
    expect(() => createStreamSource(Readable.from(['a']).setEncoding('utf8'))).toThrow(TypeError);
    expect(() => createStreamSource('text' as unknown as Readable)).toThrow(TypeError);
    expect(() => createStreamSource(null as unknown as Readable)).toThrow(TypeError);
    expect(() => createStreamSource({} as unknown as Readable)).toThrow(TypeError);
    expect(() => createStreamSource(Readable.from([]), { size: -1 })).toThrow(RangeError);
    expect(() => createStreamSource(Readable.from([]), { size: 1.5 })).toThrow(RangeError);
    const text = createStreamSource(Readable.from(['a', 'b']));
    await expect(text.read(new Uint8Array(5), go)).rejects.toThrow(TypeError);
  });
});
