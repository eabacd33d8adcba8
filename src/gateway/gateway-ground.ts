import type { ReaderKeys } from '../keys/open-header.ts';
import type { Recipient } from '../keys/recipient.ts';
import type { UploadManifest } from '../manifest/upload-manifest.ts';
import type { BucketStore } from '../objects/bucket-store.ts';
import type { IntakeMemory } from '../pipelines/intake/intake-memory.ts';
import type { WriteOptions } from '../pipelines/seal-stream.ts';
import type { Owner } from '../s3-protocol/xml/listed-elements.ts';
import type { FramePool } from '../workers/frame-pool.ts';
import type { ContentHashing } from './hashing/content-hashing.ts';
import type { RecordBook } from './records/record-book.ts';

/** What all operations of a gateway share. */
export interface GatewayGround {
  readonly store: BucketStore;
  readonly records: RecordBook;
  /** Head rows of the gateway's own multipart uploads. */
  readonly uploads: UploadManifest;
  /** Threads that encrypt and decrypt, and their memory. */
  readonly pool: FramePool;
  /** The part of that memory that content comes in through. */
  readonly intake: IntakeMemory;
  /** Memory for what was read of objects and may be of use again; 32 MiB unless told. */
  readonly readCacheBytes?: number;
  /** Threads that hash content. */
  readonly hashing: ContentHashing;
  /** For whom objects are written. */
  readonly recipients: readonly Recipient[];
  /** What objects are opened with; the name is added for each. */
  readonly access: Omit<ReaderKeys, 'objectName'>;
  /** What a writer chooses beside keys and names: digest, suite. */
  readonly writing: Omit<WriteOptions, 'recipients' | 'objectName' | 'context' | 'originKey'> &
    Pick<WriteOptions, 'originKey'>;
  /** ETags of new objects: MD5 of the content, as S3's own, or opaque ones. */
  readonly etags: 'md5' | 'opaque';
  /** What becomes of objects that are no streams. */
  readonly plaintext: 'refuse' | 'pass';
  /** False to keep bucket and key out of stream headers. */
  readonly namesInContext: boolean;
  readonly region: string;
  readonly owner: Owner;
  /** The name that objects of a bucket are bound to, which replicas of it share. */
  logicalBucket(bucket: string): string;
  /** Milliseconds since 1970. */
  clock(): number;
  /** Told of what went wrong and is nobody's answer: a record that could not be written, an upload that is left. */
  onTrouble?(what: string, error: unknown): void;
}
