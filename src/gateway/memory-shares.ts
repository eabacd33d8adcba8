import { processBytes, workerBytes } from '../pipelines/memory-plan.ts';

/** How a gateway's budget is divided. All in bytes. */
export interface MemoryShares {
  /** Content: what has come and is not encrypted yet, and what is decrypted and has not gone yet. */
  readonly plainBytes: number;
  /** Frames: what is on its way to the store, and what has come from it. */
  readonly wireBytes: number;
  /** Of each of two caches: opened records, and headers of objects that were read. */
  readonly cacheBytes: number;
  /** The most that the process will use. */
  readonly peakBytes: number;
}

/** Under this, a segment of 8 MiB could not be written beside one reader. */
export const leastGatewayMemoryBytes: number = 32 * 2 ** 20;

/** Of what is of use again: a record takes about a kilobyte, the headers of an object about as much. */
const mostCacheBytes = 32 * 2 ** 20;

/** What the threads take that hash content and keep the manifest, beside what each worker is counted for. */
const otherThreadsBytes = 16 * 2 ** 20;

/** Content stands in plain memory for as long as a batch takes; its frames until the store has them all. */
export function divideMemory(memoryBytes: number, workers: number): MemoryShares {
  const cacheBytes = Math.min(mostCacheBytes, Math.floor(memoryBytes / 16));
  const sharedBytes = memoryBytes - 2 * cacheBytes - Math.min(otherThreadsBytes, cacheBytes);
  const plainBytes = Math.floor(sharedBytes / 4);
  const wireBytes = sharedBytes - plainBytes;
  return {
    plainBytes,
    wireBytes,
    cacheBytes,
    peakBytes: memoryBytes + Math.max(1, workers) * workerBytes + processBytes,
  };
}
