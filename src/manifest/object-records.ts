import type { ObjectName } from '../objects/object-store.ts';

/** Which version of which object a record is about: each write has an ETag of its own, so that their order is all one. */
export interface RecordedObject extends ObjectName {
  /** The store's, without quotes. */
  readonly etag: string;
}

/** What is known of an object, sealed: its reader opens it, a table has no keys. */
export interface ObjectRecordItem extends RecordedObject {
  /** As the store has it: with headers and frames. */
  readonly sizeBytes: number;
  /** 16 bytes. */
  readonly streamId: Uint8Array;
  /** crypto/object-record.ts. */
  readonly record: Uint8Array;
  readonly writtenMs: number;
}

/**
 * Records of objects, so that sizes and ETags of content need not be read from the objects. Losing them costs requests
 * and ETags, never content. When a method that writes has resolved, its effect survives a loss of power.
 *
 * All methods fail with SealpartError: `manifest` if the database fails or was closed, `manifest-corrupt`, `aborted`.
 */
export interface ObjectRecords {
  /** What to call them in messages. */
  readonly name: string;
  /**
   * The first item: a stream header without a stream, of whose key all records are sealed with keys. If there is none,
   * `make`'s is entered; if another process was faster, its.
   */
  keyItem(make: () => Promise<Uint8Array>, signal: AbortSignal): Promise<Uint8Array>;
  /** In the order that they were asked for; those that are not there are undefined. One statement for up to 1,000. */
  find(objects: readonly RecordedObject[], signal: AbortSignal): Promise<(ObjectRecordItem | undefined)[]>;
  /** Enters a record, in place of the one that stood there. */
  put(item: ObjectRecordItem, signal: AbortSignal): Promise<void>;
  /** Those that are not there are no error. */
  remove(objects: readonly RecordedObject[], signal: AbortSignal): Promise<void>;
  /** All records of a bucket whose keys begin so, ascending by the bytes of their keys. */
  list(
    query: { readonly bucket: string; readonly prefix?: string },
    signal: AbortSignal,
  ): AsyncIterable<ObjectRecordItem>;
}
