import { createSecretKey, type KeyObject, randomFillSync } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createMemorySource, type MemorySource } from '../../src/sources/memory-source.ts';
import type { Source } from '../../src/sources/source.ts';

/** The key that everything here is encrypted for. */
export const benchKey: KeyObject = createSecretKey(new Uint8Array(32).fill(9));

/** Content in shared memory, every page of it in place. */
export function sharedContent(sizeBytes: number): SharedArrayBuffer {
  const content = new SharedArrayBuffer(sizeBytes);
  const bytes = new Uint8Array(content);
  const block = randomBlock(sizeBytes);
  for (let at = 0; at < bytes.length; at += block.length) bytes.set(block.subarray(0, bytes.length - at), at);
  return content;
}

/** A file of such content. */
export async function writeContent(path: string, sizeBytes: number): Promise<void> {
  const block = randomBlock(sizeBytes);
  const file = await open(path, 'wx', 0o600);
  try {
    for (let at = 0; at < sizeBytes; at += block.length) {
      await file.write(block, 0, Math.min(block.length, sizeBytes - at), at);
    }
  } finally {
    await file.close();
  }
}

function randomBlock(sizeBytes: number): Uint8Array {
  return randomFillSync(new Uint8Array(Math.min(sizeBytes, 4 * 2 ** 20)));
}

/** A source that lends what it has: it fills nothing, and nothing is copied. */
export function lendingSource(content: SharedArrayBuffer): MemorySource {
  return createMemorySource(new Uint8Array(content));
}

/** A source over the same bytes that copies them, as one over ordinary memory does. */
export function copyingSource(content: SharedArrayBuffer): Source {
  const source = createMemorySource(new Uint8Array(content));
  return {
    name: source.name,
    size: source.size,
    read: (target, signal) => source.read(target, signal),
    close: () => source.close(),
  };
}
