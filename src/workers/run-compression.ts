import { constants, createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { assert } from '../assert.ts';
import { copyBytes } from '../flow/copy-bytes.ts';
import { zstdFrameFault } from '../format/zstd-frame.ts';
import type { CompressionResult, CompressionTask, WorkerMemory } from './messages.ts';
import { type Codec, pump } from './pump.ts';

/** 2^23 bytes: the largest window that a payload may ask of its reader (docs/format.md §3). */
const windowLog2 = 23;
const compressionLevel = 3;
/** Content up to this is done in one call, on this thread: what that takes beside it is as little as a stream's buffers. */
const mostAtOnceBytes = 2 ** 20;
const pieceBytes = { content: 2 ** 20, payload: 64 * 1024 } as const;
const streamOptions = {
  /** Measured: with the usual 16 KiB, unfolding takes up to five times as long. */
  chunkSize: 256 * 1024,
  writableHighWaterMark: 1,
};

let before: Promise<unknown> = Promise.resolve();

/**
 * Compresses or decompresses a segment's content between two stretches of plain memory, and takes no more than some MiB
 * beside them. One at a time on each thread, so that this is all that a thread takes.
 */
export function runCompression(task: CompressionTask, memory: WorkerMemory): Promise<CompressionResult> {
  const from = new Uint8Array(task.lent ?? memory.plain, task.from.offset, task.from.length);
  const to = new Uint8Array(memory.plain, task.to.offset, task.to.length);
  const result = before.then(() => (task.operation === 'compress' ? compress(from, to) : decompress(from, to)));
  before = Promise.allSettled([result]);
  return result;
}

async function compress(content: Uint8Array, to: Uint8Array): Promise<CompressionResult> {
  const options = {
    pledgedSrcSize: content.length,
    params: {
      [constants.ZSTD_c_compressionLevel]: compressionLevel,
      [constants.ZSTD_c_windowLog]: windowLog2,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
  };
  // As long as a payload has to be to be one: shorter than its content.
  const room = to.subarray(0, Math.max(0, Math.min(to.length, content.length - 1)));
  const length =
    content.length <= mostAtOnceBytes
      ? take(zstdCompressSync(content, options), room)
      : await fill(createZstdCompress({ ...options, ...streamOptions }), content, pieceBytes.content, room);
  if (length === undefined) return { fault: 'nothing is gained' };
  // Judged as a reader will: a payload that nobody can read would lose the object.
  assert(zstdFrameFault(to.subarray(0, length), content.length) === undefined, 'a payload is one zstd frame');
  return { length };
}

async function decompress(payload: Uint8Array, to: Uint8Array): Promise<CompressionResult> {
  if (to.length <= mostAtOnceBytes) return decompressAtOnce(payload, to);
  const fault = zstdFrameFault(payload, to.length);
  if (fault !== undefined) return { fault };
  try {
    // §3.11: The decoder is stopped at content_len, whatever the payload unfolds to.
    return whole(await fill(createZstdDecompress(streamOptions), payload, pieceBytes.payload, to), to);
  } catch (error) {
    return undecodable(error);
  }
}

/** Decompresses little content. */
export function decompressAtOnce(payload: Uint8Array, to: Uint8Array): CompressionResult {
  const fault = zstdFrameFault(payload, to.length);
  if (fault !== undefined) return { fault };
  try {
    // §3.11.
    return whole(take(zstdDecompressSync(payload, { maxOutputLength: Math.max(1, to.length) }), to), to);
  } catch (error) {
    return undecodable(error);
  }
}

function whole(length: number | undefined, { length: contentLength }: Uint8Array): CompressionResult {
  return length === contentLength ? { length } : { fault: 'it decodes to another length than content_len' };
}

function undecodable(error: unknown): CompressionResult {
  return { fault: `it does not decode (${error instanceof Error ? error.message : String(error)})` };
}

/** Moves bytes to where they belong, and wipes them. Undefined if there is no room for them. */
function take(bytes: Uint8Array, room: Uint8Array): number | undefined {
  if (bytes.length <= room.length) copyBytes(bytes, room.subarray(0, bytes.length));
  bytes.fill(0);
  return bytes.length <= room.length ? bytes.length : undefined;
}

/** Has a codec fill memory piece by piece. Undefined as soon as there is no room. */
async function fill(
  codec: Codec,
  input: Uint8Array,
  inputPieceBytes: number,
  room: Uint8Array,
): Promise<number | undefined> {
  let length: number | undefined = 0;
  await pump(codec, input, inputPieceBytes, (bytes) => {
    const taken = length === undefined ? undefined : take(bytes, room.subarray(length));
    length = taken === undefined ? undefined : length! + taken;
    return length !== undefined;
  });
  return length;
}
