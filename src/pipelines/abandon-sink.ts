import { SealpartError } from '../errors.ts';
import type { Sink } from '../sinks/sink.ts';

/**
 * Aborts the sink of a run that failed.
 *
 * @returns the error to throw: the run's own, which also tells what the sink could not remove
 */
export async function abandonSink(sink: Sink, error: unknown): Promise<unknown> {
  try {
    await sink.abort();
    return error;
  } catch (abortError) {
    const both = new AggregateError([error, abortError]);
    if (!(error instanceof SealpartError)) return both;
    const left = abortError instanceof Error ? abortError.message : String(abortError);
    const { code, segment, frame } = error;
    return new SealpartError(code, `${error.message} Besides: ${left}`, { segment, frame, cause: both });
  }
}
