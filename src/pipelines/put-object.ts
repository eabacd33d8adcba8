import { SealpartError } from '../errors.ts';
import type { ObjectAttributes, ObjectName, ObjectStore, WriteCondition } from '../objects/object-store.ts';
import { isSeekable } from '../sources/seekable.ts';
import type { SeekableSource, Source } from '../sources/source.ts';
import { type EncryptResult, resultOf } from './encrypt-stream.ts';
import { type Machine, machineOf, type RunOptions, withFramePool } from './run-options.ts';
import { destinationOf, sealStream, type WriteOptions } from './seal-stream.ts';
import { leaveUpload } from './uploads/leave-upload.ts';
import { ManifestJournal } from './uploads/manifest-journal.ts';
import { PartSender, type UploadTarget } from './uploads/part-sender.ts';
import { fingerprintOf, type PendingUpload, takeUpPending } from './uploads/take-up-pending.ts';
import { UploadGone, UploadRefused } from './uploads/upload-gone.ts';
import { noJournal, type UploadJournal } from './uploads/upload-journal.ts';
import type { UploadOptions } from './uploads/upload-options.ts';
import { uploadStream } from './uploads/upload-stream.ts';
import { recordedStreamDigest } from './uploads/verify-standing.ts';
import { writeOff } from './uploads/write-off.ts';

export interface PutRequest extends Omit<WriteOptions, 'objectName'>, RunOptions {
  /** The content. Closed at the end. */
  readonly source: Source;
  readonly store: ObjectStore;
  /** Where the object goes; the stream is bound to this name. */
  readonly object: ObjectName;
  /** Kept beside the object, in the clear. */
  readonly attributes?: ObjectAttributes | undefined;
  readonly condition?: WriteCondition | undefined;
  /** Lets the upload survive this process. Without it, what does not end well leaves nothing behind. */
  readonly uploads?: UploadOptions | undefined;
}

export interface PutResult extends EncryptResult {
  /** The store's, without quotes. */
  readonly etag: string;
  /** Parts that stood when this run began, and parts that it sent; an object in one request has one. */
  readonly parts: { readonly kept: number; readonly sent: number };
  /** True if the run went on with an upload of an earlier one. */
  readonly resumed: boolean;
}

/** Beginning anew helps against what happens once. */
const maxAttempts = 3;

/**
 * Encrypts a source into an object, segment i being part i + 1 of a multipart upload; content of one segment is put
 * whole. The object appears when its last byte is stored, or not at all (docs/format.md §9.4).
 *
 * With `uploads`, a run that was ended by anything whatever is gone on with by the next one of the same source to the
 * same object: parts that the store has answered for and the manifest knows of are not sent again.
 *
 * @throws SealpartError `bad-parameters` before anything is sent; `owned` if another process is at it;
 *   `source-changed`; `precondition`, `conflict`; `worker`, `aborted`; what source, store and manifest throw
 */
export async function putObject(
  request: PutRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<PutResult> {
  const { source, store, object, attributes = {}, condition = {}, uploads } = request;
  try {
    judgeCondition(store, condition);
    const machine = machineOf(request);
    const target: UploadTarget = { store, object, attributes, condition };
    const write = { ...request, objectName: object };
    let pending =
      uploads === undefined ? undefined : await takeUpPending(target, source, write, uploads, machine.request, signal);
    for (let attempt = 1; ; attempt++) {
      try {
        // What a run may use is told once.
        const run = attempt === 1 ? request : { ...request, onPlan: undefined };
        return await (pending === undefined
          ? beginUpload(run, target, machine, signal)
          : continueUpload(run, target, machine, pending, signal));
      } catch (error) {
        const isLost = error instanceof UploadGone || error instanceof UploadRefused;
        if (!isLost || attempt === maxAttempts || !isSeekable(source)) throw error;
        uploads?.onEvent?.({ kind: 'restarted', reason: error.message });
        pending = undefined;
      }
    }
  } finally {
    await source.close();
  }
}

/** A store that ignores conditions would answer that nothing was overwritten, and overwrite. */
function judgeCondition({ name, limits }: ObjectStore, condition: WriteCondition): void {
  if (condition.ifNoneMatch === undefined || (limits.conditionalPut && limits.conditionalComplete)) return;
  throw new SealpartError(
    'bad-parameters',
    `${name} does not heed conditions, so that an object that stands there could be overwritten after all: put without ` +
      'the condition, under a name that nobody else writes to.',
  );
}

async function beginUpload(
  request: PutRequest,
  target: UploadTarget,
  machine: Machine,
  signal: AbortSignal,
): Promise<PutResult> {
  const { source, store, object, uploads } = request;
  const destination = destinationOf(store.limits);
  const write = { ...request, objectName: object };
  const stream = await sealStream(write, source.size, destination, machine.request, signal);
  const subject = { target, fingerprint: fingerprintOf(source) };
  const journal = uploads === undefined ? noJournal : new ManifestJournal(subject, uploads);
  const sender = new PartSender(target, stream, journal);
  return await runUpload(request, { target, machine, stream, journal, sender, kept: 0 }, signal);
}

/** What a run needs beside the upload itself. */
interface UploadRequest extends RunOptions {
  readonly source: Source | SeekableSource;
  readonly uploads?: UploadOptions | undefined;
}

/** Goes on with an upload that was taken over, to its end. */
export async function continueUpload(
  request: UploadRequest,
  target: UploadTarget,
  machine: Machine,
  pending: PendingUpload,
  signal: AbortSignal,
): Promise<PutResult> {
  const { stream, journal, parts, upload, made } = pending;
  const sender = new PartSender(target, stream, journal, { upload, parts });
  const kept = parts.length;
  if (made === undefined) {
    const result = await runUpload(request, { target, machine, stream, journal, sender, kept }, signal);
    return { ...result, resumed: true };
  }
  await writeOff(journal, request.uploads);
  const contentLength = parts.reduce((sum, { segments }) => sum + segments[0]!.contentLength, 0);
  const streamDigest = recordedStreamDigest(stream, parts);
  const done = resultOf(stream, { segments: kept, contentLength, streamDigest });
  return { ...done, ...made, parts: { kept, sent: 0 }, resumed: true };
}

interface UploadRun {
  readonly target: UploadTarget;
  readonly machine: Machine;
  readonly stream: PendingUpload['stream'];
  readonly journal: UploadJournal;
  readonly sender: PartSender;
  readonly kept: number;
}

async function runUpload(
  request: UploadRequest,
  { target, machine, stream, journal, sender, kept }: UploadRun,
  signal: AbortSignal,
): Promise<PutResult> {
  const { source, uploads } = request;
  const { telemetry } = machine;
  const verifySource = uploads?.verifySource === true;
  const upload = { target, stream, source, sender, journal, telemetry, verifySource };
  const either = AbortSignal.any([signal, journal.lost]);
  try {
    const done = await withFramePool(request, machine, stream.plan, (pool) => uploadStream(upload, pool, either));
    await writeOff(journal, uploads);
    const sent = sender.whole === undefined ? sender.sentParts : 1;
    return { ...resultOf(stream, done), etag: done.etag, parts: { kept, sent }, resumed: false };
  } catch (error) {
    throw await leaveUpload(error, target, journal, sender);
  }
}
