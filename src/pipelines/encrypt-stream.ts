import { assert } from '../assert.ts';
import { FreshSalts } from '../crypto/fresh-salts.ts';
import { Turnstile } from '../flow/turnstile.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Source } from '../sources/source.ts';
import { abandonSink } from './abandon-sink.ts';
import { encryptSegments, type SegmentsDone, scheduledNumbering } from './encrypt-segments.ts';
import { machineOf, type RunOptions, withFramePool } from './run-options.ts';
import { type SealedStream, sealStream, type WriteOptions } from './seal-stream.ts';

export interface EncryptRequest extends WriteOptions, RunOptions {
  /** The content. Closed at the end. */
  readonly source: Source;
  /** Takes the encrypted stream; finished if all of it is there, aborted if not. */
  readonly sink: Sink;
}

/** A stream that was written. */
export interface EncryptResult {
  /** 16 bytes. */
  readonly streamId: Uint8Array;
  /** 32 bytes: hand it over by another way, and a reader can tell this very stream from any other. */
  readonly streamDigest: Uint8Array;
  readonly segments: number;
  readonly contentLength: number;
}

/**
 * Encrypts a source into a sink as one stream of layout 0 (docs/format.md §2).
 *
 * @throws SealpartError `bad-parameters` before anything is written; `worker`, `aborted`; what source and sink throw.
 *   The sink was aborted then.
 */
export async function encryptStream(
  request: EncryptRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<EncryptResult> {
  const { source, sink } = request;
  try {
    const machine = machineOf(request);
    const sealed = await sealStream(request, source.size, { forStore: false }, machine.request, signal);
    const done = await withFramePool(request, machine, sealed.plan, async (pool) => {
      await sink.writeTentative(sealed.header.bytes, signal);
      const turns = new Turnstile();
      return encryptSegments(
        {
          pool,
          stream: sealed,
          source,
          salts: new FreshSalts(),
          segmentsInFlight: sealed.plan.segmentsInFlight,
          telemetry: machine.telemetry,
          minPartBytes: 0,
          numbering: scheduledNumbering(sealed.parameters, Number.POSITIVE_INFINITY),
          emit: async ({ facts, bytes }, inner) => {
            await turns.enter(facts.segmentIndex, inner);
            await sink.writeTentative(bytes, inner);
            await sink.commitSegment(inner);
            turns.leave(facts.segmentIndex);
          },
        },
        signal,
      );
    });
    await sink.finish(signal);
    return resultOf(sealed, done);
  } catch (error) {
    throw await abandonSink(sink, error);
  } finally {
    await source.close();
  }
}

/** What a run that ended its stream has to tell. */
export function resultOf(sealed: SealedStream, done: SegmentsDone): EncryptResult {
  const { segments, contentLength, streamDigest } = done;
  assert(streamDigest !== undefined, 'a stream that ended has a digest');
  return { streamId: sealed.header.core.streamId, streamDigest, segments, contentLength };
}
