import { extname } from 'node:path';
import { Piscina } from 'piscina';
import { SealpartError } from '../errors.ts';
import { SharedArena } from '../flow/shared-arena.ts';
import type {
  BatchResult,
  CompressionResult,
  CompressionTask,
  FrameBatch,
  WorkerMemory,
  WorkerTask,
} from './messages.ts';
import { runBatch } from './run-batch.ts';
import { runCompression } from './run-compression.ts';

export interface FramePoolOptions {
  /** Threads that encrypt and decrypt; 0 does all of it on the calling thread. */
  readonly workers: number;
  /** Shared memory for plaintext, in bytes. */
  readonly plainBytes: number;
  /** Shared memory for frames, in bytes. */
  readonly wireBytes: number;
}

/**
 * Where frames are encrypted and decrypted, and the memory between which that happens. Tasks are not cancelled: a
 * batch takes about a millisecond, and whoever gave one waits for it before the memory is used for anything else.
 */
export interface FramePool {
  readonly workers: number;
  readonly plain: SharedArena;
  readonly wire: SharedArena;
  /** @throws SealpartError `worker` if the thread died or failed; nothing is known of the batch's wire then. */
  runBatch(batch: FrameBatch): Promise<BatchResult>;
  /** The same, on the calling thread: for a frame or two, which a message would cost more than the work. */
  runBatchInline(batch: FrameBatch): BatchResult;
  /** @throws SealpartError `worker` */
  runCompression(task: CompressionTask): Promise<CompressionResult>;
  close(): Promise<void>;
}

export function createFramePool(options: FramePoolOptions): FramePool {
  const plain = new SharedArena(options.plainBytes);
  const wire = new SharedArena(options.wireBytes);
  const memory: WorkerMemory = { plain: plain.buffer, wire: wire.buffer };
  const threads = options.workers > 0 ? new LazyThreads(options.workers, memory) : undefined;
  return {
    workers: options.workers,
    plain,
    wire,
    runBatch: async (batch) =>
      threads === undefined ? yieldingly(() => runBatch(batch, memory)) : ((await threads.run(batch)) as BatchResult),
    runBatchInline: (batch) => runBatch(batch, memory),
    runCompression: async (task) =>
      threads === undefined
        ? yieldingly(() => runCompression(task, memory))
        : ((await threads.run(task)) as CompressionResult),
    close: async () => {
      await threads?.close();
    },
  };
}

/** Lets I/O happen between two batches on the one thread there is. */
async function yieldingly<T>(compute: () => T): Promise<T> {
  await new Promise((resolve) => setImmediate(resolve));
  return compute();
}

/** The threads, started with the first task: a small stream is done before a thread would be up. */
class LazyThreads {
  readonly #count: number;
  readonly #memory: WorkerMemory;
  #piscina: Piscina | undefined;

  constructor(count: number, memory: WorkerMemory) {
    this.#count = count;
    this.#memory = memory;
  }

  async run(task: WorkerTask): Promise<unknown> {
    this.#piscina ??= startThreads(this.#count, this.#memory);
    try {
      return await this.#piscina.run(task);
    } catch (cause) {
      throw new SealpartError('worker', `A worker thread failed: ${cause instanceof Error ? cause.message : cause}.`, {
        cause,
      });
    }
  }

  async close(): Promise<void> {
    const piscina = this.#piscina;
    this.#piscina = undefined;
    await piscina?.destroy();
  }
}

function startThreads(count: number, memory: WorkerMemory): Piscina {
  return new Piscina({
    // tsc does not rewrite this name: the worker has the same ending as this file, in the source and when built.
    filename: new URL(`./frame-worker${extname(import.meta.url)}`, import.meta.url).href,
    minThreads: count,
    maxThreads: count,
    // A second batch waits in the thread's own queue, so that it never idles while this thread is busy.
    concurrentTasksPerWorker: 2,
    idleTimeout: 60_000,
    recordTiming: false,
    workerData: memory,
    // Measured: the ciphertext buffers of node:crypto die young; a small nursery keeps them in the cache.
    resourceLimits: { maxYoungGenerationSizeMb: 2 },
  });
}
