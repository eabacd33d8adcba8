import { workerData } from 'node:worker_threads';
import type { BatchResult, CompressionResult, WorkerMemory, WorkerTask } from './messages.ts';
import { runBatch } from './run-batch.ts';
import { runCompression } from './run-compression.ts';

const memory = workerData as WorkerMemory;

/** What a thread of the pool does with a task: compute, and nothing else. */
export default function runTask(task: WorkerTask): BatchResult | Promise<CompressionResult> {
  return 'segmentIndex' in task ? runBatch(task, memory) : runCompression(task, memory);
}
