import { createHash } from 'node:crypto';
import { startBareLoop } from '../bare-loop.ts';

/** What a gateway cannot avoid beside carrying bytes, in CPU nanoseconds a byte. */
export interface Unavoidable {
  /** AES-256-GCM of 64 KiB frames and the digest over their tags, by node:crypto alone. */
  readonly encrypt: number;
  readonly decrypt: number;
  readonly md5: number;
}

const contentBytes = 512 * 2 ** 20;
const memoryBytes = 32 * 2 ** 20;

/** One run of each. */
export async function measureUnavoidable(): Promise<Unavoidable> {
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
    const encrypt = await cpuNsPerByte(() => loop.run('encrypt', 3, contentBytes));
    const decrypt = await cpuNsPerByte(() => loop.run('decrypt', 3, contentBytes));
    return { encrypt, decrypt, md5: await cpuNsPerByte(hashAll) };
  } finally {
    await loop.close();
  }
}

async function hashAll(): Promise<void> {
  const piece = Buffer.alloc(2 ** 20, 'sealpart');
  const hash = createHash('md5');
  for (let at = 0; at < contentBytes; at += piece.length) hash.update(piece);
  hash.digest();
}

/** All threads of this process count: what runs meanwhile in another one does not. */
async function cpuNsPerByte(run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / contentBytes;
}
