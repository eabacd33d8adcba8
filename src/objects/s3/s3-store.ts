import { SealpartError } from '../../errors.ts';
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
import { checkBucketName, encodeKey, encodeKeyText, objectLabel, quoted } from '../directory/names.ts';
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
import { askStore } from './ask-store.ts';
import { completeUpload } from './complete-upload.ts';
import { createBucket } from './create-bucket.ts';
import { createUpload } from './create-upload.ts';
import { headObject } from './head-object.ts';
import { listBuckets } from './list-buckets.ts';
import { listKeys } from './list-keys.ts';
import { listObjects } from './list-objects.ts';
import { listParts } from './list-parts.ts';
import { listUploads } from './list-uploads.ts';
import { listVersions } from './list-versions.ts';
import { openObject } from './open-object.ts';
import { removeObject } from './remove-object.ts';
import type { S3Body } from './s3-body.ts';
import { dropBody } from './signed/store-answer.ts';
import type { S3Ground } from './store-ground.ts';
import { putObject, putPart } from './write-object.ts';

/** The most keys that one answer may hold. */
const maxListed = 1000;

/** An object store that speaks S3. openS3Store opens it. */
export class S3Store implements BucketStore {
  readonly name: string;
  readonly limits: StoreLimits;
  readonly #ground: S3Ground;
  readonly #release: () => void;
  readonly #bodies = new Set<S3Body>();
  #closing: Promise<void> | undefined;

  /** `release` lets go of the connections; it is called once, when nothing uses them any more. */
  constructor(ground: S3Ground, release: () => void) {
    this.name = ground.name;
    this.limits = ground.limits;
    this.#ground = ground;
    this.#release = release;
  }

  async createBucket(bucket: string, signal: AbortSignal): Promise<void> {
    checkBucketName(bucket);
    await createBucket(this.#ground, bucket, signal);
  }

  async createMultipart(
    name: ObjectName,
    attributes: ObjectAttributes,
    signal: AbortSignal,
  ): Promise<{ uploadId: string }> {
    checkName(name);
    return await createUpload(this.#ground, name, attributes, signal);
  }

  async uploadPart(upload: UploadName, partNumber: number, body: BodyBytes, signal: AbortSignal): Promise<StoredEtag> {
    checkUpload(upload);
    return await putPart(this.#ground, upload, partNumber, body, signal);
  }

  async *listParts(upload: UploadName, signal: AbortSignal): AsyncIterable<StoredPart> {
    checkUpload(upload);
    yield* listParts(this.#ground, upload, signal);
  }

  async *listUploads(bucket: string, signal: AbortSignal): AsyncIterable<ListedUpload> {
    checkBucketName(bucket);
    yield* listUploads(this.#ground, bucket, signal);
  }

  async completeMultipart(
    upload: UploadName,
    parts: readonly ListedPart[],
    condition: WriteCondition,
    signal: AbortSignal,
  ): Promise<StoredObject> {
    checkUpload(upload);
    return await completeUpload(this.#ground, upload, parts, condition, signal);
  }

  async abortMultipart(upload: UploadName, signal: AbortSignal): Promise<void> {
    checkUpload(upload);
    const { bucket, key, uploadId } = upload;
    await this.#ground.caller.run(signal, {
      doing: `abort the upload of ${objectLabel(upload)}`,
      subject: { bucket, key, uploadId },
      changes: true,
      request: { method: 'DELETE', bucket, key, query: { uploadId } },
      read: async (answer) => {
        await dropBody(answer);
        return 'aborted';
      },
      settle: ({ code }, afterDoubt) => (afterDoubt && code === 'NoSuchUpload' ? 'aborted' : undefined),
    });
    this.#ground.checksums.forget(uploadId);
  }

  async put(
    name: ObjectName,
    body: BodyBytes,
    attributes: ObjectAttributes,
    condition: WriteCondition,
    signal: AbortSignal,
  ): Promise<StoredObject> {
    checkName(name);
    return await putObject(this.#ground, name, body, attributes, condition, signal);
  }

  async get(request: GetRequest, signal: AbortSignal): Promise<ObjectBody> {
    checkName(request);
    return await openObject(this.#ground, request, signal, this.#bodies);
  }

  async head(request: HeadRequest, signal: AbortSignal): Promise<ObjectHead> {
    checkName(request);
    return await headObject(this.#ground, request, signal);
  }

  async list(request: ListRequest, signal: AbortSignal): Promise<ListPage> {
    const { bucket, prefix = '', startAfter = '', limit = 1 } = request;
    checkBucketName(bucket);
    encodeKeyText(prefix);
    encodeKeyText(startAfter);
    if (!Number.isInteger(limit) || limit < 1)
      throw new RangeError(`limit must be a whole number over 0, got ${limit}`);
    return await listObjects(this.#ground, request, signal);
  }

  async listKeys(request: KeyListRequest, signal: AbortSignal): Promise<KeyPage> {
    checkBucketName(request.bucket);
    checkLimit(request.limit);
    for (const text of [request.prefix, request.delimiter ?? '']) encodeKeyText(text);
    const { from } = request;
    if (from?.kind === 'after') encodeKeyText(from.key);
    if (from?.kind === 'marker') encodeKeyText(from.marker);
    return await listKeys(this.#ground, request, signal);
  }

  async listVersions(request: VersionListRequest, signal: AbortSignal): Promise<VersionPage> {
    const { bucket, prefix, delimiter = '', keyMarker = '', limit } = request;
    checkBucketName(bucket);
    checkLimit(limit);
    for (const text of [prefix, delimiter, keyMarker]) encodeKeyText(text);
    return await listVersions(this.#ground, request, signal);
  }

  async listBuckets(
    request: { readonly prefix?: string; readonly startAfter?: string; readonly limit?: number },
    signal: AbortSignal,
  ): Promise<BucketPage> {
    encodeKeyText(request.prefix ?? '');
    return await listBuckets(this.#ground, request, signal);
  }

  async delete(name: ObjectName, signal: AbortSignal): Promise<void> {
    const { bucket, key } = name;
    await this.remove({ bucket, key }, signal);
  }

  async remove(request: RemoveRequest, signal: AbortSignal): Promise<Removed> {
    checkName(request);
    return await removeObject(this.#ground, request, signal);
  }

  async ask(request: NamedRequest, signal: AbortSignal): Promise<NamedAnswer> {
    const { bucket, key } = request;
    if (bucket !== '' || key !== undefined) checkBucketName(bucket);
    if (key !== undefined) encodeKey(key);
    return await askStore(this.#ground, request, signal);
  }

  /** Cancels the calls that run, ends the bodies that are read, and resolves when no connection is left. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await this.#ground.caller.close();
    await Promise.all([...this.#bodies].map((body) => body.close()));
    this.#release();
  }
}

/** Refuses ids that no store gives, because some look for them in the file system as they are. */
function checkUpload(upload: UploadName): void {
  checkName(upload);
  const { uploadId } = upload;
  if (!/^\.{0,2}$/.test(uploadId) && !uploadId.includes('/')) return;
  const which = `There is no upload ${quoted(uploadId)} of ${objectLabel(upload)}`;
  throw new SealpartError('not-found', `${which}: no upload is called so (NoSuchUpload).`);
}

function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 0 && limit <= maxListed) return;
  throw new RangeError(`limit must be a whole number from 0 to ${maxListed}, got ${limit}`);
}

function checkName(name: ObjectName): void {
  checkBucketName(name.bucket);
  encodeKey(name.key);
}
