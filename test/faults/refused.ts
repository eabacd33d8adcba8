import { isRefusal } from '../../src/errors.ts';
import { footerLength } from '../../src/format/footer.ts';
import { frameOverhead } from '../../src/format/frame-header.ts';
import { parseSegmentHeader, segmentHeaderLength } from '../../src/format/segment-header.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import type { SeekableSource, Source } from '../../src/sources/source.ts';
import type { FramePool } from '../../src/workers/frame-pool.ts';
import { repairFooter, repairHeader, repairSegment } from '../support/repair.ts';
import { access, calm, type MadeStream } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

/** How content is let go: tentatively, frame by frame; or irreversibly, a segment at a time. */
export type Release = 'tentative' | 'held';

/** A piece of a stream by where it stands. */
export interface StreamPiece {
  readonly kind: 'header' | 'segment' | 'index' | 'footer';
  readonly start: number;
  readonly end: number;
  /** Content before this piece. */
  readonly contentStart: number;
  readonly contentLength: number;
}

/** The pieces of a stream, in the order of the wire. */
export function piecesOf(made: MadeStream): StreamPiece[] {
  const pieces: StreamPiece[] = [];
  let contentStart = 0;
  const add = (kind: StreamPiece['kind'], length: number, contentLength = 0): void => {
    const start = pieces.at(-1)?.end ?? 0;
    pieces.push({ kind, start, end: start + length, contentStart, contentLength });
    contentStart += contentLength;
  };
  const indexed = made.tail.length > 0;
  if (!indexed) add('header', made.header.length);
  for (const segment of made.segments) add('segment', segment.length, parseSegmentHeader(segment, 0).contentLength);
  if (indexed) {
    add('index', made.tail.length - made.header.length - footerLength);
    add('header', made.header.length);
    add('footer', footerLength);
  }
  return pieces;
}

export function pieceAt(pieces: readonly StreamPiece[], offset: number): StreamPiece {
  return pieces.find(({ end }) => offset < end)!;
}

/** Makes the checksums of the piece around `offset` fit, in place. */
export function repairAt(stream: Uint8Array, pieces: readonly StreamPiece[], offset: number): void {
  const { kind, start, end } = pieceAt(pieces, offset);
  const piece = stream.subarray(start, end);
  if (kind === 'header') repairHeader(piece);
  else if (kind === 'footer') repairFooter(piece);
  else repairSegment(piece);
}

/** The most content that may have been let go when what is wrong stands at `offset`: what is verified before it. */
export function mostReleased(
  made: MadeStream,
  pieces: readonly StreamPiece[],
  offset: number,
  release: Release,
): number {
  const piece = pieceAt(pieces, offset);
  if (piece.kind !== 'segment') return 0;
  if (release === 'held') return piece.contentStart;
  const frameSize = 2 ** made.sealed.parameters.frameSizeLog2;
  const dataFrames = Math.ceil(piece.contentLength / frameSize);
  const inFrames = offset - piece.start - segmentHeaderLength;
  const allData = piece.contentLength + dataFrames * frameOverhead;
  const whole = inFrames >= allData ? dataFrames : Math.max(0, Math.floor(inFrames / (frameSize + frameOverhead)));
  // A scheduled stream keeps its last frame back until it was read to its end.
  const kept = made.tail.length === 0 && piece === pieces.at(-1) ? 1 : 0;
  const letGo = Math.max(0, Math.min(whole, dataFrames - kept));
  return piece.contentStart + Math.min(piece.contentLength, letGo * frameSize);
}

/**
 * Reads a stream that must be refused.
 *
 * @returns the refusal's code
 * @throws Error if it is not refused, or with another thing than a refusal; if what was let go is not a prefix of the
 *   content, or more than `most`
 */
export async function expectRefused(
  input: Uint8Array | Source | SeekableSource,
  content: Uint8Array,
  most: number,
  release: Release,
  pool: FramePool,
): Promise<string> {
  const sink = new WatchedSink(release === 'held');
  const source = input instanceof Uint8Array ? createMemorySource(input) : input;
  const streamingThreshold = release === 'held' ? 0 : undefined;
  const refusal = await decryptStream({ input: source, sink, access, pool, streamingThreshold }, calm).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (refusal === undefined) throw new Error('it was not refused');
  if (!isRefusal(refusal)) throw refusal;
  if (sink.givenBytes > most) throw new Error(`${sink.givenBytes} bytes were let go, ${most} are the most`);
  if (Buffer.compare(sink.given(), content.subarray(0, sink.givenBytes)) !== 0) throw new Error('no prefix was let go');
  if (sink.state !== 'aborted') throw new Error(`the sink is ${sink.state}`);
  return refusal.code;
}
