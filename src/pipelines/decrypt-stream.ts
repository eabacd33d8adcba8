import { isRefusal, SealpartError } from '../errors.ts';
import type { HeaderField } from '../format/header-fields.ts';
import { digestAlgs } from '../format/stream-parameters.ts';
import type { ReaderKeys } from '../keys/open-header.ts';
import type { Sink } from '../sinks/sink.ts';
import type { SeekableSource, Source } from '../sources/source.ts';
import { abandonSink } from './abandon-sink.ts';
import { ContentClip } from './content-clip.ts';
import { CountedSink } from './counted-sink.ts';
import { keepPrefix } from './keep-prefix.ts';
import { openStream } from './open-stream.ts';
import type { OpenedStream, StreamIndex } from './opened-stream.ts';
import { planReading } from './plan-reading.ts';
import { type ReadSharing, sharingOf } from './read-sharing.ts';
import { readSpans } from './read-spans.ts';
import { releaseSegments } from './release-segments.ts';
import { machineOf, type RunOptions, withFramePool } from './run-options.ts';
import type { FetchOptions } from './segment-fetcher.ts';
import { judgePinned } from './segment-releaser.ts';
import { indexedVisits, type SegmentVisit, scheduledVisits } from './segment-visit.ts';
import { type WireInput, wireInputOf } from './wire-input.ts';

/** Frames up to this size go to a sink that cannot take back as soon as they are authentic; larger ones wait. */
export const defaultStreamingThreshold: number = 64 * 2 ** 10;

/** What a reader demands beside the keys. */
export interface ReadOptions extends RunOptions, ReadSharing {
  /** Bytes; see docs/format.md §6, Release. 64 KiB unless told. */
  readonly streamingThreshold?: number | undefined;
  /**
   * 32 bytes: only the stream of this name will do. An indexed stream is compared before any of it is given away; a
   * scheduled one tells its digest at its end, so that a sink that cannot take back may be given nearly all of another
   * authentic stream (an older version, say) before that is refused. Whoever must not see any of it takes a sink that
   * can: a file.
   */
  readonly expectDigest?: Uint8Array | undefined;
  /** Lets `expectDigest` pin a stream of digest 3, which holders of the key could have forged to the same digest. */
  readonly acceptTagDigest?: boolean | undefined;
}

export interface DecryptRequest extends ReadOptions {
  /** The encrypted stream; an indexed one has to be seekable. Closed at the end. */
  readonly input: Source | SeekableSource;
  /** Finished if everything was verified, aborted if not. */
  readonly sink: Sink;
  readonly access: ReaderKeys;
  /** The same stream as it was opened before, with the same keys: its header is not read again. */
  readonly opened?: OpenedStream | undefined;
  /**
   * When the stream is refused, lets the sink finish with the segments that were verified before, for whoever wants to
   * save what can be saved; the refusal is thrown all the same. The sink is aborted, and what stood there before stays,
   * where nothing was verified, and where the stream is not shown to be the one of `expectDigest`: of a scheduled
   * stream only its end tells. Without this option, a refused stream leaves nothing.
   */
  readonly keepVerifiedPrefix?: boolean | undefined;
}

export interface DecryptResult {
  readonly contentLength: number;
  /** 32 bytes. */
  readonly streamDigest: Uint8Array;
  /** Fields of the authenticated header: context, generation, recipients. */
  readonly fields: readonly HeaderField[];
}

/**
 * Decrypts a whole stream into a sink (docs/format.md §6). The sink is given nothing that the release policy holds
 * back, and is finished only when the stream digest and the end of the input were verified.
 *
 * @throws SealpartError any refusal of §6; `kms-unavailable`, `not-seekable`, `bad-parameters`, `aborted`; what input
 *   and sink throw. The sink was aborted then.
 */
export async function decryptStream(
  request: DecryptRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<DecryptResult> {
  const sink = new CountedSink(request.sink);
  const input = wireInputOf(request.input);
  let keepable = request.keepVerifiedPrefix === true;
  try {
    const machine = machineOf(request);
    const stream = request.opened ?? (await openStream(input, request.access, signal));
    const pinned = judgeDigestAlg(stream, request);
    const clip = new ContentClip();
    const holds = holdsPolicy(stream, request, sink);
    const { segmentSizeLog2, compression } = stream.crypto.parameters;
    const holdsSegments = holds(2 ** segmentSizeLog2, compression === 1);
    const plan = planReading({ stream, access: request.access, input, holdsSegments }, machine.request);
    const streamDigest = await withFramePool(request, machine, plan, async (pool) => {
      // §6.15: an index is authenticated before the first segment is read.
      const index = await stream.index?.read(signal);
      if (index !== undefined && pinned !== undefined) judgePinned(index.streamDigest, pinned);
      keepable &&= index !== undefined || pinned === undefined;
      const common = { pool, stream: stream.crypto, telemetry: machine.telemetry };
      const verified = await releaseSegments(
        { ...common, ...sharingOf(request), ...wholeStreamFetch(stream, index, input), holds },
        { ...common, sink, clip, wholeStream: index === undefined, expectDigest: pinned },
        signal,
      );
      return verified ?? index!.streamDigest;
    });
    // §6.11: only here does what was written tentatively count.
    await sink.finish(signal);
    return { contentLength: clip.takenBytes, streamDigest, fields: stream.header.fields };
  } catch (error) {
    throw keepable && sink.committedBytes > 0 && isRefusal(error)
      ? await keepPrefix(sink, error, signal)
      : await abandonSink(sink, error);
  } finally {
    await input.close();
  }
}

function wholeStreamFetch(
  { header, crypto: { parameters } }: OpenedStream,
  index: StreamIndex | undefined,
  input: WireInput,
): Pick<FetchOptions, 'input' | 'visits' | 'position' | 'toTheEnd'> {
  const inputBytes = input.requests === undefined ? undefined : input.size;
  const visits = (): Iterable<SegmentVisit> =>
    index === undefined ? scheduledVisits(parameters, inputBytes) : indexedVisits(index.entries);
  const position = index === undefined ? header.bytes.length : 0;
  input.requests?.planReads(readSpans(visits(), parameters, position, input.size!));
  return { input, visits: visits(), position, toTheEnd: index === undefined };
}

/** Which segments are released only as a whole (§6, Release). */
export function holdsPolicy(
  stream: OpenedStream,
  options: ReadOptions,
  sink: Sink,
): (payloadLength: number, compressed: boolean) => boolean {
  // §6.12, §6.13.
  const threshold = options.streamingThreshold ?? defaultStreamingThreshold;
  const frameSize = 2 ** stream.crypto.parameters.frameSizeLog2;
  return (payloadLength, compressed) =>
    compressed || (sink.irreversible && payloadLength > 0 && Math.min(frameSize, payloadLength) > threshold);
}

/**
 * The digest to pin, if there is one.
 *
 * @throws SealpartError `stream-digest-mismatch` where a digest from outside proves nothing (§6)
 */
export function judgeDigestAlg(stream: OpenedStream, options: ReadOptions): Uint8Array | undefined {
  const { expectDigest } = options;
  if (expectDigest === undefined) return undefined;
  const tagsOnly = stream.crypto.parameters.digestAlg === digestAlgs.sha256Tags;
  // §6.23.
  if (tagsOnly && options.acceptTagDigest !== true) {
    throw new SealpartError(
      'stream-digest-mismatch',
      'This stream has digest sha256-tags, which does not bind those who hold its key: a digest handed over proves nothing. Accept tag digests explicitly if that is enough.',
    );
  }
  return expectDigest;
}
