import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
} from '@aws-sdk/client-s3';
import { SealpartError } from '../../errors.ts';
import { checkAttributes } from '../attribute-limits.ts';
import { checkBucketName, encodeKey, encodeKeyText, objectLabel, quoted } from '../directory/names.ts';
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
import { completeUpload } from './complete-upload.ts';
import { encodeTags } from './encode-tags.ts';
import { listObjects } from './list-objects.ts';
import { listParts } from './list-parts.ts';
import { listUploads } from './list-uploads.ts';
import { openObject } from './open-object.ts';
import { headOf } from './read-head.ts';
import { readTags } from './read-tags.ts';
import type { S3Body } from './s3-body.ts';
import type { S3Ground } from './store-ground.ts';
import { putObject, putPart } from './write-object.ts';

/** An object store that speaks S3. openS3Store opens it. */
export class S3Store implements ObjectStore {
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
    await this.#ground.caller.run<object>(signal, {
      doing: `make the bucket ${quoted(bucket)}`,
      subject: { bucket },
      changes: true,
      send: (client, abortSignal) => client.send(new CreateBucketCommand({ Bucket: bucket }), { abortSignal }),
      // Ours already, after an attempt whose answer was lost: that attempt made it, or it makes no difference.
      settle: ({ code }, afterDoubt) => (afterDoubt && code === 'BucketAlreadyOwnedByYou' ? {} : undefined),
    });
  }

  async createMultipart(
    name: ObjectName,
    attributes: ObjectAttributes,
    signal: AbortSignal,
  ): Promise<{ uploadId: string }> {
    checkName(name);
    checkAttributes(attributes, objectLabel(name));
    const tagging = encodeTags(attributes.tags);
    const input = {
      Bucket: name.bucket,
      Key: name.key,
      // Parts may carry a checksum only if the upload says so; of the whole object, so that completing needs none.
      ...(this.limits.checksums ? { ChecksumAlgorithm: 'CRC32' as const, ChecksumType: 'FULL_OBJECT' as const } : {}),
      ...(attributes.metadata === undefined ? {} : { Metadata: { ...attributes.metadata } }),
      ...(tagging === undefined ? {} : { Tagging: tagging }),
    };
    const { UploadId: uploadId } = await this.#ground.caller.run(signal, {
      doing: `begin an upload of ${objectLabel(name)}`,
      subject: name,
      changes: true,
      // A second upload of which only one id is known would take room for ever.
      once: true,
      send: (client, abortSignal) => client.send(new CreateMultipartUploadCommand(input), { abortSignal }),
    });
    if (uploadId !== undefined && uploadId !== '') return { uploadId };
    throw new SealpartError('store', `${this.name} began an upload of ${objectLabel(name)} without giving it an id.`);
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
  ): Promise<StoredEtag> {
    checkUpload(upload);
    return await completeUpload(this.#ground, upload, parts, condition, signal);
  }

  async abortMultipart(upload: UploadName, signal: AbortSignal): Promise<void> {
    checkUpload(upload);
    const { bucket, key, uploadId } = upload;
    const input = { Bucket: bucket, Key: key, UploadId: uploadId };
    await this.#ground.caller.run<object>(signal, {
      doing: `abort the upload of ${objectLabel(upload)}`,
      subject: { bucket, key, uploadId },
      changes: true,
      send: (client, abortSignal) => client.send(new AbortMultipartUploadCommand(input), { abortSignal }),
      settle: ({ code }, afterDoubt) => (afterDoubt && code === 'NoSuchUpload' ? {} : undefined),
    });
    this.#ground.checksums.forget(uploadId);
  }

  async put(
    name: ObjectName,
    body: BodyBytes,
    attributes: ObjectAttributes,
    condition: WriteCondition,
    signal: AbortSignal,
  ): Promise<StoredEtag> {
    checkName(name);
    return await putObject(this.#ground, name, body, attributes, condition, signal);
  }

  async get(request: GetRequest, signal: AbortSignal): Promise<ObjectBody> {
    checkName(request);
    return await openObject(this.#ground, request, signal, this.#bodies);
  }

  async head(name: ObjectName, signal: AbortSignal): Promise<ObjectHead> {
    checkName(name);
    const label = objectLabel(name);
    const input = { Bucket: name.bucket, Key: name.key };
    const answer = await this.#ground.caller.run(signal, {
      doing: `look up ${label}`,
      subject: name,
      changes: false,
      send: (client, abortSignal) => client.send(new HeadObjectCommand(input), { abortSignal }),
    });
    const tags = await readTags(this.#ground, name, answer, signal);
    return headOf(answer, answer.ContentLength, tags, { label, storeName: this.name });
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

  async delete(name: ObjectName, signal: AbortSignal): Promise<void> {
    checkName(name);
    const input = { Bucket: name.bucket, Key: name.key };
    await this.#ground.caller.run<object>(signal, {
      doing: `delete ${objectLabel(name)}`,
      subject: name,
      changes: true,
      send: (client, abortSignal) => client.send(new DeleteObjectCommand(input), { abortSignal }),
      // Some stores say so where S3 says that it is done.
      settle: ({ code }) => (code === 'NoSuchKey' ? {} : undefined),
    });
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

function checkName(name: ObjectName): void {
  checkBucketName(name.bucket);
  encodeKey(name.key);
}
