import { describe, expect, it } from 'vitest';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { isSeekable } from '../../src/sources/seekable.ts';
import { seekableSourceContract, sourceContract } from '../contracts/source.ts';

function shared(content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(content.length + 10), 7, content.length);
  bytes.set(content);
  return bytes;
}

sourceContract('a source over private memory', async (content) => createMemorySource(content));
sourceContract('a source over shared memory', async (content) => createMemorySource(shared(content)));
seekableSourceContract('a source over private memory', async (content) => createMemorySource(content));
seekableSourceContract('a source over shared memory', async (content) => createMemorySource(shared(content)));

describe('a memory source', () => {
  it('has lend only over shared memory', () => {
    expect('lend' in createMemorySource(new Uint8Array(5))).toBe(false);
    expect('lend' in createMemorySource(shared(new Uint8Array(5)))).toBe(true);
  });

  it('lends the very bytes', () => {
    const bytes = shared(Uint8Array.of(1, 2, 3, 4, 5));
    const source = createMemorySource(bytes, 'five bytes');
    expect(source.name).toBe('five bytes');
    source.lend?.(2);
    expect(source.lend?.(2)).toEqual({ buffer: bytes.buffer, offset: 9, length: 2 });
  });

  it('can be read at any position', () => {
    expect(isSeekable(createMemorySource(new Uint8Array(1)))).toBe(true);
  });
});
