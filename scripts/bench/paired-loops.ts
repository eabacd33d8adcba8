import type { MemoryPlan } from '../../src/pipelines/memory-plan.ts';
import type { FramePool } from '../../src/workers/frame-pool.ts';
import { type BareLoop, startBareLoop } from './bare-loop.ts';
import { frameSizeBytes, startPool } from './pipeline-side.ts';

/** Both sides of a comparison with one thread and with two, running and with memory of the same size. */
export interface PairedLoops {
  readonly pools: { readonly one: FramePool; readonly two: FramePool };
  readonly loops: { readonly one: BareLoop; readonly two: BareLoop };
}

/**
 * @param plain the plaintext that the bare loop goes through.
 * @param wireBytes the memory for frames that it has.
 */
export async function withPairedLoops<T>(
  plan: MemoryPlan,
  plain: SharedArrayBuffer,
  wireBytes: number,
  run: (paired: PairedLoops) => Promise<T>,
): Promise<T> {
  const pools = { one: startPool(1, plan), two: startPool(2, plan) };
  const memory = { plain, frameBytes: frameSizeBytes, batchBytes: 2 ** 20, wireBytes };
  const loops = {
    one: await startBareLoop({ threads: 1, ...memory }),
    two: await startBareLoop({ threads: 2, ...memory }),
  };
  try {
    return await run({ pools, loops });
  } finally {
    for (const loop of Object.values(loops)) await loop.close();
    for (const pool of Object.values(pools)) await pool.close();
  }
}
