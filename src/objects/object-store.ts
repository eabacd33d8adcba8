/** What a store demands of those who write to it. Sizes in bytes. */
export interface StoreLimits {
  /** The least a part that is not the last may have. */
  readonly minPartBytes: number;
  /** The most a part may have. */
  readonly maxPartBytes: number;
  /** The most parts an upload may have; also the highest part number. */
  readonly maxParts: number;
  /** True if all parts but the last must have one size. */
  readonly equalParts: boolean;
  /** True if put honours `ifNoneMatch`. */
  readonly conditionalPut: boolean;
  /** True if completeMultipart honours `ifNoneMatch`. */
  readonly conditionalComplete: boolean;
  /** True if completeMultipart refuses a part list with an ETag that is not the stored part's. */
  readonly checksEtags: boolean;
  /** True if uploadPart and put compare a checksum that they are given with what arrived. */
  readonly checksums: boolean;
}

/** What is kept beside an object's bytes and given back by head and get. */
export interface ObjectAttributes {
  /** Names are lower case; values are printable. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * Headers by their names in lower case. Kept, and given back by head and get: `content-type`, `cache-control`,
   * `content-disposition`, `content-encoding`, `content-language`, `expires`, `x-amz-storage-class`. What else a writer
   * gives (`x-amz-acl`, `x-amz-grant-…`, `x-amz-object-lock-…`, `x-amz-server-side-encryption`) tells the store what to
   * do with the object; one that cannot do it refuses the write with `bad-parameters`.
   */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A write that happens only if no object stands there yet, or only if this one still stands there. */
export interface WriteCondition {
  readonly ifNoneMatch?: '*';
  /** The ETag that the object must have; `not-found` if there is none, `precondition` if it has another. */
  readonly ifMatch?: string;
}

export interface ObjectName {
  readonly bucket: string;
  readonly key: string;
}

export interface UploadName extends ObjectName {
  readonly uploadId: string;
}

/** An ETag as the store gave it, without quotes. */
export interface StoredEtag {
  readonly etag: string;
}

/** What a write has made: the version too, where the store keeps versions of the bucket's objects. */
export interface StoredObject extends StoredEtag {
  readonly versionId?: string;
}

/** A part as the store holds it. */
export interface StoredPart extends StoredEtag {
  readonly partNumber: number;
  readonly sizeBytes: number;
}

/** One part as completeMultipart is told of it. */
export interface ListedPart extends StoredEtag {
  readonly partNumber: number;
}

export interface ObjectHead extends StoredEtag {
  readonly sizeBytes: number;
  readonly lastModifiedMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** Empty if the request said that they are not wanted: then `tagCount` tells how many there are. */
  readonly tags: Readonly<Record<string, string>>;
  readonly tagCount?: number;
  /** As ObjectAttributes has them, and what the store says besides (`x-amz-object-lock-…`, `x-amz-restore`). */
  readonly headers?: Readonly<Record<string, string>>;
  /** The version that this is, where the store keeps versions of the bucket's objects. */
  readonly versionId?: string;
  /** Sizes of the parts it was completed from, in order; absent for an object that was put whole, or if unknown. */
  readonly partSizesBytes?: readonly number[];
}

/**
 * Which bytes of an object, both ends counted, or its last ones; the store answers `bad-range` if `first` is not inside
 * the object, or the object is empty.
 */
export type ByteRange = { readonly first: number; readonly last: number } | { readonly suffixBytes: number };

export interface HeadRequest extends ObjectName {
  /** This version of it. Where a store keeps none, the only one is called `null`, and there is no other. */
  readonly versionId?: string;
  /** False if nobody wants the tags, which some stores tell by a request of their own only. */
  readonly withTags?: boolean;
}

export interface GetRequest extends HeadRequest {
  readonly range?: ByteRange;
  /** Answers `precondition` if the object is not this one any more. */
  readonly ifMatch?: string;
}

export interface ObjectBody {
  /** Of the whole object, also where a range of it was asked for. */
  readonly head: ObjectHead;
  /** Reads the next bytes of the answer into `target`: fewer than its length only at the end. */
  read(target: Uint8Array, signal: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

export interface ListRequest {
  readonly bucket: string;
  readonly prefix?: string;
  /** Only keys after this one, in the order of their UTF-8 bytes. */
  readonly startAfter?: string;
  /** At most so many; 1,000 unless told. */
  readonly limit?: number;
}

export interface ListedObject extends StoredEtag {
  readonly key: string;
  readonly sizeBytes: number;
  readonly lastModifiedMs: number;
}

export interface ListPage {
  readonly objects: readonly ListedObject[];
  /** Give it as `startAfter` for the next page; absent on the last one. */
  readonly next?: string;
}

export interface ListedUpload extends UploadName {
  readonly initiatedMs: number;
}

/** Bytes to be stored one after the other, and their CRC-32, which a store with `limits.checksums` compares. */
export interface CheckedBytes {
  readonly pieces: readonly Uint8Array[];
  readonly crc32: number;
}

/** Bytes of a part or an object: one view, or several to be stored one after the other. */
export type BodyBytes = Uint8Array | readonly Uint8Array[] | CheckedBytes;

/**
 * An object store, of which this library asks S3's multipart semantics and nothing that only one of them has.
 *
 * Names are opaque: any key of 1 to 1,024 UTF-8 bytes is as good as any other, `..`, `//` and `a` beside `a/b`
 * included. Every method takes an AbortSignal and fails with SealpartError: `not-found` (the bucket, the object, the
 * upload), `bad-name`, `bad-range`, `precondition`, `conflict`, `invalid-part`, `exists` (a bucket), `denied`,
 * `aborted`, else `store`. A write that failed or was cancelled may have happened, but never by half.
 */
export interface ObjectStore {
  /** What to call it in messages: `dir:/srv/objects`. */
  readonly name: string;
  readonly limits: StoreLimits;

  createBucket(bucket: string, signal: AbortSignal): Promise<void>;

  createMultipart(name: ObjectName, attributes: ObjectAttributes, signal: AbortSignal): Promise<{ uploadId: string }>;
  /** Stores a part, or stores it again: the last one stored counts. The body is not read after the call has settled. */
  uploadPart(upload: UploadName, partNumber: number, body: BodyBytes, signal: AbortSignal): Promise<StoredEtag>;
  /** The parts that are stored, ascending by number. */
  listParts(upload: UploadName, signal: AbortSignal): AsyncIterable<StoredPart>;
  listUploads(bucket: string, signal: AbortSignal): AsyncIterable<ListedUpload>;
  /** Makes the object of the parts listed, ascending by number; parts not listed are forgotten. */
  completeMultipart(
    upload: UploadName,
    parts: readonly ListedPart[],
    condition: WriteCondition,
    signal: AbortSignal,
  ): Promise<StoredObject>;
  abortMultipart(upload: UploadName, signal: AbortSignal): Promise<void>;

  put(
    name: ObjectName,
    body: BodyBytes,
    attributes: ObjectAttributes,
    condition: WriteCondition,
    signal: AbortSignal,
  ): Promise<StoredObject>;
  get(request: GetRequest, signal: AbortSignal): Promise<ObjectBody>;
  head(name: HeadRequest, signal: AbortSignal): Promise<ObjectHead>;
  list(request: ListRequest, signal: AbortSignal): Promise<ListPage>;
  /** Deleting what is not there is no error. */
  delete(name: ObjectName, signal: AbortSignal): Promise<void>;

  close(): Promise<void>;
}
