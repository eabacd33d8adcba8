import { describe, expect, it, onTestFinished } from 'vitest';
import { createDescriptorSource } from '../../src/sources/descriptor-source.ts';
import type { Source } from '../../src/sources/source.ts';
import { sourceContract } from '../contracts/source.ts';

const go = new AbortController().signal;
const notYet = (): never => {
  throw Object.assign(new Error('EAGAIN'), { code: 'EAGAIN' });
};

/** Gives a little at a time, and says EAGAIN before each piece; for ever in the end if told so. */
function hesitant(content: Uint8Array, ends = true): Source {
  let position = 0;
  let hesitates = true;
  return createDescriptorSource('a terminal', {
    async read(target) {
      hesitates = !hesitates || (position === content.length && !ends);
      if (hesitates) notYet();
      const piece = content.subarray(position, position + Math.min(target.length, 50_000));
      target.set(piece);
      position += piece.length;
      return piece.length;
    },
    close: async () => undefined,
  });
}

sourceContract('a source over a descriptor', async (content) => hesitant(content), {
  makeStalled: async (beginning) => hesitant(beginning, false),
});

describe('a source over a descriptor', () => {
  it('explains an error', async () => {
    const cause = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    const source = createDescriptorSource('/dev/broken', {
      read: () => Promise.reject(cause),
      close: async () => undefined,
    });
    await expect(source.read(new Uint8Array(1), go)).rejects.toMatchObject({
      code: 'io',
      cause,
      message: expect.stringMatching(/^\/dev\/broken could not be read: .*\(EIO\)/),
    });
  });

  it('asks for a few megabytes at a time, and no more after the end', async () => {
    const asked: number[] = [];
    const source = createDescriptorSource('a device', {
      async read(target) {
        asked.push(target.length);
        return asked.length > 2 ? 0 : target.length;
      },
      close: async () => undefined,
    });
    const target = new Uint8Array(100 * 1024 * 1024);
    expect(await source.read(target, go)).toBe(8 * 1024 * 1024);
    expect(await source.read(target, go)).toBe(0);
    expect(asked).toEqual([4 * 1024 * 1024, 4 * 1024 * 1024, 4 * 1024 * 1024]);
  });

  it('closes its descriptor once, and is not read after that', async () => {
    let closed = 0;
    const source = createDescriptorSource('a device', {
      read: async () => 0,
      close: async () => {
        closed += 1;
      },
    });
    onTestFinished(() => source.close());
    await source.close();
    await source.close();
    expect(closed).toBe(1);
    await expect(source.read(new Uint8Array(1), go)).rejects.toThrow('after close');
  });
});
