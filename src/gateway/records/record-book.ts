import type { ObjectRecord } from '../../crypto/object-record.ts';
import type { ObjectName } from '../../objects/object-store.ts';

/** Which object, and what the store says of it. `bucket` is the store's name of it. */
export interface StoredState extends ObjectName {
  readonly etag: string;
  readonly sizeBytes: number;
  /** The object's metadata, where it is at hand: a record can stand in it. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly lastModifiedMs?: number | undefined;
}

/** The name of the metadata that a record stands in. */
export const recordMetadataName = 'sealpart-record';

/** The records of objects, opened. What does not open, or is about another state of the object, is no record. */
export interface RecordBook {
  /** The value for an object's own metadata: base64url, under 400 bytes. */
  sealForMetadata(object: ObjectName, record: ObjectRecord): string;
  /** Durable when it resolves. */
  write(object: ObjectName & { readonly etag: string }, record: ObjectRecord, signal: AbortSignal): Promise<void>;
  /**
   * The record of this state: out of its metadata, out of what was read before, or out of the table, which is asked once
   * more if the object is younger than 5 s.
   */
  read(state: StoredState, signal: AbortSignal): Promise<ObjectRecord | undefined>;
  /** As `read`, by one request to the table. */
  readMany(states: readonly StoredState[], signal: AbortSignal): Promise<(ObjectRecord | undefined)[]>;
  forget(objects: readonly (ObjectName & { readonly etag: string })[], signal: AbortSignal): Promise<void>;
}
