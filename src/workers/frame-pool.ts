import { extname } from 'node:path';
import { Piscina } from 'piscina';
import { SealpartError } from '../errors.ts';
import { SharedArena } from '../flow/shared-arena.ts';
import { keepFreedMemory } from './keep-freed-memory.ts';
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
  /** What the threads run, for tests of threads that fail: frame-worker unless told. */
  readonly workerUrl?: URL;
}

/**
 * Where frames are encrypted and decrypted, and the memory between which that happens. Tasks are not cancelled: a
 * batch takes a few milliseconds, and whoever gave one waits for it before the memory is used for anything else.
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
  /** Ends the threads. From then on whatever it is asked for fails with `bad-parameters`. */
  close(): Promise<void>;
}

/** The most threads of a pool. */
export const maxWorkers = 256;

/**
 * @throws SealpartError `bad-parameters` for numbers that no pool can have, or more memory than the machine gives
 */
export function createFramePool(options: FramePoolOptions): FramePool {
  const { workers } = options;
  if (!Number.isInteger(workers) || workers < 0 || workers > maxWorkers) {
    throw new SealpartError('bad-parameters', `There can be 0 to ${maxWorkers} workers, not ${workers}.`);
  }
  const plain = new SharedArena(options.plainBytes);
  const wire = new SharedArena(options.wireBytes);
  const memory: WorkerMemory = { plain: plain.buffer, wire: wire.buffer };
  const threads = workers > 0 ? new LazyThreads(options, memory) : undefined;
  let closed = false;
  const expectOpen = (): void => {
    if (closed)
      throw new SealpartError('bad-parameters', 'The pool was closed and computes nothing more: make another.');
  };
  return {
    workers,
    plain,
    wire,
    runBatch: async (batch) => {
      expectOpen();
      return threads === undefined ? yieldingly(() => runBatch(batch, memory)) : threads.run<BatchResult>(batch);
    },
    runBatchInline: (batch) => {
      expectOpen();
      return runBatch(batch, memory);
    },
    runCompression: async (task) => {
      expectOpen();
      return threads === undefined
        ? yieldingly(() => runCompression(task, memory))
        : threads.run<CompressionResult>(task);
    },
    close: async () => {
      closed = true;
      await threads?.close();
    },
  };
}

/** Lets I/O happen between two batches on the one thread there is. */
async function yieldingly<T>(compute: () => T | Promise<T>): Promise<T> {
  await new Promise((resolve) => setImmediate(resolve));
  return compute();
}

/** The threads, started with the first task: a small stream is done before a thread would be up. */
class LazyThreads {
  readonly #options: FramePoolOptions;
  readonly #memory: WorkerMemory;
  #piscina: Piscina | undefined;
  /** Why a thread ended that had no task to tell. */
  #failure: unknown;

  constructor(options: FramePoolOptions, memory: WorkerMemory) {
    this.#options = options;
    this.#memory = memory;
  }

  async run<T extends BatchResult | CompressionResult>(task: WorkerTask): Promise<T> {
    this.#piscina ??= this.#start();
    try {
      return (await this.#piscina.run(task)) as T;
    } catch (error) {
      const cause = this.#failure ?? error;
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

  #start(): Piscina {
    const piscina = startThreads(this.#options, this.#memory);
    this.#failure = undefined;
    // Nobody listening, a thread that cannot start would end the process.
    piscina.on('error', (error) => {
      this.#failure = error;
    });
    // Once a thread could not start, Piscina replaces none that dies. When the last one has, nobody would ever take what
    // waits: it is given up, and the next task begins anew. Not earlier, since threads may write until they have ended.
    piscina.on('workerDestroy', () => {
      queueMicrotask(() => {
        if (piscina.threads.length > 0 || this.#piscina !== piscina) return;
        this.#piscina = undefined;
        void piscina.destroy();
      });
    });
    return piscina;
  }
}

// tsc does not rewrite this name: the worker has the same ending as this file, in the source and when built.
const frameWorker = new URL(`./frame-worker${extname(import.meta.url)}`, import.meta.url);

function startThreads({ workers, workerUrl = frameWorker }: FramePoolOptions, memory: WorkerMemory): Piscina {
  keepFreedMemory();
  return new Piscina({
    filename: workerUrl.href,
    minThreads: workers,
    maxThreads: workers,
    // Two more batches wait in the thread's own queue, so that it never idles while this thread is busy.
    concurrentTasksPerWorker: 3,
    // Without it, tasks that find no thread go to the end of the queue, and the oldest segment is finished last.
    stricterFIFO: true,
    idleTimeout: 60_000,
    recordTiming: false,
    // Piscina loads a module by require() first, and Node aborts the process where a thread is ended in the middle of that.
    // The process's own flags are not passed on: threads refuse those that are V8's.
    execArgv: ['--no-experimental-require-module'],
    workerData: memory,
    // Measured: the ciphertext buffers of node:crypto die young; a small nursery keeps them in the cache.
    resourceLimits: { maxYoungGenerationSizeMb: 1 },
  });
}
