import { type RefusalCode, SealpartError } from '../errors.ts';
import type { Sink } from '../sinks/sink.ts';
import { abandonSink } from './abandon-sink.ts';

/**
 * Lets the sink of a stream that was refused finish with the segments that were committed before.
 *
 * @returns the error to throw: the refusal, which also tells why nothing could be kept if that is so
 */
export async function keepPrefix(
  sink: Sink,
  refusal: SealpartError & { readonly code: RefusalCode },
  signal: AbortSignal,
): Promise<unknown> {
  try {
    await sink.rollbackSegment();
    await sink.finish(signal);
    return refusal;
  } catch (cause) {
    const { code, message, segment, frame } = refusal;
    const why = cause instanceof Error ? cause.message : String(cause);
    const text = `${message} What was verified before could not be kept: ${why}`;
    return abandonSink(sink, new SealpartError(code, text, { segment, frame, cause }));
  }
}
