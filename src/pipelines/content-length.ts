import { SealpartError } from '../errors.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import { locateCompressed } from './locate-compressed.ts';
import { plausibleLength, proveScheduledLength } from './locate-range.ts';
import type { ObjectInput } from './object-input.ts';
import type { OpenedStream } from './opened-stream.ts';

/**
 * The content's length as the length of the input says it, which nobody has authenticated: a hint (docs/format.md §6,
 * readers of a part). Of a stream with compression, and of an indexed one, there is none.
 *
 * @throws SealpartError `truncated` if no stream of these parameters has that length
 */
export function hintedContentLength({ crypto, index }: OpenedStream, input: ObjectInput): number | undefined {
  if (index !== undefined || crypto.parameters.compression !== 0) return undefined;
  return plausibleLength({ stream: crypto, size: input.size, input });
}

/**
 * The length of a stream's content, authenticated (docs/format.md §6): by the last segment's header and TERMINATOR, by
 * the index, or by a walk over all segment headers of a stream with compression.
 *
 * @throws SealpartError the refusals of what is read; what the input throws
 */
export async function readContentLength(
  stream: OpenedStream,
  input: ObjectInput,
  pool: FramePool,
  signal: AbortSignal,
): Promise<number> {
  if (stream.index !== undefined) return (await stream.index.read(signal)).entries.contentLength;
  const at = { pool, stream: stream.crypto, input, size: input.size };
  if (stream.crypto.parameters.compression === 0) return proveScheduledLength(at, signal);
  try {
    const { range } = await locateCompressed({ suffix: 1 }, at, signal);
    return range.last + 1;
  } catch (error) {
    // Content without a byte has no last one, and that is said when its length was proved.
    if (error instanceof SealpartError && error.code === 'bad-range') return 0;
    throw error;
  }
}
