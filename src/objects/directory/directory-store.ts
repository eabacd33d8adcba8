import { SealpartError } from '../../errors.ts';
import { checkAttributes } from '../attribute-limits.ts';
import type {
  BodyBytes,
  GetRequest,
  ListedPart,
  ListedUpload,
  ListPage,
  ListRequest,
  ObjectAttributes,
  ObjectBody,
  ObjectHead,
  ObjectName,
  ObjectStore,
  StoredEtag,
  StoredPart,
  StoreLimits,
  UploadName,
  WriteCondition,
} from '../object-store.ts';
import { checkPartNumber } from '../part-list.ts';
import { encodeAttributes } from './attributes.ts';
import { sizeOf } from './body-bytes.ts';
import type { Catalogue } from './catalogue.ts';
import type { StoreGround } from './collect-orphans.ts';
import { checkCondition, completeUpload } from './complete-upload.ts';
import { newEtag } from './etag.ts';
import { checkBucketName, encodeKey, encodeKeyText, objectLabel, quoted } from './names.ts';
import { headOf } from './object-table.ts';
import { openObject } from './open-object.ts';
import { PartKeeper } from './part-keeper.ts';
import { RunningCalls } from './running-calls.ts';
import { storeError } from './store-error.ts';
import { newUploadId } from './upload-id.ts';
import type { UploadPosition } from './upload-table.ts';

/** The most rows that one statement answers: the event loop stands still meanwhile. */
const pageSize = 1000;

/**
 * An object store in a folder: a catalogue in SQLite, and a file for each part. openDirectoryStore opens it.
 *
 * The order of steps is what makes it safe against crashes. Writing: the file is synced, named, its folder synced, and
 * only then a transaction tells of it. Deleting: a transaction dooms the file, and only then it is unlinked.
 */
export class DirectoryStore implements ObjectStore {
  readonly name: string;
  readonly limits: StoreLimits;
  readonly #ground: StoreGround;
  readonly #catalogue: Catalogue;
  readonly #keeper: PartKeeper;
  readonly #calls: RunningCalls;
  #closing: Promise<void> | undefined;

  constructor(name: string, limits: StoreLimits, ground: StoreGround) {
    this.name = name;
    this.limits = limits;
    this.#ground = ground;
    this.#catalogue = ground.catalogue;
    this.#keeper = new PartKeeper(ground);
    this.#calls = new RunningCalls(name);
  }

