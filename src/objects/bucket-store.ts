import type { ListedObject, ObjectName, ObjectStore, StoredEtag } from './object-store.ts';

export interface ListedBucket {
  readonly name: string;
  readonly createdMs: number;
}

export interface BucketPage {
  /** Ascending by name. */
  readonly buckets: readonly ListedBucket[];
  /** Give it as `startAfter` for the next page; absent on the last one. */
  readonly next?: string;
}

/** Where a listing of keys begins. A token is a store's own, and good for a listing of the same prefix and delimiter. */
export type KeyPosition =
  /** After a key; if that is a common prefix, after all keys that it stands for. */
  | { readonly kind: 'after'; readonly key: string }
  /** After a key, or after all keys that a common prefix stands for: what ListObjects calls a marker. */
  | { readonly kind: 'marker'; readonly marker: string }
  | { readonly kind: 'token'; readonly token: string };

export interface KeyListRequest {
  readonly bucket: string;
  readonly prefix: string;
  /** Keys that have it behind the prefix are told of by what they have up to it, once. Any text. */
  readonly delimiter?: string | undefined;
  readonly from?: KeyPosition | undefined;
  /** Keys and common prefixes together, 0 to 1,000. */
  readonly limit: number;
}

export interface ListedKey extends ListedObject {
  /** `STANDARD` where the store says nothing else. */
  readonly storageClass?: string;
}

export interface KeyPage {
  /** Ascending by the bytes of their keys, and so are the common prefixes. */
  readonly objects: readonly ListedKey[];
  readonly commonPrefixes: readonly string[];
  /** Present if there is more: a token, and the marker that goes on from the same place. */
  readonly next?: { readonly token: string; readonly marker: string };
}

export interface VersionListRequest {
  readonly bucket: string;
  readonly prefix: string;
  readonly delimiter?: string | undefined;
  readonly keyMarker?: string | undefined;
  readonly versionIdMarker?: string | undefined;
  readonly limit: number;
}

/** A version of an object, or a mark that says that it was deleted. */
export type ListedVersion = {
  readonly key: string;
  /** `null` for what was written while the bucket kept no versions. */
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly lastModifiedMs: number;
} & (
  | (StoredEtag & { readonly deleteMarker?: false; readonly sizeBytes: number; readonly storageClass?: string })
  | { readonly deleteMarker: true }
);

export interface VersionPage {
  /** Ascending by key, the newest of each first. */
  readonly versions: readonly ListedVersion[];
  readonly commonPrefixes: readonly string[];
  readonly next?: { readonly keyMarker: string; readonly versionIdMarker?: string };
}

export interface RemoveRequest extends ObjectName {
  readonly versionId?: string | undefined;
  /** The ETag that the object must have; `precondition` if it has another. */
  readonly ifMatch?: string | undefined;
  readonly bypassGovernance?: boolean | undefined;
}

/** What a removal has made or taken away, where the store keeps versions. */
export interface Removed {
  readonly versionId?: string;
  /** True if the newest version is now a mark of deletion, or what was removed was one. */
  readonly deleteMarker?: boolean;
}

/** An operation that has nothing to do with objects' data, as it was asked for. */
export interface NamedRequest {
  /** As the model of S3's API calls it: `PutBucketTagging`. */
  readonly operation: string;
  readonly method: string;
  readonly bucket: string;
  readonly key?: string | undefined;
  /** Decoded; a selector without a value has an empty one. */
  readonly query: ReadonlyMap<string, string>;
  /** x-amz- headers, Content-Type and Content-MD5; names in lower case, one character a byte. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most 1 MiB, well-formed; empty for none. */
  readonly body: Uint8Array;
}

export interface NamedAnswer {
  /** 2xx. */
  readonly status: number;
  /** Names in lower case. What is about the connection or the request's own id is left out. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * An object store with everything that clients of S3 ask of buckets. What it refuses has the store's own word in
 * `SealpartError.said`; a store that does not have an operation fails with `bad-parameters` and `NotImplemented`.
 */
export interface BucketStore extends ObjectStore {
  listBuckets(
    request: { readonly prefix?: string; readonly startAfter?: string; readonly limit?: number },
    signal: AbortSignal,
  ): Promise<BucketPage>;
  listKeys(request: KeyListRequest, signal: AbortSignal): Promise<KeyPage>;
  listVersions(request: VersionListRequest, signal: AbortSignal): Promise<VersionPage>;
  /** Removing what is not there is no error, unless it is a version or has a condition. */
  remove(request: RemoveRequest, signal: AbortSignal): Promise<Removed>;
  /** Has an operation of the table done that is forwarded by name. */
  ask(request: NamedRequest, signal: AbortSignal): Promise<NamedAnswer>;
}
