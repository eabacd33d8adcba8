import { segmentCount, streamLength } from '../../format/schedule.ts';
import type { StreamParameters } from '../../format/stream-parameters.ts';
import type {
  ObjectAttributes,
  ObjectName,
  ObjectStore,
  StoredObject,
  WriteCondition,
} from '../../objects/object-store.ts';
import type { Source } from '../../sources/source.ts';
import type { FramePool } from '../../workers/frame-pool.ts';
import type { StreamToWrite, WriteOptions } from '../seal-stream.ts';
import type { UploadTarget } from '../uploads/part-sender.ts';
import type { UploadOptions } from '../uploads/upload-options.ts';
import type { IntakeMemory } from './intake-memory.ts';

/** What a stream that was sealed is, before anybody can see it. */
export interface ContentFacts {
  readonly contentLength: number;
  /** Of the whole stream, as the store will have it. */
  readonly sizeBytes: number;
  /** 16 bytes. */
  readonly streamId: Uint8Array;
  /** 32 bytes. */
  readonly streamDigest: Uint8Array;
  /** 16 bytes: the salt of the FINAL segment. */
  readonly finalSalt: Uint8Array;
  readonly parameters: StreamParameters;
  /** True if the object goes to the store in one request, so that metadata can still be added to it. */
  readonly whole: boolean;
}

export type StoredContent = ContentFacts & StoredObject;

export interface ContentRequest {
  /** The content, of a known size. Closed at the end. */
  readonly source: Source;
  readonly store: ObjectStore;
  /** Where the object goes. */
  readonly object: ObjectName;
  readonly attributes?: ObjectAttributes | undefined;
  readonly condition?: WriteCondition | undefined;
  /** Keys, names and sizes of the stream. It is not compressed. */
  readonly write: Omit<WriteOptions, 'zstd'>;
  /**
   * Where an upload of many parts is written down, so that whoever sweeps finds what this process leaves if it is killed.
   * Nobody can go on with it: its content came once.
   */
  readonly uploads?: Pick<UploadOptions, 'manifest' | 'owner' | 'leaseMs' | 'clock' | 'onEvent'> | undefined;
  /** Sees the content as it comes, in order. Its memory is used again when the promise has settled. */
  readonly observe?: ((content: Uint8Array) => Promise<void>) | undefined;
  /**
   * Asked once, when all content has come and before anybody can see the object: what it throws refuses the content, and
   * nothing of it stays. It may give metadata to be added, where `whole` says so.
   */
  readonly accept?:
    | ((facts: ContentFacts, signal: AbortSignal) => Promise<Readonly<Record<string, string>> | undefined>)
    | undefined;
}

export interface IntakeMachine {
  readonly pool: FramePool;
  readonly memory: IntakeMemory;
}

export function targetOf(
  request: ContentRequest,
  attributes: ObjectAttributes = request.attributes ?? {},
): UploadTarget {
  const { store, object, condition = {} } = request;
  return { store, object, attributes, condition };
}

export function factsOf(
  { parameters, header }: StreamToWrite,
  contentLength: number,
  streamDigest: Uint8Array,
  finalSalt: Uint8Array,
): ContentFacts {
  return {
    contentLength,
    sizeBytes: streamLength(parameters, contentLength),
    streamId: header.core.streamId,
    streamDigest,
    finalSalt,
    parameters,
    whole: segmentCount(parameters, contentLength) === 1,
  };
}
