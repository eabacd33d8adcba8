import type { FramePool } from '../../src/workers/frame-pool.ts';
import type { BatchResult, CompressionResult, CompressionTask, FrameBatch } from '../../src/workers/messages.ts';

/** What stands between a run and its pool: called instead of it, and free to call it. */
export interface BatchHooks {
  readonly batch?: (batch: FrameBatch, run: () => Promise<BatchResult>, number: number) => Promise<BatchResult>;
  readonly inline?: (batch: FrameBatch, run: () => BatchResult) => BatchResult;
  readonly compression?: (
    task: CompressionTask,
    run: () => Promise<CompressionResult>,
    number: number,
  ) => Promise<CompressionResult>;
}

/** The same pool, through which every batch is seen. Batches are numbered from 0. */
export function watchPool(pool: FramePool, hooks: BatchHooks): FramePool {
  let batches = 0;
  let compressions = 0;
  const { batch: onBatch, inline: onInline, compression: onCompression } = hooks;
  return {
    workers: pool.workers,
    plain: pool.plain,
    wire: pool.wire,
    runBatch: (batch) =>
      onBatch === undefined ? pool.runBatch(batch) : onBatch(batch, () => pool.runBatch(batch), batches++),
    runBatchInline: (batch) =>
      onInline === undefined ? pool.runBatchInline(batch) : onInline(batch, () => pool.runBatchInline(batch)),
    runCompression: (task) =>
      onCompression === undefined
        ? pool.runCompression(task)
        : onCompression(task, () => pool.runCompression(task), compressions++),
    close: () => pool.close(),
  };
}
