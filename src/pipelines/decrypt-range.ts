import { SealpartError } from '../errors.ts';
import { contentLengthOf } from '../format/schedule.ts';
import { layouts } from '../format/stream-parameters.ts';
import type { ReaderKeys } from '../keys/open-header.ts';
import type { Sink } from '../sinks/sink.ts';
import type { SeekableSource } from '../sources/source.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import { abandonSink } from './abandon-sink.ts';
import { ContentClip } from './content-clip.ts';
import type { ContentRange, RangeRequest } from './content-range.ts';
import { holdsPolicy, judgeDigestAlg, type ReadOptions } from './decrypt-stream.ts';
import { locateCompressed } from './locate-compressed.ts';
import { type LocatedRange, locateIndexed, locateKnown, locateScheduled } from './locate-range.ts';
import { openStream } from './open-stream.ts';
import type { OpenedStream, StreamIndex } from './opened-stream.ts';
import { planReading } from './plan-reading.ts';
import { sharingOf } from './read-sharing.ts';
import { readSpans } from './read-spans.ts';
import { judgeRecorded, type RecordedStream } from './recorded-stream.ts';
import { releaseSegments } from './release-segments.ts';
import { machineOf, withFramePool } from './run-options.ts';
import { judgePinned } from './segment-releaser.ts';
import type { ByteSpan, WireInput } from './wire-input.ts';

export interface DecryptRangeRequest extends ReadOptions {
  /** The encrypted stream. Closed at the end. */
  readonly input: SeekableSource & Pick<WireInput, 'requests'>;
  /** Finished if every byte of the range was verified, aborted if not. */
  readonly sink: Sink;
  readonly access: ReaderKeys;
  readonly range: RangeRequest;
  /**
   * The content's length, if it was authenticated before for exactly this input (§6.20): the end of the input is not read
   * to prove it again.
   */
  readonly knownContentLength?: number | undefined;
  /** The same stream as it was opened before, with the same keys: its header is not read again. */
  readonly opened?: OpenedStream | undefined;
  /** What a record says of the stream, whose header is then asked for together with what follows from it. */
  readonly recorded?: RecordedStream | undefined;
  /** Told when the stream's header was opened, before any content is given away. */
  readonly onOpened?: ((stream: OpenedStream) => void) | undefined;
}

/**
 * A range of fewer bytes is decrypted where it is asked for: measured, a worker takes 0.1 to 0.2 ms to wake, and longer where
 * cores are busy, in which 256 KiB are decrypted.
 */
const inlineRangeBytes = 2 ** 18;

/**
 * Decrypts a part of a stream: reads its header, the frames that hold the range and nothing else but what proves the
 * length where the answer depends on it (docs/format.md §6, readers of a part).
 *
 * @returns the range as it was resolved against the authenticated length
 * @throws SealpartError `bad-range`, any refusal of §6; `bad-parameters`, `aborted`; what input and sink throw. The
 *   sink was aborted then.
 */
export async function decryptRange(
  request: DecryptRangeRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<ContentRange> {
  const { input, sink } = request;
  try {
    const machine = machineOf(request);
    const planned = planRecorded(request);
    const stream = request.opened ?? (await openStream(input, request.access, signal));
    if (request.recorded !== undefined) judgeRecorded(stream, request.recorded);
    request.onOpened?.(stream);
    const pinned = judgeRangePin(stream, request);
    const holds = holdsPolicy(stream, request, sink);
    const { parameters } = stream.crypto;
    const holdsSegments = holds(2 ** parameters.segmentSizeLog2, parameters.compression === 1);
    const plan = planReading({ stream, access: request.access, input, holdsSegments }, machine.request);
    const range = await withFramePool(request, machine, plan, async (pool) => {
      const index = await stream.index?.read(signal);
      if (index !== undefined && pinned !== undefined) judgePinned(index.streamDigest, pinned);
      const { range, visits } = planned ?? (await locateAndPlan(request, stream, index, pool, signal));
      const common = { pool, stream: stream.crypto, telemetry: machine.telemetry };
      const inline = range.last - range.first < inlineRangeBytes;
      await releaseSegments(
        { ...common, ...sharingOf(request), input, visits: visits(), position: 0, toTheEnd: false, holds, inline },
        { ...common, sink, clip: new ContentClip(range.first, range.last + 1), wholeStream: false },
        signal,
      );
      return range;
    });
    await sink.finish(signal);
    return range;
  } catch (error) {
    throw await abandonSink(sink, error);
  } finally {
    await input.close();
  }
}

/** Plans the reads of a range by a record alone, the header's among them, if that can be done. */
function planRecorded(request: DecryptRangeRequest): LocatedRange | undefined {
  const { input, opened, recorded, knownContentLength } = request;
  if (input.requests === undefined || opened !== undefined || knownContentLength === undefined) return undefined;
  const p = recorded?.parameters;
  if (p === undefined || p.layout !== layouts.scheduled || p.compression !== 0) return undefined;
  // A record that the object's length contradicts is no help.
  if (contentLengthOf(p, input.size) !== knownContentLength) return undefined;
  const located = locateKnown(request.range, p, knownContentLength);
  input.requests.planReads(withHeader(p.headerLen, readSpans(located.visits(), p, 0, input.size)));
  return located;
}

function* withHeader(headerLen: number, spans: Iterable<ByteSpan>): Generator<ByteSpan> {
  yield { start: 0, end: headerLen };
  yield* spans;
}

async function locateAndPlan(
  request: DecryptRangeRequest,
  stream: OpenedStream,
  index: StreamIndex | undefined,
  pool: FramePool,
  signal: AbortSignal,
): Promise<LocatedRange> {
  const { input } = request;
  const { parameters } = stream.crypto;
  const located =
    index === undefined
      ? await locateByHeaders(request, stream, pool, signal)
      : locateIndexed(request.range, parameters, index.entries);
  input.requests?.planReads(readSpans(located.visits(), parameters, 0, located.wireEnd ?? input.size));
  return located;
}

function locateByHeaders(
  { range, input, knownContentLength }: DecryptRangeRequest,
  { crypto }: OpenedStream,
  pool: FramePool,
  signal: AbortSignal,
): Promise<LocatedRange> {
  const at = { pool, stream: crypto, input, size: input.size, knownContentLength };
  return crypto.parameters.compression === 1 ? locateCompressed(range, at, signal) : locateScheduled(range, at, signal);
}

/** The digest to pin, if there is one. Only an indexed stream tells its own to whoever reads a part of it. */
function judgeRangePin(stream: OpenedStream, request: DecryptRangeRequest): Uint8Array | undefined {
  const pinned = judgeDigestAlg(stream, request);
  if (pinned === undefined || stream.index !== undefined) return pinned;
  throw new SealpartError(
    'bad-parameters',
    'A range of this stream cannot be checked against a digest: only the whole stream can.',
  );
}
