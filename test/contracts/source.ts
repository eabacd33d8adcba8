import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SeekableSource, Source } from '../../src/sources/source.ts';

const go = new AbortController().signal;

/** Not a power of two, and more than a pipe holds. */
const content: Uint8Array = Uint8Array.from({ length: 150_001 }, (_, index) => (index * 31 + (index >> 8) * 7) & 0xff);

/** A target that shows what was written beside it. */
function targetOf(length: number, shared: boolean): { target: Uint8Array; margins: () => Uint8Array } {
  const margin = 8;
  const memory = shared ? new SharedArrayBuffer(length + 2 * margin) : new ArrayBuffer(length + 2 * margin);
  const all = new Uint8Array(memory).fill(0xa5);
  const margins = (): Uint8Array => Buffer.concat([all.subarray(0, margin), all.subarray(margin + length)]);
  return { target: all.subarray(margin, margin + length), margins };
}

export interface SourceTraits {
  /**
   * A source that gives the bytes given and then waits for more that do not come. Sources that never wait for
   * anybody have none.
   */
  readonly makeStalled?: (beginning: Uint8Array) => Promise<Source>;
}

/**
 * What every source promises.
 *
 * @param makeSource - A source of that content; what it holds must be released by onTestFinished.
 */
export function sourceContract(
  name: string,
  makeSource: (content: Uint8Array) => Promise<Source>,
  traits: SourceTraits = {},
): void {
  async function open(bytes: Uint8Array): Promise<Source> {
    const source = await makeSource(bytes);
    onTestFinished(() => source.close());
    return source;
  }

  describe(`${name} keeps the contract of sources`, () => {
    it('has a name for messages, and the size of its content if any', async () => {
      const source = await open(content);
      expect(source.name).toMatch(/./);
      expect([content.length, undefined]).toContain(source.size);
    });

    it.each([
      ['private', false],
      ['shared', true],
    ])('fills targets of %s memory, but at the end, and gives 0 from then on', async (_, shared) => {
      const source = await open(content);
      const lengths = [1, 7, 65_536, 3, 60_000, 40_000, 100];
      const pieces: Uint8Array[] = [];
      let left = content.length;
      for (const length of lengths) {
        const { target, margins } = targetOf(length, shared);
        const expected = Math.min(length, left);
        expect(await source.read(target, go)).toBe(expected);
        expect(margins().every((byte) => byte === 0xa5)).toBe(true);
        pieces.push(target.subarray(0, expected));
        left -= expected;
      }
      expect(left).toBe(0);
      expect(Buffer.compare(Buffer.concat(pieces), content)).toBe(0);
      expect(await source.read(new Uint8Array(10), go)).toBe(0);
    });

    it('ends exactly with a target of its size', async () => {
      const source = await open(content);
      const target = new Uint8Array(content.length);
      expect(await source.read(target, go)).toBe(content.length);
      expect(Buffer.compare(target, content)).toBe(0);
      expect(await source.read(target, go)).toBe(0);
    });

    it('gives nothing into an empty target, and loses nothing by it', async () => {
      const source = await open(content);
      expect(await source.read(new Uint8Array(0), go)).toBe(0);
      const target = new Uint8Array(content.length + 1);
      expect(await source.read(target, go)).toBe(content.length);
      expect(await source.read(new Uint8Array(0), go)).toBe(0);
    });

    it('can be empty', async () => {
      const source = await open(new Uint8Array(0));
      expect([0, undefined]).toContain(source.size);
      expect(await source.read(new Uint8Array(5), go)).toBe(0);
      expect(await source.read(new Uint8Array(5), go)).toBe(0);
    });

    it('refuses to read when the signal has fired', async () => {
      const source = await open(content);
      await expect(source.read(new Uint8Array(5), AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
      await source.close();
    });

    it('can be closed twice, read or not', async () => {
      const unread = await open(content);
      await unread.close();
      await unread.close();
      const begun = await open(content);
      await begun.read(new Uint8Array(5), go);
      await begun.close();
      await begun.close();
      const ended = await open(content);
      await ended.read(new Uint8Array(content.length + 1), go);
      await ended.close();
      await ended.close();
    });

    it('lends only shared memory, in order with what is read', async () => {
      const source = await open(content);
      if (source.lend === undefined) return;
      const target = new Uint8Array(1000);
      const pieces: Uint8Array[] = [];
      for (const length of [10, 65_536, 0, 200_000, 5]) {
        const lent = source.lend(length);
        expect(lent.buffer).toBeInstanceOf(SharedArrayBuffer);
        expect(lent.length).toBeLessThanOrEqual(length);
        pieces.push(new Uint8Array(lent.buffer, lent.offset, lent.length));
        pieces.push(target.slice(0, await source.read(target, go)));
      }
      expect(Buffer.compare(Buffer.concat(pieces), content)).toBe(0);
      expect(source.lend(5).length).toBe(0);
    });

    const makeStalled = traits.makeStalled;
    if (makeStalled === undefined) return;
    it('stops waiting when the signal fires', async () => {
      const source = await makeStalled(content.subarray(0, 100));
      onTestFinished(() => source.close());
      const stop = new AbortController();
      const target = new Uint8Array(1000);
      const reading = source.read(target, stop.signal);
      setTimeout(() => stop.abort(), 30);
      await expect(reading).rejects.toMatchObject({ code: 'aborted' });
      target.fill(1);
      await source.close();
      expect(target.every((byte) => byte === 1)).toBe(true);
    });

    it('can be closed while it has nothing to give', async () => {
      const source = await makeStalled(content.subarray(0, 100));
      const target = new Uint8Array(100);
      expect(await source.read(target, go)).toBe(100);
      await source.close();
    });
  });
}

/**
 * What every source promises that can be read at any position.
 *
 * @param makeSource - A source of that content; what it holds must be released by onTestFinished.
 */
export function seekableSourceContract(
  name: string,
  makeSource: (content: Uint8Array) => Promise<SeekableSource>,
): void {
  async function open(bytes: Uint8Array): Promise<SeekableSource> {
    const source = await makeSource(bytes);
    onTestFinished(() => source.close());
    return source;
  }

  describe(`${name} keeps the contract of seekable sources`, () => {
    it('has a name for messages and the size of its content', async () => {
      const source = await open(content);
      expect(source.name).toMatch(/./);
      expect(source.size).toBe(content.length);
      expect((await open(new Uint8Array(0))).size).toBe(0);
    });

    it('gives what stands at any position, as much as there is', async () => {
      const source = await open(content);
      const size = content.length;
      const read = async (position: number, length: number, shared: boolean): Promise<void> => {
        const { target, margins } = targetOf(length, shared);
        const expected = content.subarray(position, position + length);
        expect(await source.readAt(position, target, go)).toBe(expected.length);
        expect(Buffer.compare(target.subarray(0, expected.length), expected)).toBe(0);
        expect(target.subarray(expected.length).every((byte) => byte === 0xa5)).toBe(true);
        expect(margins().every((byte) => byte === 0xa5)).toBe(true);
      };
      for (const position of [0, 1, size - 1, size, size + 1, 2 * size]) {
        for (const length of [0, 1, 2, size]) await read(position, length, false);
      }
      const anywhere = fc.record({ position: fc.nat(size + 10), length: fc.nat(80_000), shared: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(anywhere, ({ position, length, shared }) => read(position, length, shared)),
        { numRuns: 50, seed: 1 },
      );
    });

    it('serves several readers at once', async () => {
      const source = await open(content);
      const length = 20_000;
      const targets = Array.from({ length: 16 }, () => new Uint8Array(length));
      const counts = await Promise.all(targets.map((target, index) => source.readAt(index * 9000, target, go)));
      targets.forEach((target, index) => {
        const expected = content.subarray(index * 9000, index * 9000 + length);
        expect(counts[index]).toBe(expected.length);
        expect(Buffer.compare(target.subarray(0, expected.length), expected)).toBe(0);
      });
    });

    it('refuses to read when the signal has fired, and goes on for others', async () => {
      const source = await open(content);
      const target = new Uint8Array(5);
      await expect(source.readAt(0, target, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
      expect(await source.readAt(10, target, go)).toBe(5);
      expect(target).toEqual(content.slice(10, 15));
    });

    it('can be closed twice', async () => {
      const source = await open(content);
      await source.readAt(0, new Uint8Array(5), go);
      await source.close();
      await source.close();
    });
  });
}