  async createBucket(bucket: string, signal: AbortSignal): Promise<void> {
    checkBucketName(bucket);
    await this.#calls.run(`make the bucket ${quoted(bucket)}`, signal, async () => {
      const added = await this.#catalogue.change(signal, () => this.#catalogue.addBucket(bucket));
      if (!added) throw new SealpartError('exists', `There is a bucket ${quoted(bucket)} in ${this.name} already.`);
    });
  }

  async createMultipart(
    name: ObjectName,
    attributes: ObjectAttributes,
    signal: AbortSignal,
  ): Promise<{ uploadId: string }> {
    checkName(name);
    checkAttributes(attributes, objectLabel(name));
    return await this.#calls.run(`begin an upload of ${objectLabel(name)}`, signal, async () => {
      const initiatedMs = Date.now();
      const uploadId = newUploadId(initiatedMs);
      await this.#catalogue.change(signal, () => {
        this.#catalogue.requireBucket(name.bucket);
        const content = this.#catalogue.parts.makeContent();
        const { bucket, key } = name;
        this.#catalogue.uploads.insert({
          bucket,
          key,
          uploadId,
          content,
          initiatedMs,
          ...encodeAttributes(attributes),
        });
      });
      return { uploadId };
    });
  }

  async uploadPart(upload: UploadName, partNumber: number, body: BodyBytes, signal: AbortSignal): Promise<StoredEtag> {
    checkName(upload);
    checkPartNumber(partNumber, this.limits.maxParts, objectLabel(upload));
    const label = `part ${partNumber} of ${objectLabel(upload)}`;
    const sizeBytes = this.#checkSize(body, label, 'invalid-part');
    return await this.#calls.run(`store ${label}`, signal, async () => {
      await this.#catalogue.view(signal, () => this.#catalogue.requireUpload(upload));
      const etag = newEtag();
      await this.#keeper.store(body, label, signal, (file) => {
        const { content } = this.#catalogue.requireUpload(upload);
        const replaced = this.#catalogue.parts.drop(content, partNumber);
        this.#catalogue.parts.insert(content, { partNumber, file, sizeBytes, etag });
        return replaced;
      });
      return { etag };
    });
  }

  async *listParts(upload: UploadName, signal: AbortSignal): AsyncIterable<StoredPart> {
    checkName(upload);
    let after = 0;
    for (;;) {
      const page = await this.#calls.run(`list the parts of ${objectLabel(upload)}`, signal, () =>
        this.#catalogue.view(signal, () =>
          this.#catalogue.parts.page(this.#catalogue.requireUpload(upload).content, after, pageSize),
        ),
      );
      for (const { partNumber, sizeBytes, etag } of page) yield { partNumber, sizeBytes, etag };
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) return;
      after = last.partNumber;
    }
  }

  async *listUploads(bucket: string, signal: AbortSignal): AsyncIterable<ListedUpload> {
    checkBucketName(bucket);
    let after: UploadPosition | undefined;
    for (;;) {
      const page = await this.#calls.run(`list the uploads of ${quoted(bucket)}`, signal, () =>
        this.#catalogue.view(signal, () => {
          this.#catalogue.requireBucket(bucket);
          return this.#catalogue.uploads.page(bucket, after, pageSize);
        }),
      );
      yield* page;
      if (page.length < pageSize) return;
      after = page.at(-1);
    }
  }

  async completeMultipart(
    upload: UploadName,
    parts: readonly ListedPart[],
    condition: WriteCondition,
    signal: AbortSignal,
  ): Promise<StoredEtag> {
    checkName(upload);
    return await this.#calls.run(`complete ${objectLabel(upload)}`, signal, async () => {
      const { etag, doomedFiles } = await this.#catalogue.change(signal, () =>
        completeUpload(this.#catalogue, upload, parts, condition, this.limits),
      );
      await this.#keeper.remove(doomedFiles, signal);
      return { etag };
    });
  }

  async abortMultipart(upload: UploadName, signal: AbortSignal): Promise<void> {
    checkName(upload);
    await this.#calls.run(`abort the upload of ${objectLabel(upload)}`, signal, async () => {
      const doomedFiles = await this.#catalogue.change(signal, () => {
        const { content, uploadId } = this.#catalogue.requireUpload(upload);
        this.#catalogue.uploads.drop(uploadId);
        return this.#catalogue.parts.dropContent(content);
      });
      await this.#keeper.remove(doomedFiles, signal);
    });
  }

  async put(
    name: ObjectName,
    body: BodyBytes,
    attributes: ObjectAttributes,
    condition: WriteCondition,
    signal: AbortSignal,
  ): Promise<StoredEtag> {
    checkName(name);
    const label = objectLabel(name);
    checkAttributes(attributes, label);
    const sizeBytes = this.#checkSize(body, label, 'store');
    return await this.#calls.run(`store ${label}`, signal, async () => {
      const check = () => {
        this.#catalogue.requireBucket(name.bucket);
        checkCondition(this.#catalogue, name, condition);
      };
      await this.#catalogue.view(signal, check);
      const etag = newEtag();
      await this.#keeper.store(body, label, signal, (file) => {
        check();
        const content = this.#catalogue.parts.makeContent();
        this.#catalogue.parts.insert(content, { partNumber: 1, file, sizeBytes, etag });
        const columns = encodeAttributes(attributes);
        return this.#catalogue.placeObject(name, {
          content,
          etag,
          sizeBytes,
          modifiedMs: Date.now(),
          partSizes: null,
          ...columns,
        });
      });
      return { etag };
    });
  }

  async get(request: GetRequest, signal: AbortSignal): Promise<ObjectBody> {
    checkName(request);
    return await this.#calls.run(`read ${objectLabel(request)}`, signal, () =>
      openObject(this.name, this.#ground, request, signal),
    );
  }

  async head(name: ObjectName, signal: AbortSignal): Promise<ObjectHead> {
    checkName(name);
    return await this.#calls.run(`look up ${objectLabel(name)}`, signal, () =>
      this.#catalogue.view(signal, () => headOf(this.#catalogue.requireObject(name))),
    );
  }

  async list(request: ListRequest, signal: AbortSignal): Promise<ListPage> {
    const { bucket, prefix = '', startAfter = '', limit = pageSize } = request;
    checkBucketName(bucket);
    encodeKeyText(prefix);
    encodeKeyText(startAfter);
    if (!Number.isInteger(limit) || limit < 1)
      throw new RangeError(`limit must be a whole number over 0, got ${limit}`);
    const count = Math.min(limit, pageSize);
    return await this.#calls.run(`list ${quoted(bucket)}`, signal, async () => {
      const found = await this.#catalogue.view(signal, () => {
        this.#catalogue.requireBucket(bucket);
        return this.#catalogue.objects.page({ bucket, prefix, startAfter, limit: count + 1 });
      });
      const objects = found.slice(0, count);
      const next = found.length > count ? objects.at(-1)?.key : undefined;
      return next === undefined ? { objects } : { objects, next };
    });
  }

  async delete(name: ObjectName, signal: AbortSignal): Promise<void> {
    checkName(name);
    await this.#calls.run(`delete ${objectLabel(name)}`, signal, async () => {
      const doomedFiles = await this.#catalogue.change(signal, () => {
        this.#catalogue.requireBucket(name.bucket);
        return this.#catalogue.dropObject(name);
      });
      await this.#keeper.remove(doomedFiles, signal);
    });
  }

  /** Resolves when the calls that are running have ended. Bodies that are still being read may go on or fail. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await this.#calls.close();
    try {
      await this.#keeper.close(new AbortController().signal);
    } catch (error) {
      throw storeError(error, 'be closed in good order', this.name);
    } finally {
      this.#catalogue.close();
    }
  }

  /** Adds up a body and refuses what is too large. */
  #checkSize(body: BodyBytes, label: string, code: 'invalid-part' | 'store'): number {
    const sizeBytes = sizeOf(body);
    if (sizeBytes <= this.limits.maxPartBytes) return sizeBytes;
    const most = `${this.limits.maxPartBytes} is the most (EntityTooLarge)`;
    throw new SealpartError(code, `${label} cannot be stored: it has ${sizeBytes} bytes, and ${most}.`);
  }
}

function checkName(name: ObjectName): void {
  checkBucketName(name.bucket);
  encodeKey(name.key);
}
