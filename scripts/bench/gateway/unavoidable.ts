import { createHash } from 'node:crypto';
import { startBareLoop } from '../bare-loop.ts';

/** What a gateway cannot avoid beside carrying bytes, in CPU nanoseconds a byte. */
export interface Unavoidable {
  /** AES-256-GCM of 64 KiB frames and the digest over their tags, by node:crypto alone. */
  readonly encrypt: number;
  readonly decrypt: number;
  readonly md5: number;
}

const memoryBytes = 32 * 2 ** 20;

/** One run of each, over so much content. */
export async function measureUnavoidable(contentBytes: number): Promise<Unavoidable> {
  const plain = new SharedArrayBuffer(memoryBytes);
  new Uint8Array(plain).fill(0x5a);
  const loop = await startBareLoop({
    threads: 1,
    frameBytes: 2 ** 16,
    batchBytes: 2 ** 20,
    plain,
    wireBytes: memoryBytes,
  });
  try {
    await loop.run('encrypt', 3, memoryBytes);
    const encrypt = await cpuNsPerByte(contentBytes, () => loop.run('encrypt', 3, contentBytes));
    const decrypt = await cpuNsPerByte(contentBytes, () => loop.run('decrypt', 3, contentBytes));
    return { encrypt, decrypt, md5: await cpuNsPerByte(contentBytes, async () => hashAll(contentBytes)) };
  } finally {
    await loop.close();
  }
}

function hashAll(contentBytes: number): void {
  const piece = Buffer.alloc(2 ** 20, 'sealpart');
  const hash = createHash('md5');
  for (let at = 0; at < contentBytes; at += piece.length) hash.update(piece);
  hash.digest();
}

/** All threads of this process count: what runs meanwhile in another one does not. */
async function cpuNsPerByte(contentBytes: number, run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / contentBytes;
}
