import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { zstdFrameFault } from '../format/zstd-frame.ts';
import type { CompressionResult, CompressionTask, WorkerMemory } from './messages.ts';

/** 2^23 bytes: the largest window that a payload may ask of its reader (docs/format.md §3). */
const windowLog2 = 23;
const compressionLevel = 3;

/** Compresses or decompresses a segment's content between two stretches of plain memory. */
export function runCompression(task: CompressionTask, memory: WorkerMemory): CompressionResult {
  const from = new Uint8Array(task.lent ?? memory.plain, task.from.offset, task.from.length);
  const to = new Uint8Array(memory.plain, task.to.offset, task.to.length);
  return task.operation === 'compress' ? compress(from, to) : decompress(from, to);
}

function compress(content: Uint8Array, to: Uint8Array): CompressionResult {
  const payload = zstdCompressSync(content, {
    pledgedSrcSize: content.length,
    params: {
      [constants.ZSTD_c_compressionLevel]: compressionLevel,
      [constants.ZSTD_c_windowLog]: windowLog2,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
  });
  if (payload.length >= content.length || payload.length > to.length) return { fault: 'nothing is gained' };
  to.set(payload);
  payload.fill(0);
  return { length: payload.length };
}

function decompress(payload: Uint8Array, to: Uint8Array): CompressionResult {
  const fault = zstdFrameFault(payload, to.length);
  if (fault !== undefined) return { fault };
  let content: Uint8Array;
  try {
    // §3.11: The decoder is stopped at content_len, whatever the payload unfolds to.
    content = zstdDecompressSync(payload, { maxOutputLength: Math.max(1, to.length) });
  } catch (error) {
    return { fault: `it does not decode (${error instanceof Error ? error.message : String(error)})` };
  }
  if (content.length !== to.length) return { fault: 'it decodes to another length than content_len' };
  to.set(content);
  content.fill(0);
  return { length: content.length };
}
