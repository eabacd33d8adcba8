import { createSecretKey } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type BareLoopJob, type BareLoopMemory, type BareOperation, bareFrame } from './bare-loop-job.ts';

export interface BareLoopOptions {
  readonly threads: number;
  readonly frameBytes: number;
  readonly batchBytes: number;
  /** Plaintext that the threads go through, round and round. */
  readonly plain: SharedArrayBuffer;
  /** Bytes of memory for frames, as much as the pipeline has. */
  readonly wireBytes: number;
}

/**
 * The measure of all others: threads that make the same calls to node:crypto and zlib on the same frames over as much
 * memory as the pipeline, with no pipeline around them.
 */
export interface BareLoop {
  /** Runs all threads over so many bytes of plaintext. Before the first `decrypt` there has to be an `encrypt`. */
  run(operation: BareOperation, digestAlg: 2 | 3, contentBytes: number): Promise<void>;
  close(): Promise<void>;
}

export async function startBareLoop(options: BareLoopOptions): Promise<BareLoop> {
  const { frameBytes } = options;
  const framesEach = Math.max(1, Math.floor(options.batchBytes / frameBytes));
  const batchWireBytes = framesEach * (frameBytes + bareFrame.overheadBytes);
  const batchesInWire = Math.max(1, Math.floor(options.wireBytes / batchWireBytes));
  const memory: BareLoopMemory = {
    plain: options.plain,
    wire: new SharedArrayBuffer(batchesInWire * batchWireBytes),
    counter: new SharedArrayBuffer(4),
  };
  const key = createSecretKey(new Uint8Array(32).fill(7));
  const threads = Array.from({ length: options.threads }, () => startThread(memory));
  await Promise.all(threads.map((thread) => once(thread, 'online')));
  return {
    async run(operation, digestAlg, contentBytes) {
      const batches = Math.floor(contentBytes / (framesEach * frameBytes));
      new Int32Array(memory.counter).fill(0);
      const job: BareLoopJob = { operation, digestAlg, key, frameBytes, framesEach, batches };
      await Promise.all(threads.map((thread) => answer(thread, job)));
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  };
}

function startThread(memory: BareLoopMemory): Worker {
  // The young generation as in the project's own threads, for which it is the faster one.
  const resourceLimits = { maxYoungGenerationSizeMb: 1 };
  return new Worker(new URL('./bare-loop-thread.ts', import.meta.url), { workerData: memory, resourceLimits });
}

/** `once` also rejects if the thread fails meanwhile. */
async function answer(thread: Worker, job: BareLoopJob): Promise<void> {
  const done = once(thread, 'message');
  thread.postMessage(job);
  await done;
}
