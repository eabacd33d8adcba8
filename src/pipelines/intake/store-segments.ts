import { assert } from '../../assert.ts';
import { FreshSalts } from '../../crypto/fresh-salts.ts';
import { streamDigestOf } from '../../crypto/segment-digest.ts';
import { SealpartError, throwIfAborted } from '../../errors.ts';
import { contentCapacity, contentOffset, segmentCount } from '../../format/schedule.ts';
import { segmentFlags } from '../../format/segment-header.ts';
import type { StoredObject } from '../../objects/object-store.ts';
import { DigestList } from '../digest-list.ts';
import type { StreamToWrite } from '../seal-stream.ts';
import { completeUpload } from '../uploads/complete-upload.ts';
import { leaveUpload } from '../uploads/leave-upload.ts';
import { ManifestJournal } from '../uploads/manifest-journal.ts';
import { PartSender } from '../uploads/part-sender.ts';
import { UploadRefused } from '../uploads/upload-gone.ts';
import { noJournal, type UploadJournal } from '../uploads/upload-journal.ts';
import { writeOff } from '../uploads/write-off.ts';
import { type ContentRequest, factsOf, type IntakeMachine, type StoredContent, targetOf } from './content-request.ts';
import { IntakePace } from './intake-pace.ts';
import { type IntakeGround, SegmentIntake } from './segment-intake.ts';
import { storeWhole } from './store-whole.ts';

/** Segments of one upload that may be on their way to the store, beside the one whose content comes in. */
const mostSending = 3;

/** Stores content of more than one frame: one segment in one request, several as a multipart upload. */
export async function storeSegments(
  machine: IntakeMachine,
  request: ContentRequest,
  stream: StreamToWrite,
  signal: AbortSignal,
): Promise<StoredContent> {
  const { uploads, source } = request;
  const isWhole = segmentCount(stream.parameters, source.size!) === 1;
  const target = targetOf(request);
  // One that is not resumable writes no rows but its head.
  const journal: UploadJournal =
    isWhole || uploads === undefined ? noJournal : new ManifestJournal({ target, fingerprint: undefined }, uploads);
  const sender = new PartSender(target, stream, journal);
  const work = new SegmentsWork({ machine, request, stream, journal, sender }, signal);
  try {
    const stored = await work.produce();
    await writeOff(journal, uploads);
    return stored;
  } catch (error) {
    work.fail(error);
    throw await leaveUpload(await work.settled(), target, journal, sender);
  }
}

interface SegmentsRun {
  readonly machine: IntakeMachine;
  readonly request: ContentRequest;
  readonly stream: StreamToWrite;
  readonly journal: UploadJournal;
  readonly sender: PartSender;
}

class SegmentsWork {
  readonly #run: SegmentsRun;
  readonly #contentLength: number;
  readonly #segments: number;
  readonly #ground: IntakeGround;
  readonly #salts = new FreshSalts();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #digests = new DigestList();
  readonly #encrypting: Promise<void>[] = [];
  /** In order; none rejects. */
  readonly #sending: Promise<void>[] = [];
  /** The one whose content comes in, or the FINAL one. */
  #current: SegmentIntake | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(run: SegmentsRun, signal: AbortSignal) {
    const { machine, request, stream, journal } = run;
    this.#run = run;
    this.#contentLength = request.source.size!;
    this.#segments = segmentCount(stream.parameters, this.#contentLength);
    const signals = [signal, this.#stop.signal];
    // One that all runs share would be told of each of them.
    if (journal !== noJournal) signals.push(journal.lost);
    this.#signal = AbortSignal.any(signals);
    this.#ground = {
      ...machine,
      source: request.source,
      observe: request.observe,
      pace: new IntakePace(2 ** stream.parameters.frameSizeLog2),
      fail: (error) => this.fail(error),
    };
  }

  async produce(): Promise<StoredContent> {
    for (let index = 0; index < this.#segments; index++) {
      if (index >= mostSending) await this.#sending[index - mostSending];
      throwIfAborted(this.#signal);
      const intake = new SegmentIntake(this.#ground, this.#planOf(index));
      this.#current = intake;
      await intake.fill(this.#signal);
      if (index < this.#segments - 1) this.#sendOn(intake);
    }
    return await this.#finish(this.#current!);
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop.abort(error);
  }

  /** Waits until nothing runs any more, and gives the first failure. */
  async settled(): Promise<unknown> {
    await Promise.all(this.#sending);
    await this.#current?.discard();
    return this.#failure?.error;
  }

  #planOf(segmentIndex: number): ConstructorParameters<typeof SegmentIntake>[1] {
    const { stream } = this.#run;
    const { parameters } = stream;
    const left = this.#contentLength - contentOffset(parameters, segmentIndex);
    const contentLength = Math.min(left, contentCapacity(parameters, segmentIndex));
    return {
      stream,
      salts: this.#salts,
      facts: {
        segmentIndex,
        flags: segmentIndex === this.#segments - 1 ? segmentFlags.final : 0,
        digestAlg: parameters.digestAlg,
        compression: 0,
        contentLength,
        payloadLength: contentLength,
      },
    };
  }

  #sendOn(intake: SegmentIntake): void {
    this.#current = undefined;
    const encrypting = intake.encrypted().then(() => this.#digests.set(intake.index, intake.digest()));
    this.#encrypting.push(encrypting);
    this.#sending.push(this.#send(intake, encrypting));
  }

  async #send(intake: SegmentIntake, encrypting: Promise<void>): Promise<void> {
    try {
      await encrypting;
      throwIfAborted(this.#signal);
      const { sender, journal } = this.#run;
      await sender.begin(journal.lost);
      await sender.send(intake.finish(), this.#signal);
    } catch (error) {
      this.fail(error);
      await intake.discard();
      return;
    }
    intake.release();
  }

  async #finish(final: SegmentIntake): Promise<StoredContent> {
    const { request, stream, sender } = this.#run;
    await Promise.all([...this.#encrypting, final.encrypted()]);
    this.#digests.set(final.index, final.digest());
    const streamDigest = streamDigestOf(stream.coreHash, this.#digests.count, this.#digests.bytes());
    const facts = factsOf(stream, this.#contentLength, streamDigest, final.salt);
    // §9.5: one FINAL segment, and only when all others are away. Meanwhile it is seen whether it will ever be needed.
    const [added] = await Promise.all([request.accept?.(facts, this.#signal), ...this.#sending]);
    throwIfAborted(this.#signal);
    const segment = final.finish(streamDigest);
    const whole = facts.whole ? await storeWhole(request, stream, { facts, segment, added }, this.#signal) : undefined;
    if (whole === undefined) await sender.send(segment, this.#signal);
    this.#current = undefined;
    final.release();
    return whole ?? { ...facts, ...(await this.#complete()) };
  }

  async #complete(): Promise<StoredObject> {
    const { request, stream, journal, sender } = this.#run;
    throwIfAborted(this.#signal);
    const upload = await sender.upload();
    assert(upload !== undefined, 'parts belong to an upload');
    // From here on it is not its sender who decides: an object that may stand already is not worth a doubt.
    const outcome = await completeUpload(targetOf(request), upload, stream, sender.parts, journal, journal.lost);
    if (outcome === 'conflict') throw new UploadRefused(upload);
    if (outcome !== 'parts-differ') return outcome;
    const { bucket, key } = request.object;
    throw new SealpartError(
      'invalid-part',
      `The store does not take the parts of ${bucket}/${key} as they were sent: something else writes to the upload. ` +
        'Send it again.',
    );
  }
}
