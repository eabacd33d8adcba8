import { SealpartError } from '../errors.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import type { Stretch } from '../workers/messages.ts';
import type { PlainPayload } from './encrypt-segment.ts';

/**
 * Compresses a segment's content into other plain memory.
 *
 * @returns the payload's length, or undefined if nothing is gained: then the segment is stored as it is
 */
export async function compressContent(
  pool: FramePool,
  content: PlainPayload,
  to: Stretch,
): Promise<number | undefined> {
  const from = { offset: content.offset, length: content.length };
  const task = { operation: 'compress', from, to } as const;
  const result = await pool.runCompression(content.lent === undefined ? task : { ...task, lent: content.lent });
  return 'fault' in result ? undefined : result.length;
}

/**
 * Unfolds the verified payload of a compressed segment.
 *
 * @param to exactly content_len bytes of plain memory.
 * @throws SealpartError `bad-payload`
 */
export async function decompressPayload(pool: FramePool, segment: number, from: Stretch, to: Stretch): Promise<void> {
  const result = await pool.runCompression({ operation: 'decompress', from, to });
  if ('fault' in result) {
    throw new SealpartError(
      'bad-payload',
      `Segment ${segment} has a compressed payload that is not allowed: ${result.fault}.`,
      {
        segment,
      },
    );
  }
}
