import { assert } from '../../assert.ts';
import { FreshSalts } from '../../crypto/fresh-salts.ts';
import { SealpartError } from '../../errors.ts';
import { segmentCount } from '../../format/schedule.ts';
import { isSeekable } from '../../sources/seekable.ts';
import type { SeekableSource, Source } from '../../sources/source.ts';
import type { FramePool } from '../../workers/frame-pool.ts';
import { encryptSegments, type SegmentsDone, scheduledNumbering } from '../encrypt-segments.ts';
import { positionedSource } from '../positioned-source.ts';
import type { SealedStream } from '../seal-stream.ts';
import type { Telemetry } from '../telemetry.ts';
import { completeUpload } from './complete-upload.ts';
import type { PartSender, UploadTarget } from './part-sender.ts';
import { judgeStandingParts, listStoredParts } from './standing-parts.ts';
import { UploadRefused } from './upload-gone.ts';
import type { UploadJournal } from './upload-journal.ts';
import { recordedStreamDigest, verifyParts } from './verify-standing.ts';

export interface StreamUpload {
  readonly target: UploadTarget;
  readonly stream: SealedStream;
  readonly source: Source | SeekableSource;
  readonly sender: PartSender;
  readonly journal: UploadJournal;
  readonly telemetry: Telemetry;
  /** True to compare all of the source that was sent already with what it was then. */
  readonly verifySource: boolean;
}

/** Parts that somebody else replaced are sent again; who keeps replacing them is not fought for ever. */
const maxRounds = 3;

/**
 * Sends what is missing of a stream and makes the object.
 *
 * @throws SealpartError `source-changed`; `invalid-part` if parts keep being replaced; what encryptSegments and
 *   completeUpload throw
 */
export async function uploadStream(
  upload: StreamUpload,
  pool: FramePool,
  signal: AbortSignal,
): Promise<SegmentsDone & { readonly etag: string }> {
  const { target, stream, source, sender, journal } = upload;
  await verifyStanding(upload, pool, signal);
  for (let round = 1; ; round++) {
    const done = await sealMissing(upload, pool, signal);
    if (sender.whole !== undefined) return { ...done, ...sender.whole };
    const name = await sender.upload();
    assert(name !== undefined, 'parts belong to an upload');
    const outcome = await completeUpload(target, name, stream, sender.parts, journal, signal);
    if (outcome === 'conflict') throw new UploadRefused(name);
    if (outcome !== 'parts-differ') return { ...done, ...outcome };
    const stored = await listStoredParts(target.store, name, signal);
    const { headerLen } = stream.parameters;
    const { dropped } = judgeStandingParts(sender.parts, stored, done.segments, headerLen);
    if (round === maxRounds || dropped.length === 0 || !isSeekable(source)) {
      throw new SealpartError(
        'invalid-part',
        `The store does not take the parts of ${target.object.bucket}/${target.object.key} as they were sent ` +
          `(${dropped.length} of ${done.segments} differ): something else writes to the upload. Put it again.`,
      );
    }
    // A part is taken back before any is sealed again, FINAL among them: its digest covers all others.
    await journal.reopened(signal);
    for (const partNumber of dropped) await journal.dropped(partNumber, signal);
    sender.forget(dropped);
  }
}

/** Without being asked, only the FINAL segment is compared: its part says that nothing is missing. */
async function verifyStanding(
  { sender, source, stream, verifySource }: StreamUpload,
  pool: FramePool,
  signal: AbortSignal,
): Promise<void> {
  const { parts } = sender;
  if (parts.length === 0 || !isSeekable(source)) return;
  const final = parts.at(-1)!;
  const isWhole = final.partNumber === segmentCount(stream.parameters, source.size);
  const compared = verifySource ? parts : isWhole ? [final] : [];
  await verifyParts({ pool, stream, source }, compared, parts, signal);
}

async function sealMissing(
  { target, stream, source, sender, telemetry }: StreamUpload,
  pool: FramePool,
  signal: AbortSignal,
): Promise<SegmentsDone> {
  const standing = sender.parts;
  if (isSeekable(source) && standing.length === segmentCount(stream.parameters, source.size)) {
    const streamDigest = recordedStreamDigest(stream, standing);
    return { segments: standing.length, contentLength: source.size, streamDigest };
  }
  const { maxParts, minPartBytes } = target.store.limits;
  return await encryptSegments(
    {
      pool,
      stream,
      source: isSeekable(source) ? positionedSource(source) : source,
      salts: new FreshSalts(),
      segmentsInFlight: stream.plan.segmentsInFlight,
      telemetry,
      minPartBytes,
      numbering: scheduledNumbering(stream.parameters, maxParts),
      standing: new Map(standing.map((part) => [part.partNumber - 1, part.segments[0]!.digest])),
      emit: (segment, inner) => sender.send(segment, inner),
    },
    signal,
  );
}
