import { processBytes, workerBytes } from '../pipelines/memory-plan.ts';

/** How a gateway's budget is divided. All in bytes. */
export interface MemoryShares {
  /** Content: what has come and is not encrypted yet, and what is decrypted and has not gone yet. */
  readonly plainBytes: number;
  /** Frames: what is on its way to the store, and what has come from it. */
  readonly wireBytes: number;
  /** The most that the process will use. */
  readonly peakBytes: number;
}

/** Under this, a segment of 8 MiB could not be written beside one reader. */
export const leastGatewayMemoryBytes: number = 32 * 2 ** 20;

/** Content stands in plain memory for as long as a batch takes; its frames until the store has them all. */
export function divideMemory(memoryBytes: number, workers: number): MemoryShares {
  const plainBytes = Math.floor(memoryBytes / 4);
  const wireBytes = memoryBytes - plainBytes;
  return { plainBytes, wireBytes, peakBytes: memoryBytes + Math.max(1, workers) * workerBytes + processBytes };
}
