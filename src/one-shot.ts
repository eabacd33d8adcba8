import type { ReaderKeys } from './keys/open-header.ts';
import { decryptStream, type ReadOptions } from './pipelines/decrypt-stream.ts';
import { encryptStream } from './pipelines/encrypt-stream.ts';
import type { RunOptions } from './pipelines/run-options.ts';
import type { WriteOptions } from './pipelines/seal-stream.ts';
import { MemorySink } from './sinks/memory-sink.ts';
import { createMemorySource } from './sources/memory-source.ts';

/**
 * Encrypts bytes that are at hand as a whole.
 *
 * @returns one stream of layout 0 (docs/format.md §2)
 * @throws SealpartError `bad-parameters`, `kms-unavailable`, `worker`, `aborted`
 */
export async function encryptBytes(
  content: Uint8Array,
  options: WriteOptions & RunOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<Uint8Array> {
  const sink = new MemorySink();
  await encryptStream({ ...options, source: createMemorySource(content), sink }, signal);
  return sink.bytes();
}

/**
 * Decrypts a stream that is at hand as a whole.
 *
 * @returns its content, all of it verified
 * @throws SealpartError any refusal of docs/format.md §6; `kms-unavailable`, `bad-parameters`, `aborted`
 */
export async function decryptBytes(
  stream: Uint8Array,
  access: ReaderKeys,
  options: ReadOptions = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Uint8Array> {
  const sink = new MemorySink();
  await decryptStream({ ...options, input: createMemorySource(stream), sink, access }, signal);
  return sink.bytes();
}
