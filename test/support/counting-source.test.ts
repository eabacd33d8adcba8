import { expect, it } from 'vitest';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { seekableSourceContract } from '../contracts/source.ts';
import { countReads } from './counting-source.ts';

seekableSourceContract('a counting source', async (content) => countReads(createMemorySource(content)));

it('a counting source counts what was asked and what was given', async () => {
  const signal = new AbortController().signal;
  const source = countReads(createMemorySource(new Uint8Array(100)));
  await source.readAt(0, new Uint8Array(10), signal);
  await source.readAt(95, new Uint8Array(10), signal);
  expect([source.reads, source.bytesRead]).toEqual([2, 15]);
  expect(source.ranges).toEqual([
    { position: 0, length: 10 },
    { position: 95, length: 10 },
  ]);
});
