import { checkAttributes } from '../attribute-limits.ts';
import type {
  BucketPage,
  BucketStore,
  KeyListRequest,
  KeyPage,
  NamedAnswer,
  NamedRequest,
  Removed,
  RemoveRequest,
  VersionListRequest,
  VersionPage,
} from '../bucket-store.ts';
import type {
  BodyBytes,
  GetRequest,
  HeadRequest,
  ListedPart,
  ListedUpload,
  ListPage,
  ListRequest,
  ObjectAttributes,
  ObjectBody,
  ObjectHead,
  ObjectName,
  StoredEtag,
  StoredObject,
  StoredPart,
  StoreLimits,
  UploadName,
  WriteCondition,
} from '../object-store.ts';
import { encodeAttributes } from './attributes.ts';
import { checkBodySize } from './body-bytes.ts';
import { BucketCalls } from './bucket-calls.ts';
import { newEtag } from './etag.ts';
import { checkBucketName, checkName, encodeKeyText, objectLabel, quoted } from './names.ts';
import { headOf } from './object-table.ts';
import { openObject } from './open-object.ts';
import { askByName } from './operations/ask-by-name.ts';
import { storeError } from './store-error.ts';
import type { CallGround } from './store-ground.ts';
import { UploadCalls } from './upload-calls.ts';
import { checkVersion } from './versions.ts';
import { checkCondition } from './write-condition.ts';

/** The most rows that one statement answers: the event loop stands still meanwhile. */
const pageSize = 1000;

/**
 * An object store in a folder: a catalogue in SQLite, and a file for each part. openDirectoryStore opens it.
 *
 * The order of steps is what makes it safe against crashes. Writing: the file is synced, named, its folder synced, and
 * only then a transaction tells of it. Deleting: a transaction dooms the file, and only then it is unlinked.
 */
export class DirectoryStore implements BucketStore {
  readonly name: string;
  readonly limits: StoreLimits;
  readonly #ground: CallGround;
  readonly #buckets: BucketCalls;
  readonly #uploads: UploadCalls;
  #closing: Promise<void> | undefined;

  constructor(ground: CallGround) {
    this.name = ground.name;
    this.limits = ground.limits;
    this.#ground = ground;
    this.#buckets = new BucketCalls(ground);
    this.#uploads = new UploadCalls(ground);
  }

  createBucket(bucket: string, signal: AbortSignal): Promise<void> {
    return this.#buckets.make(bucket, signal);
  }

  listBuckets(
    request: { readonly prefix?: string; readonly startAfter?: string; readonly limit?: number },
    signal: AbortSignal,
  ): Promise<BucketPage> {
    return this.#buckets.list(request, signal);
  }

  listKeys(request: KeyListRequest, signal: AbortSignal): Promise<KeyPage> {
    return this.#buckets.listKeys(request, signal);
  }

  listVersions(request: VersionListRequest, signal: AbortSignal): Promise<VersionPage> {
    return this.#buckets.listVersions(request, signal);
  }

  ask(request: NamedRequest, signal: AbortSignal): Promise<NamedAnswer> {
    return askByName(this.#ground, request, signal);
  }

  createMultipart(name: ObjectName, attributes: ObjectAttributes, signal: AbortSignal): Promise<{ uploadId: string }> {
    return this.#uploads.begin(name, attributes, signal);
  }

  uploadPart(upload: UploadName, partNumber: number, body: BodyBytes, signal: AbortSignal): Promise<StoredEtag> {
    return this.#uploads.storePart(upload, partNumber, body, signal);
  }

  listParts(upload: UploadName, signal: AbortSignal): AsyncIterable<StoredPart> {
    return this.#uploads.parts(upload, signal);
  }

  listUploads(bucket: string, signal: AbortSignal): AsyncIterable<ListedUpload> {
    return this.#uploads.list(bucket, signal);
  }

  completeMultipart(
    upload: UploadName,
    parts: readonly ListedPart[],
    condition: WriteCondition,
    signal: AbortSignal,
  ): Promise<StoredObject> {
    return this.#uploads.complete(upload, parts, condition, signal);
  }

  abortMultipart(upload: UploadName, signal: AbortSignal): Promise<void> {
    return this.#uploads.abort(upload, signal);
  }

  async put(
    name: ObjectName,
    body: BodyBytes,
    attributes: ObjectAttributes,
    condition: WriteCondition,
    signal: AbortSignal,
  ): Promise<StoredObject> {
    checkName(name);
    const label = objectLabel(name);
    checkAttributes(attributes, label);
    const columns = encodeAttributes(attributes, label);
    const { catalogue, calls, keeper, limits } = this.#ground;
    const sizeBytes = checkBodySize(body, limits.maxPartBytes, label, 'store');
    return await calls.run(`store ${label}`, signal, async () => {
      const check = () => {
        catalogue.requireBucket(name.bucket);
        checkCondition(catalogue, name, condition);
      };
      await catalogue.view(signal, check);
      const etag = newEtag();
      await keeper.store(body, label, signal, (file) => {
        check();
        const content = catalogue.parts.makeContent();
        catalogue.parts.insert(content, { partNumber: 1, file, sizeBytes, etag });
        const modifiedMs = Date.now();
        return catalogue.placeObject(name, { content, etag, sizeBytes, modifiedMs, partSizes: null, ...columns });
      });
      return { etag };
    });
  }

  async get(request: GetRequest, signal: AbortSignal): Promise<ObjectBody> {
    checkName(request);
    checkVersion(request.versionId);
    return await this.#ground.calls.run(`read ${objectLabel(request)}`, signal, () =>
      openObject(this.name, this.#ground, request, signal),
    );
  }

  async head(name: HeadRequest, signal: AbortSignal): Promise<ObjectHead> {
    checkName(name);
    checkVersion(name.versionId);
    const { catalogue, calls } = this.#ground;
    return await calls.run(`look up ${objectLabel(name)}`, signal, () =>
      catalogue.view(signal, () => headOf(catalogue.requireObject(name), name.withTags)),
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
    const { catalogue, calls } = this.#ground;
    return await calls.run(`list ${quoted(bucket)}`, signal, async () => {
      const found = await catalogue.view(signal, () => {
        catalogue.requireBucket(bucket);
        return catalogue.objects.page({ bucket, prefix, startAfter, limit: count + 1 });
      });
      const objects = found.slice(0, count);
      const next = found.length > count ? objects.at(-1)?.key : undefined;
      return next === undefined ? { objects } : { objects, next };
    });
  }

  async delete(name: ObjectName, signal: AbortSignal): Promise<void> {
    await this.remove({ bucket: name.bucket, key: name.key }, signal);
  }

  async remove(request: RemoveRequest, signal: AbortSignal): Promise<Removed> {
    checkName(request);
    checkVersion(request.versionId);
    const { catalogue, calls, keeper } = this.#ground;
    const condition = request.ifMatch === undefined ? {} : { ifMatch: request.ifMatch };
    return await calls.run(`delete ${objectLabel(request)}`, signal, async () => {
      const doomedFiles = await catalogue.change(signal, () => {
        catalogue.requireBucket(request.bucket);
        checkCondition(catalogue, request, condition);
        return catalogue.dropObject(request);
      });
      await keeper.remove(doomedFiles, signal);
      return {};
    });
  }

  /** Resolves when the calls that are running have ended. Bodies that are still being read may go on or fail. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    const { calls, keeper, catalogue } = this.#ground;
    await calls.close();
    try {
      await keeper.close(new AbortController().signal);
    } catch (error) {
      throw storeError(error, 'be closed in good order', this.name);
    } finally {
      catalogue.close();
    }
  }
}
