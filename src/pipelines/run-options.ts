import { availableParallelism } from 'node:os';
import { SealpartError } from '../errors.ts';
import { createFramePool, type FramePool, maxWorkers } from '../workers/frame-pool.ts';
import { defaultMemoryBytes, leastMemoryBytes, type MemoryPlan, type MemoryRequest } from './memory-plan.ts';
import { Telemetry } from './telemetry.ts';

/** How a run may use the machine. */
export interface RunOptions {
  /**
   * Threads that encrypt and decrypt; as many as there are cores, at most 8, unless told; 0: the calling thread. Each has
   * what it compresses done by the system's pool, if that is more than a MiB.
   */
  readonly workers?: number | undefined;
  /** Shared memory for content and frames together, in bytes; 256 MiB unless told. */
  readonly memoryBytes?: number | undefined;
  /** A pool that several runs share, instead of `workers` and `memoryBytes`; it stays open. */
  readonly pool?: FramePool | undefined;
  /** Told what the run may use at its peak, before it begins. */
  readonly onPlan?: ((plan: MemoryPlan) => void) | undefined;
  /** Where to count; read it at any time. */
  readonly telemetry?: Telemetry | undefined;
}

const maxDefaultWorkers = 8;

export function defaultWorkers(): number {
  return Math.min(maxDefaultWorkers, availableParallelism());
}

export interface Machine {
  readonly request: MemoryRequest;
  readonly telemetry: Telemetry;
}

/** @throws SealpartError `bad-parameters` */
export function machineOf(options: RunOptions): Machine {
  const { pool } = options;
  const workers = pool?.workers ?? options.workers ?? defaultWorkers();
  const shared = pool === undefined ? undefined : pool.plain.capacityBytes + pool.wire.capacityBytes;
  const memoryBytes = shared ?? options.memoryBytes ?? defaultMemoryBytes;
  if (!Number.isInteger(workers) || workers < 0 || workers > maxWorkers) {
    throw new SealpartError('bad-parameters', `There can be 0 to ${maxWorkers} workers, not ${workers}.`);
  }
  if (!Number.isSafeInteger(memoryBytes) || memoryBytes < leastMemoryBytes) {
    throw new SealpartError('bad-parameters', `A run needs at least ${leastMemoryBytes / 2 ** 20} MiB of memory.`);
  }
  return { request: { workers, memoryBytes }, telemetry: options.telemetry ?? new Telemetry() };
}

/**
 * Runs with a frame pool of the planned size, and closes it however the run ends; or with the one that was given.
 *
 * @throws SealpartError `bad-parameters` if the pool that was given is too small, or the machine does not give the memory
 */
export async function withFramePool<T>(
  options: RunOptions,
  machine: Machine,
  plan: MemoryPlan,
  run: (pool: FramePool) => Promise<T>,
): Promise<T> {
  options.onPlan?.(plan);
  if (options.pool !== undefined) return run(roomyEnough(options.pool, plan));
  const { plainBytes, wireBytes } = plan;
  const pool = createFramePool({ workers: machine.request.workers, plainBytes, wireBytes });
  try {
    return await run(pool);
  } finally {
    await pool.close();
  }
}

function roomyEnough(pool: FramePool, { least }: MemoryPlan): FramePool {
  if (pool.plain.capacityBytes >= least.plainBytes && pool.wire.capacityBytes >= least.wireBytes) return pool;
  throw new SealpartError(
    'bad-parameters',
    `The shared pool has ${pool.plain.capacityBytes} plain and ${pool.wire.capacityBytes} wire bytes, and this run ` +
      `needs ${least.plainBytes} and ${least.wireBytes}: make a larger pool, or take smaller segments.`,
  );
}
