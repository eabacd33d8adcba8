import type { ObjectRecord } from '../../crypto/object-record.ts';
import { equalBytes, toHex } from '../../format/bytes.ts';
import { layouts } from '../../format/stream-parameters.ts';
import type { ReaderKeys } from '../../keys/open-header.ts';
import type { ObjectHead, ObjectName, ObjectStore } from '../../objects/object-store.ts';
import { decryptStream } from '../../pipelines/decrypt-stream.ts';
import { firstReadBytes, openObjectInput } from '../../pipelines/object-input.ts';
import type { RunOptions } from '../../pipelines/run-options.ts';
import { Md5Sink } from './md5-sink.ts';
import type { RecordBook } from './record-book.ts';
import { WatchedInput } from './watched-input.ts';

export interface ReindexRequest extends Pick<RunOptions, 'pool' | 'workers' | 'memoryBytes' | 'telemetry'> {
  readonly store: ObjectStore;
  readonly object: ObjectName;
  readonly book: RecordBook;
  /** With the name that the object must be bound to. */
  readonly access: ReaderKeys;
  /** The ETag of content whose own is not known any more. */
  readonly etags: 'md5' | 'opaque';
}

export interface ReindexedObject {
  readonly record: ObjectRecord;
  /** True if the ETag that clients were told is still known: that of content, or that of a record. */
  readonly keepsEtag: boolean;
}

/**
 * Reads an object whole, verifies it, and writes its record anew. What a record that is still there says of ETag and
 * checksums stays, if it is about the stream that was read.
 *
 * @throws SealpartError as decryptStream, and what store and book throw; `bad-magic` for what is no stream
 */
export async function reindexObject(request: ReindexRequest, signal: AbortSignal): Promise<ReindexedObject> {
  const { store, object, book, etags } = request;
  let head: ObjectHead | undefined;
  const onHead = (answered: ObjectHead): void => {
    head = answered;
  };
  const input = await openObjectInput(store, object, firstReadBytes, { onHead }, signal);
  try {
    const watched = new WatchedInput(input);
    const sink = new Md5Sink();
    const { access, pool, workers, memoryBytes, telemetry } = request;
    const run = { access, pool, workers, memoryBytes, telemetry };
    const { contentLength, streamDigest } = await decryptStream({ ...run, input: watched, sink }, signal);
    const { header, final, partCount } = await watched.ends(signal);
    // There is no stream in an object that the store says is empty.
    const { etag, sizeBytes, metadata } = head!;
    const { parameters, streamId } = header.core;
    const isMd5 = etags === 'md5' && parameters.layout === layouts.scheduled;
    const made = {
      sizeBytes,
      streamId,
      contentLength,
      etag: isMd5 ? sink.digest : opaqueEtag(streamDigest, partCount),
      checksums: {},
      parameters,
      streamDigest: new Uint8Array(streamDigest),
      finalSalt: final.salt,
      partCount,
    };
    const state = { bucket: object.bucket, key: object.key, etag, sizeBytes };
    const known = await book.read({ ...state, metadata }, signal);
    const isKnown = known !== undefined && describesSame(known, made);
    const record = isKnown
      ? { ...made, etag: known.etag, checksums: known.checksums, partCount: known.partCount }
      : made;
    await book.write(state, record, signal);
    return { record, keepsEtag: isKnown || isMd5 };
  } finally {
    await input.close();
  }
}

/**
 * An ETag that is none of S3's: nobody takes it for an MD5 of the content, and it is the same whoever makes it, whenever.
 * The stream digest tells nothing about the content.
 */
function opaqueEtag(streamDigest: Uint8Array, partCount: number): string {
  return `${toHex(streamDigest.subarray(0, 16))}-${Math.max(1, partCount)}`;
}

function describesSame(known: ObjectRecord, made: ObjectRecord): boolean {
  return (
    known.contentLength === made.contentLength &&
    equalBytes(known.streamId, made.streamId) &&
    equalBytes(known.streamDigest, made.streamDigest) &&
    equalBytes(known.finalSalt, made.finalSalt)
  );
}
