import { keyFileIdentity, keyFileRecipient } from '../../src/keys/key-file.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { encryptStream } from '../../src/pipelines/encrypt-stream.ts';
import type { MemoryPlan } from '../../src/pipelines/memory-plan.ts';
import type { RunOptions } from '../../src/pipelines/run-options.ts';
import { NullSink } from '../../src/sinks/null-sink.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import type { SeekableSource, Source } from '../../src/sources/source.ts';
import { createFramePool, type FramePool } from '../../src/workers/frame-pool.ts';
import { benchKey } from './content.ts';

// The project's own side of a comparison, as a program that uses the library would call it.

export const segmentSizeBytes: number = 8 * 2 ** 20;
export const frameSizeBytes: number = 64 * 2 ** 10;

/** Both digests that are measured: fragments, which is the default, and tags. */
export const digestAlgs = [2, 3] as const;

export async function encrypt(source: Source, sink: Sink, digestAlg: 2 | 3, run: RunOptions): Promise<void> {
  const recipients = [keyFileRecipient(benchKey)];
  const sizes = { segmentSizeBytes, frameSizeBytes };
  await encryptStream({ source, sink, recipients, digestAlg, ...sizes, ...run }, new AbortController().signal);
}

export async function decrypt(input: Source | SeekableSource, sink: Sink, run: RunOptions): Promise<void> {
  const access = { identities: [keyFileIdentity(benchKey)] };
  await decryptStream({ input, sink, access, ...run }, new AbortController().signal);
}

/** Encrypts so many zeros once, to learn how a run divides its memory. */
export async function planToEncrypt(contentBytes: number, workers: number): Promise<MemoryPlan> {
  let plan: MemoryPlan | undefined;
  const content = new Uint8Array(Math.min(contentBytes, segmentSizeBytes));
  const onPlan = (planned: MemoryPlan): void => {
    plan = planned;
  };
  await encrypt(createMemorySource(content), new NullSink(), 2, { workers, onPlan });
  return plan!;
}

/** The same for a run that decrypts these bytes. */
export async function planToDecrypt(wire: SharedArrayBuffer, workers: number): Promise<MemoryPlan> {
  let plan: MemoryPlan | undefined;
  const onPlan = (planned: MemoryPlan): void => {
    plan = planned;
  };
  await decrypt(createMemorySource(new Uint8Array(wire)), new NullSink(), { workers, onPlan });
  return plan!;
}

/** Threads that stay, like those of the bare loop, with the memory that a run would give itself. */
export function startPool(workers: number, { plainBytes, wireBytes }: MemoryPlan): FramePool {
  return createFramePool({ workers, plainBytes, wireBytes });
}
