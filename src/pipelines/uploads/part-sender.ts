import { assert } from '../../assert.ts';
import type { PartRecord } from '../../crypto/manifest-records.ts';
import { SealpartError } from '../../errors.ts';
import type {
  ObjectAttributes,
  ObjectName,
  ObjectStore,
  StoredObject,
  UploadName,
  WriteCondition,
} from '../../objects/object-store.ts';
import type { WireSegment } from '../../segments/segment-encryption.ts';
import type { StreamToWrite } from '../seal-stream.ts';
import { settleObject, storedObjectOf } from './settle-object.ts';
import { isUploadMissing, UploadGone } from './upload-gone.ts';
import type { UploadJournal } from './upload-journal.ts';
import { partOf, recordOf, type SegmentPart } from './upload-parts.ts';

/** Where an object goes, and what goes with it. */
export interface UploadTarget {
  readonly store: ObjectStore;
  readonly object: ObjectName;
  readonly attributes: ObjectAttributes;
  readonly condition: WriteCondition;
}

/** Sends segments as parts, in any order, and keeps the records of those that stand. */
export class PartSender {
  readonly #target: UploadTarget;
  readonly #stream: StreamToWrite;
  readonly #journal: UploadJournal;
  readonly #parts: Map<number, PartRecord>;
  #upload: Promise<UploadName> | undefined;
  #whole: StoredObject | undefined;
  #sent = 0;

  /** @param standing an upload that is there already, and the parts of it that count */
  constructor(
    target: UploadTarget,
    stream: StreamToWrite,
    journal: UploadJournal,
    standing?: { readonly upload: UploadName; readonly parts: readonly PartRecord[] },
  ) {
    this.#target = target;
    this.#stream = stream;
    this.#journal = journal;
    this.#upload = standing === undefined ? undefined : Promise.resolve(standing.upload);
    this.#parts = new Map(standing?.parts.map((part) => [part.partNumber, part]));
  }

  /** The object, if all of it went in one request. */
  get whole(): StoredObject | undefined {
    return this.#whole;
  }

  /** Parts that this run sent. */
  get sentParts(): number {
    return this.#sent;
  }

  /** The parts that stand, ascending by number. */
  get parts(): readonly PartRecord[] {
    return [...this.#parts.values()].sort((a, b) => a.partNumber - b.partNumber);
  }

  /** Parts that do not stand after all. */
  forget(partNumbers: Iterable<number>): void {
    for (const partNumber of partNumbers) this.#parts.delete(partNumber);
  }

  /** The upload in the store, or undefined if none was asked for, or none was given. */
  async upload(): Promise<UploadName | undefined> {
    if (this.#upload === undefined) return undefined;
    const [made] = await Promise.allSettled([this.#upload]);
    return made.status === 'fulfilled' ? made.value : undefined;
  }

  /**
   * Asks for the upload, if nobody has: for senders that give the parts another signal. If that fires while the upload is
   * made, it is known afterwards, and can be aborted.
   */
  async begin(signal: AbortSignal): Promise<void> {
    this.#upload ??= this.#create(signal);
    await this.#upload;
  }

  async send(segment: WireSegment, signal: AbortSignal): Promise<void> {
    const part = partOf(segment, this.#stream.header.bytes);
    if (part.partNumber === 1 && segment.streamDigest !== undefined) {
      this.#whole = await this.#putWhole(segment, part, signal);
      return;
    }
    this.#upload ??= this.#create(signal);
    const upload = await this.#upload;
    const { etag } = await this.#uploadPart(upload, part, signal);
    const record = recordOf(segment, part, etag);
    await this.#journal.stored(record, signal);
    this.#parts.set(part.partNumber, record);
    this.#sent++;
  }

  async #uploadPart(upload: UploadName, part: SegmentPart, signal: AbortSignal): Promise<{ etag: string }> {
    try {
      return await this.#target.store.uploadPart(upload, part.partNumber, part.body, signal);
    } catch (error) {
      if (!isUploadMissing(error)) throw error;
      await this.#confirmGone(upload, error, signal);
      throw new UploadGone(upload, error);
    }
  }

  /** One stray "not found", from whatever stands before the store, is no reason to give up all that was sent. */
  async #confirmGone(upload: UploadName, cause: unknown, signal: AbortSignal): Promise<void> {
    try {
      for await (const _part of this.#target.store.listParts(upload, signal)) break;
    } catch (error) {
      if (isUploadMissing(error) || (error instanceof SealpartError && error.code === 'denied')) return;
      throw error;
    }
    throw new SealpartError(
      'store',
      `The store said that there is no upload ${upload.uploadId} of ${upload.bucket}/${upload.key}, and lists its parts: ` +
        'put it again.',
      { cause },
    );
  }

  async #create(signal: AbortSignal): Promise<UploadName> {
    const { store, object, attributes } = this.#target;
    await this.#journal.begin(this.#stream, signal);
    const { uploadId } = await store.createMultipart(object, attributes, signal);
    await this.#journal.created(uploadId, signal);
    return { ...object, uploadId };
  }

  async #putWhole(segment: WireSegment, part: SegmentPart, signal: AbortSignal): Promise<StoredObject> {
    const { store, object, attributes, condition } = this.#target;
    try {
      return await store.put(object, part.body, attributes, condition, signal);
    } catch (error) {
      if (!mayHaveHappened(error)) throw error;
      const header = this.#stream.header.bytes;
      assert(segment.facts.segmentIndex === 0, 'an object in one piece has one segment');
      const final = { segmentIndex: 0, offset: header.length, salt: segment.facts.salt };
      const expected = { header, sizeBytes: header.length + segment.totalLength, final };
      const [made] = await Promise.allSettled([settleObject(store, object, expected, signal)]);
      // A store that cannot even be asked has said enough with its first error.
      if (made.status === 'fulfilled' && made.value !== undefined) return storedObjectOf(made.value);
      throw error;
    }
  }
}

const inDoubt: ReadonlySet<string> = new Set(['store', 'precondition', 'conflict']);

/** True for errors after which the effect may stand: an answer that was lost, or a condition that our own effect broke. */
export function mayHaveHappened(error: unknown): boolean {
  return error instanceof SealpartError && inDoubt.has(error.code);
}
