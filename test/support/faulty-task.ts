import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'piscina';
import { frameOverhead } from '../../src/format/frame-header.ts';
import type {
  BatchResult,
  CompressionResult,
  FrameBatch,
  WorkerMemory,
  WorkerTask,
} from '../../src/workers/messages.ts';
import { runBatch } from '../../src/workers/run-batch.ts';
import { runCompression } from '../../src/workers/run-compression.ts';

/** How a worker fails: its thread exits; the task throws; something throws that nobody waits for. */
export type FaultKind = 'exit' | 'throw' | 'uncaught';

/** What a faulty worker does, told when its file is written. */
export interface WorkerFault {
  readonly how: FaultKind;
  /** Whose batches it happens to; to any, and to compression, if not told. */
  readonly segmentIndex?: number;
  /** Frames of the batch that are done before, as far as it has them. */
  readonly afterFrames: number;
  /** How often it happens in all, whichever thread it is. */
  readonly times: number;
  /** Where the threads keep count. */
  readonly folder: string;
}

/** A worker's task that does its work, but for the fault. */
export function faultyTask(fault: WorkerFault): (task: WorkerTask) => Promise<BatchResult | CompressionResult> {
  const memory = workerData as WorkerMemory;
  return async (task) => {
    const isBatch = 'segmentIndex' in task;
    const meant = fault.segmentIndex === undefined || (isBatch && task.segmentIndex === fault.segmentIndex);
    if (meant && takeTicket(fault)) {
      if (isBatch && fault.afterFrames > 0) runBatch(firstFramesOf(task, fault.afterFrames), memory);
      await fail(fault.how);
    }
    return isBatch ? runBatch(task, memory) : runCompression(task, memory);
  };
}

function firstFramesOf(batch: FrameBatch, frames: number): FrameBatch {
  const length = Math.min(batch.plain.length, frames * batch.frameSizeBytes);
  const done = Math.ceil(length / batch.frameSizeBytes);
  return {
    ...batch,
    plain: { offset: batch.plain.offset, length },
    wire: { offset: batch.wire.offset, length: length + done * frameOverhead },
  };
}

/** One of `times`, for one of the threads; files are what they have in common. */
function takeTicket({ folder, times }: WorkerFault): boolean {
  for (let ticket = 0; ticket < times; ticket++) {
    try {
      closeSync(openSync(join(folder, `ticket-${ticket}`), 'wx'));
      return true;
    } catch {
      // Another one has it.
    }
  }
  return false;
}

async function fail(how: FaultKind): Promise<void> {
  if (how === 'throw') throw new Error('made to fail');
  if (how === 'exit') process.exit(7);
  queueMicrotask(() => {
    throw new Error('made to fail, and nobody waits for it');
  });
  await new Promise(() => undefined);
}
