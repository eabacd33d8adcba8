import { FreshSalts } from '../crypto/fresh-salts.ts';
import { SealpartError } from '../errors.ts';
import type { BodyBytes, ListedPart, ObjectName, ObjectStore, UploadName } from '../objects/object-store.ts';
import type { EncryptedSegment } from '../segments/encrypt-segment.ts';
import type { Source } from '../sources/source.ts';
import { encryptSegments, scheduledNumbering } from './encrypt-segments.ts';
import { type EncryptResult, resultOf } from './encrypt-stream.ts';
import { machineOf, type RunOptions, withFramePool } from './run-options.ts';
import { sealStream, type WriteOptions } from './seal-stream.ts';

export interface PutRequest extends Omit<WriteOptions, 'objectName'>, RunOptions {
  /** The content. Closed at the end. */
  readonly source: Source;
  readonly store: ObjectStore;
  /** Where the object goes; the stream is bound to this name. */
  readonly object: ObjectName;
}

export interface PutResult extends EncryptResult {
  /** The store's, without quotes. */
  readonly etag: string;
}

/**
 * Encrypts a source into an object, segment i being part i + 1 of a multipart upload; content of one segment is put
 * whole. The object appears when its last byte is stored, or not at all (docs/format.md §9.4).
 *
 * @throws SealpartError `bad-parameters` before anything is sent; `worker`, `aborted`; what source and store throw. The
 *   upload was aborted then.
 */
export async function putObject(
  request: PutRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<PutResult> {
  const { source, store, object } = request;
  try {
    const machine = machineOf(request);
    const { equalParts, maxParts, minPartBytes } = store.limits;
    const destination = { forStore: true, equalParts, maxSegments: maxParts };
    const options = { ...request, objectName: object };
    const sealed = await sealStream(options, source.size, destination, machine.request, signal);
    const parts = new PartSender(store, object, sealed.header.bytes);
    try {
      const done = await withFramePool(request, machine, sealed.plan, (pool) =>
        encryptSegments(
          {
            pool,
            stream: sealed,
            source,
            salts: new FreshSalts(),
            segmentsInFlight: sealed.plan.segmentsInFlight,
            telemetry: machine.telemetry,
            minPartBytes,
            numbering: scheduledNumbering(sealed.parameters, maxParts),
            emit: (segment, inner) => parts.send(segment, inner),
          },
          signal,
        ),
      );
      const { etag } = await parts.complete(signal);
      return { ...resultOf(sealed, done), etag };
    } catch (error) {
      await parts.abort(error);
      throw error;
    }
  } finally {
    await source.close();
  }
}

/** Bounds what the way out of a failed upload may take. */
const abortTimeoutMs = 30_000;

/** Sends segments as parts, in any order, and makes the object of them. */
class PartSender {
  readonly #store: ObjectStore;
  readonly #object: ObjectName;
  readonly #header: Uint8Array;
  readonly #parts = new Map<number, ListedPart>();
  #upload: Promise<UploadName> | undefined;
  #whole: { etag: string } | undefined;

  constructor(store: ObjectStore, object: ObjectName, header: Uint8Array) {
    this.#store = store;
    this.#object = object;
    this.#header = header;
  }

  async send({ facts, bytes, streamDigest }: EncryptedSegment, signal: AbortSignal): Promise<void> {
    const partNumber = facts.segmentIndex + 1;
    const body: BodyBytes = partNumber === 1 ? [this.#header, bytes] : bytes;
    if (partNumber === 1 && streamDigest !== undefined) {
      this.#whole = await this.#store.put(this.#object, body, {}, {}, signal);
      return;
    }
    this.#upload ??= this.#create(signal);
    const { etag } = await this.#store.uploadPart(await this.#upload, partNumber, body, signal);
    this.#parts.set(partNumber, { partNumber, etag });
  }

  async #create(signal: AbortSignal): Promise<UploadName> {
    const { uploadId } = await this.#store.createMultipart(this.#object, {}, signal);
    return { ...this.#object, uploadId };
  }

  async complete(signal: AbortSignal): Promise<{ etag: string }> {
    if (this.#whole !== undefined) return this.#whole;
    const parts = [...this.#parts.values()].sort((a, b) => a.partNumber - b.partNumber);
    return this.#store.completeMultipart(await this.#upload!, parts, {}, signal);
  }

  /** Leaves no upload behind; if even that fails, the error says where parts are left. */
  async abort(cause: unknown): Promise<void> {
    if (this.#upload === undefined) return;
    const [created] = await Promise.allSettled([this.#upload]);
    if (created.status === 'rejected') return;
    try {
      // Not the run's own signal: that one may be what ended the run.
      await this.#store.abortMultipart(created.value, AbortSignal.timeout(abortTimeoutMs));
    } catch (abortError) {
      if (abortError instanceof SealpartError && abortError.code === 'not-found') return;
      const { bucket, key, uploadId } = created.value;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SealpartError(
        'store',
        `${reason} Besides, the upload ${uploadId} of ${bucket}/${key} could not be aborted: its parts take room until it is.`,
        { cause: new AggregateError([cause, abortError]) },
      );
    }
  }
}
