// The library's doorway: what is exported here, and nothing else, is the public interface.

export { type ErrorCode, type FailureCode, isRefusal, type RefusalCode, SealpartError } from './errors.ts';
export { type FramePreset, framePresets } from './format/profile.ts';
export { type DigestAlg, digestAlgs, type Suite, suites } from './format/stream-parameters.ts';
export type { Identity } from './keys/identity.ts';
export { keyFileIdentity, keyFileRecipient } from './keys/key-file.ts';
export {
  formatIdentity,
  formatPublicKey,
  formatSymmetricKey,
  parseIdentityFile,
  parseKeyFile,
  parseOriginKeyFile,
  parsePassphraseFile,
  parsePublicKey,
} from './keys/key-text.ts';
export type { KmsClient } from './keys/kms-client.ts';
export { kmsIdentity } from './keys/kms-identity.ts';
export { kmsRecipient } from './keys/kms-recipient.ts';
export type { ReaderKeys } from './keys/open-header.ts';
export { passphraseIdentity, passphraseRecipient } from './keys/passphrase.ts';
export type { Recipient } from './keys/recipient.ts';
export { x25519Identity, x25519Recipient } from './keys/x25519.ts';
export { generateX25519Key } from './keys/x25519-keys.ts';
export type { HostKeys } from './manifest/host-keys.ts';
export type { Manifest } from './manifest/manifest.ts';
export { createMemoryManifest } from './manifest/memory-manifest.ts';
export type { ObjectRecordItem, ObjectRecords, RecordedObject } from './manifest/object-records.ts';
export { openHostKeys } from './manifest/open-host-keys.ts';
export { openSqliteManifest, type SqliteManifestOptions } from './manifest/sqlite/open-sqlite-manifest.ts';
export type { UploadItem, UploadManifest, UploadState } from './manifest/upload-manifest.ts';
export { type DirectoryStoreOptions, openDirectoryStore } from './objects/directory/open-directory-store.ts';
export type { ObjectHead, ObjectName, ObjectStore, StoreLimits } from './objects/object-store.ts';
export { decryptBytes, encryptBytes } from './one-shot.ts';
export type { ContentRange, RangeRequest } from './pipelines/content-range.ts';
export { type DecryptRangeRequest, decryptRange } from './pipelines/decrypt-range.ts';
export {
  type DecryptRequest,
  type DecryptResult,
  decryptStream,
  type ReadOptions,
} from './pipelines/decrypt-stream.ts';
export { type EncryptRequest, type EncryptResult, encryptStream } from './pipelines/encrypt-stream.ts';
export { exportObject, type GetRequest, getObject, getObjectRange } from './pipelines/get-object.ts';
export type { KnownObject } from './pipelines/known-object.ts';
export type { MemoryPlan } from './pipelines/memory-plan.ts';
export type { ObjectReadOptions } from './pipelines/object-input.ts';
export { type PutRequest, type PutResult, putObject } from './pipelines/put-object.ts';
export type { RunOptions } from './pipelines/run-options.ts';
export type { WriteOptions } from './pipelines/seal-stream.ts';
export { Telemetry, type TelemetrySnapshot } from './pipelines/telemetry.ts';
export { type AbortRequest, abortUpload } from './pipelines/uploads/abort-upload.ts';
export { type ResumeRequest, resumeUpload } from './pipelines/uploads/resume-upload.ts';
export { type SweepRequest, type SweepResult, sweepUploads } from './pipelines/uploads/sweep-uploads.ts';
export type { UploadEvent, UploadOptions } from './pipelines/uploads/upload-options.ts';
export { verifyObjectStructure } from './pipelines/verify-object.ts';
export { type StructureReport, verifyStructure } from './pipelines/verify-structure.ts';
export { createFileSink, type FileSinkOptions } from './sinks/file-sink.ts';
export { MemorySink } from './sinks/memory-sink.ts';
export { NullSink } from './sinks/null-sink.ts';
export type { Sink } from './sinks/sink.ts';
export { createStreamSink } from './sinks/stream-sink.ts';
export { listLeftovers, removeLeftovers } from './sinks/temporary-name.ts';
export { openFileSource, openSeekableFile } from './sources/file-source.ts';
export { createMemorySource } from './sources/memory-source.ts';
export type { SeekableSource, Source } from './sources/source.ts';
export { createStreamSource } from './sources/stream-source.ts';
export { createFramePool, type FramePool } from './workers/frame-pool.ts';
