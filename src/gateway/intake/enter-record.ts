import type { ObjectRecord } from '../../crypto/object-record.ts';
import { toHex } from '../../format/bytes.ts';
import type { ContentFacts } from '../../pipelines/intake/content-request.ts';
import type { OperationCall } from '../operation-call.ts';
import { opaqueEtag } from '../reading/opaque-etag.ts';
import type { VerifiedContent } from './request-content.ts';

/** So long the table is waited for. An answer that comes later finds a client that has given up. */
const enterLimitMs = 20_000;

/** What is known of content before the store has answered: all of a record, but for an ETag that depends on the store's. */
export type UnnamedRecord = Omit<ObjectRecord, 'etag'> & { readonly md5: string | undefined };

export function recordOf(facts: ContentFacts, { checksum, digests }: VerifiedContent, withMd5: boolean): UnnamedRecord {
  const { sizeBytes, streamId, contentLength, parameters, streamDigest, finalSalt } = facts;
  const md5 = withMd5 ? digests.get('MD5') : undefined;
  return {
    sizeBytes,
    streamId,
    contentLength,
    parameters,
    streamDigest,
    finalSalt,
    partCount: 0,
    checksums: checksum === undefined ? {} : { [checksum.algorithm]: checksum.value },
    md5: md5 === undefined ? undefined : toHex(md5),
  };
}

/**
 * Enters the record of an object that stands. The object is there whether that succeeds or not, so that the client is
 * not told of a failure: it would take a conditional write that was made for one that was not. What it must never be
 * told is an ETag that the object will not have: without a record in the table or beside the object, every reader takes
 * the opaque one, and so does the answer.
 *
 * @param isBeside true if the object carries the record itself
 * @returns the ETag to answer with
 */
export async function enterRecord(
  { ground, bucket, key }: Pick<OperationCall, 'ground' | 'bucket' | 'key'>,
  storedEtag: string,
  { md5, ...unnamed }: UnnamedRecord,
  isBeside: boolean,
): Promise<string> {
  const etag = md5 ?? opaqueEtag(storedEtag);
  const record: ObjectRecord = { ...unnamed, etag };
  try {
    // Not as long as the client waits: who has sent all of it may be gone, and the object stands.
    await ground.records.write({ bucket, key, etag: storedEtag }, record, AbortSignal.timeout(enterLimitMs));
    return etag;
  } catch (error) {
    ground.onTrouble?.(`The record of ${bucket}/${key} could not be written`, error);
    return isBeside ? etag : opaqueEtag(storedEtag);
  }
}
