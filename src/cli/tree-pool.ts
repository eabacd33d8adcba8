import type { StreamParameters } from '../format/stream-parameters.ts';
import { type MemoryRequest, planEncryption, processBytes, workerBytes } from '../pipelines/memory-plan.ts';
import { machineOf } from '../pipelines/run-options.ts';
import { createFramePool, type FramePool } from '../workers/frame-pool.ts';
import { type MachineFlags, machineOptions } from './run-flags.ts';

/** How the memory of all files of a tree is divided. */
export interface TreePlan {
  readonly plainBytes: number;
  readonly wireBytes: number;
  readonly workers: number;
  /** The most that the process will use. */
  readonly peakBytes: number;
}

/** Wire memory of a tree that is read: several files are ahead of what is decrypted, none of them far. */
const readAheadBytes = 64 * 2 ** 20;

/**
 * Divides the memory of a tree that is encrypted, so that its largest file finds room.
 *
 * @throws SealpartError `bad-parameters` if it does not, with what would
 */
export function planTreeWriting(
  flags: MachineFlags,
  largest: { readonly parameters: StreamParameters; readonly contentLength: number },
  keyDerivationBytes: number,
): TreePlan {
  const { request } = machineOf(machineOptions(flags));
  const { least } = planEncryption(largest.parameters, largest.contentLength, request);
  const plainBytes = Math.max(least.plainBytes, Math.floor(request.memoryBytes / 4));
  return treePlan(plainBytes, request, keyDerivationBytes);
}

/** @throws SealpartError `bad-parameters` */
export function planTreeReading(flags: MachineFlags): TreePlan {
  const { request } = machineOf(machineOptions(flags));
  const wireBytes = Math.min(readAheadBytes, Math.floor(request.memoryBytes / 2));
  return treePlan(request.memoryBytes - wireBytes, request, 0);
}

function treePlan(plainBytes: number, { memoryBytes, workers }: MemoryRequest, keyDerivationBytes: number): TreePlan {
  const peakBytes = processBytes + Math.max(memoryBytes + Math.max(1, workers) * workerBytes, keyDerivationBytes);
  return { plainBytes, wireBytes: memoryBytes - plainBytes, workers, peakBytes };
}

/** Runs with the one pool that all files of a tree share, and closes it. */
export async function withTreePool<T>(plan: TreePlan, run: (pool: FramePool) => Promise<T>): Promise<T> {
  const pool = createFramePool(plan);
  try {
    return await run(pool);
  } finally {
    await pool.close();
  }
}
