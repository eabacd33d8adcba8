import { createSecretKey, type KeyObject, randomFillSync } from 'node:crypto';
import { open } from 'node:fs/promises';
import { copyBytes } from '../../src/flow/copy-bytes.ts';
import { createMemorySource, type MemorySource } from '../../src/sources/memory-source.ts';
import type { SeekableSource, Source } from '../../src/sources/source.ts';

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

/** The same bytes in shared memory. */
export function sharedCopy(bytes: Uint8Array): SharedArrayBuffer {
  const copy = new SharedArrayBuffer(bytes.length);
  copyBytes(bytes, new Uint8Array(copy));
  return copy;
}

/** A source over the same bytes that copies them, as one over ordinary memory does. */
export function copyingSource(content: SharedArrayBuffer): Source {
  const { name, size, read, close } = bound(createMemorySource(new Uint8Array(content)));
  return { name, size, read, close };
}

/** The same for one that is read at any position. */
export function copyingInput(content: SharedArrayBuffer): SeekableSource {
  const { name, size, readAt, close } = bound(createMemorySource(new Uint8Array(content)));
  return { name, size, readAt, close };
}

function bound(source: MemorySource): Pick<MemorySource, 'name' | 'size' | 'read' | 'readAt' | 'close'> {
  return {
    name: source.name,
    size: source.size,
    read: (target, signal) => source.read(target, signal),
    readAt: (position, target, signal) => source.readAt(position, target, signal),
    close: () => source.close(),
  };
}
