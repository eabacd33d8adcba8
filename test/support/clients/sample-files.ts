import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { randomLooking } from '../content.ts';

const blockBytes = 2 ** 20;

/** A file of so many MiB, each of which is unlike all others; the same each time. */
export async function writeSample(path: string, lengthMiB: number): Promise<void> {
  const block = Buffer.from(randomLooking(blockBytes, 'a sample of what clients send'));
  const file = await open(path, 'w');
  try {
    for (let index = 0; index < lengthMiB; index++) {
      for (let at = 0; at < blockBytes; at += 4096) block.writeUInt32LE(index, at);
      await file.write(block);
    }
  } finally {
    await file.close();
  }
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Files for a client to make a copy of: names that need care, sizes from nothing on. */
export const treeFiles: Readonly<Record<string, number>> = {
  empty: 0,
  'one byte': 1,
  'deep/er/plus+and%41': 70_000,
  'deep/caf\u00e9': 300,
  'deep/cafe\u0301': 301,
  'large.bin': 3_000_001,
};

const old = new Date(Date.UTC(2024, 1, 29));

export async function writeTree(folder: string): Promise<void> {
  for (const [name, lengthBytes] of Object.entries(treeFiles)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, randomLooking(lengthBytes, name));
    // Servers tell times in whole seconds: a file as young as its copy could look younger than it.
    await utimes(path, old, old);
  }
}
