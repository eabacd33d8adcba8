import { CompleteMultipartUploadCommand } from '@aws-sdk/client-s3';
import { SealpartError } from '../../errors.ts';
import { objectLabel } from '../directory/names.ts';
import type { ListedPart, StoredEtag, UploadName, WriteCondition } from '../object-store.ts';
import { checkPartList } from '../part-list.ts';
import { checkCompletion, explainRefusal } from './check-completion.ts';
import { bareEtag, quotedEtag } from './etag.ts';
import { unreadableAnswer } from './failure.ts';
import { listParts } from './list-parts.ts';
import type { S3Ground } from './store-ground.ts';

/**
 * Makes the object of its parts.
 *
 * An answer that is cut off or says nothing leaves open whether it was made. It is asked for again, which most stores
 * answer as if it were the first time; some have forgotten the upload by then. What stays open the message says, and
 * only reading the object settles it.
 */
export async function completeUpload(
  ground: S3Ground,
  upload: UploadName,
  parts: readonly ListedPart[],
  condition: WriteCondition,
  signal: AbortSignal,
): Promise<StoredEtag> {
  checkPartList(parts, ground.limits.maxParts, objectLabel(upload));
  const checksums = await findChecksums(ground, upload, parts, signal);
  const listed = parts.map(({ partNumber, etag }, index) => ({
    PartNumber: partNumber,
    ETag: quotedEtag(etag),
    ...(checksums[index] === undefined ? {} : { ChecksumCRC32: checksums[index] }),
  }));
  try {
    const etag = await sendList(ground, upload, listed, condition, signal);
    await checkCompletion(ground, upload, etag, signal);
    ground.checksums.forget(upload.uploadId);
    return { etag };
  } catch (error) {
    throw await explainRefusal(ground, upload, error, signal);
  }
}

async function sendList(
  ground: S3Ground,
  upload: UploadName,
  listed: readonly { readonly PartNumber: number; readonly ETag: string }[],
  condition: WriteCondition,
  signal: AbortSignal,
): Promise<string> {
  const { bucket, key, uploadId } = upload;
  const input = {
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    MultipartUpload: { Parts: [...listed] },
    ...(condition.ifNoneMatch === undefined ? {} : { IfNoneMatch: condition.ifNoneMatch }),
  };
  const answer = await ground.caller.run(signal, {
    doing: `complete ${objectLabel(upload)}`,
    subject: { bucket, key, uploadId },
    changes: true,
    send: (client, abortSignal) => client.send(new CompleteMultipartUploadCommand(input), { abortSignal }),
    refuse: ({ ETag, $metadata }) => {
      if (bareEtag(ETag ?? '') !== '') return undefined;
      const requestId = $metadata.requestId === undefined ? {} : { requestId: $metadata.requestId };
      return { status: 200, code: unreadableAnswer, message: 'it told no ETag', headers: {}, ...requestId };
    },
  });
  return bareEtag(answer.ETag!);
}

/** The checksums of the parts, as far as they can be known: for those that another process stored, the store is asked. */
async function findChecksums(
  ground: S3Ground,
  upload: UploadName,
  parts: readonly ListedPart[],
  signal: AbortSignal,
): Promise<(string | undefined)[]> {
  const find = () =>
    parts.map(({ partNumber, etag }) => ground.checksums.find(upload.uploadId, partNumber, bareEtag(etag)));
  if (!ground.limits.checksums) return [];
  const known = find();
  if (!known.includes(undefined)) return known;
  try {
    // What is listed is noted.
    for await (const _ of listParts(ground, upload, signal));
  } catch (error) {
    // An upload that was completed before is asked to be so again: what becomes of that only its answer says.
    if (!(error instanceof SealpartError && error.code === 'not-found')) throw error;
  }
  return find();
}
