import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

const lineBytes = 64;
const blockBytes = 2 ** 20;

/** Writes a file of numbered, readable lines: ciphertext beside them needs no explanation. */
export async function makeContent(path: string, sizeBytes: number): Promise<void> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  const failed = once(file, 'error').then(([error]) => Promise.reject(error));
  const write = async (): Promise<void> => {
    for (let offset = 0; offset < sizeBytes; offset += blockBytes) {
      const block = linesFrom(offset).subarray(0, Math.min(blockBytes, sizeBytes - offset));
      if (!file.write(block)) await once(file, 'drain');
    }
    file.end();
    await once(file, 'close');
  };
  await Promise.race([write(), failed]);
}

const template = Buffer.alloc(
  blockBytes,
  `${'.'.repeat(12)} a line of a file that nobody else should read. \n`.padEnd(lineBytes),
);

function linesFrom(offset: number): Buffer {
  const block = Buffer.from(template);
  for (let line = 0; line < blockBytes; line += lineBytes) {
    block.write(String((offset + line) / lineBytes).padStart(12, '0'), line, 'latin1');
  }
  return block;
}
