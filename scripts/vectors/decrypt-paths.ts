import { MemorySink } from '../../src/sinks/memory-sink.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import type { SeekableSource, Source } from '../../src/sources/source.ts';
import { createStreamSource } from '../../src/sources/stream-source.ts';
import { createFramePool, type FramePool } from '../../src/workers/frame-pool.ts';

/** One of the ways in which a stream can reach the reader. */
export interface DecryptPath {
  readonly name: string;
  /** Also for streams that have to be sought. */
  readonly seekable: boolean;
  readonly pool: keyof Pools;
  readonly input: (stream: Uint8Array) => Source | SeekableSource;
}

/** Shared by all vectors: none of them is large, and threads take longer to start than a vector to read. */
export interface Pools {
  readonly inline: FramePool;
  readonly one: FramePool;
  readonly many: FramePool;
}

const poolBytes = { plainBytes: 48 * 2 ** 20, wireBytes: 48 * 2 ** 20 };

export function openPools(): Pools {
  return {
    inline: createFramePool({ workers: 0, ...poolBytes }),
    one: createFramePool({ workers: 1, ...poolBytes }),
    many: createFramePool({ workers: 3, ...poolBytes }),
  };
}

export async function closePools(pools: Pools): Promise<void> {
  await Promise.all([pools.inline.close(), pools.one.close(), pools.many.close()]);
}

export const decryptPaths: readonly DecryptPath[] = [
  { name: 'one-shot, inline', seekable: true, pool: 'inline', input: (stream) => createMemorySource(stream) },
  { name: 'one-shot, one worker', seekable: true, pool: 'one', input: (stream) => createMemorySource(stream) },
  { name: 'one-shot, three workers', seekable: true, pool: 'many', input: (stream) => createMemorySource(stream) },
  {
    name: 'streaming, inline',
    seekable: false,
    pool: 'inline',
    input: (stream) => createStreamSource(pieces(stream, 65_536)),
  },
  {
    name: 'streaming, three workers',
    seekable: false,
    pool: 'many',
    input: (stream) => createStreamSource(pieces(stream, 16_384)),
  },
  {
    name: 'pieces of 1 byte',
    seekable: false,
    pool: 'inline',
    input: (stream) => createStreamSource(pieces(stream, 1)),
  },
  {
    name: 'pieces of 4,099 bytes',
    seekable: false,
    pool: 'many',
    input: (stream) => createStreamSource(pieces(stream, 4099)),
  },
];

async function* pieces(stream: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < stream.length; offset += length) yield stream.subarray(offset, offset + length);
}

/** A memory sink that also keeps what was never committed, so that a test sees everything that was let go of. */
export class RecordingSink extends MemorySink {
  writtenBytes = 0;
  committedBytes = 0;

  override async writeTentative(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    await super.writeTentative(bytes, signal);
    this.writtenBytes += bytes.length;
  }

  override async commitSegment(signal: AbortSignal): Promise<void> {
    await super.commitSegment(signal);
    this.committedBytes = this.writtenBytes;
  }
}

/** A sink that cannot take anything back, and counts what it was given. */
export class IrreversibleSink implements Sink {
  readonly name = 'a pipe';
  readonly irreversible = true;
  releasedBytes = 0;

  async writeTentative(bytes: Uint8Array): Promise<void> {
    this.releasedBytes += bytes.length;
  }
  async commitSegment(): Promise<void> {}
  async rollbackSegment(): Promise<void> {}
  async finish(): Promise<void> {}
  async abort(): Promise<void> {}
}
