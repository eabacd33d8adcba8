import { SealpartError } from '../../errors.ts';
import { objectLabel } from '../directory/names.ts';
import type { ListedPart, StoredObject, UploadName, WriteCondition } from '../object-store.ts';
import { checkPartList } from '../part-list.ts';
import { checkCompletion, explainRefusal } from './check-completion.ts';
import { conditionHeaders } from './condition-headers.ts';
import { documentBody } from './document-body.ts';
import { bareEtag, quotedEtag } from './etag.ts';
import { listParts } from './list-parts.ts';
import { versionOf } from './read-head.ts';
import { readDocument } from './signed/read-document.ts';
import { unreadable } from './signed/store-answer.ts';
import type { S3Ground } from './store-ground.ts';
import { escapeText, textOf } from './xml/fields.ts';

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
): Promise<StoredObject> {
  checkPartList(parts, ground.limits.maxParts, objectLabel(upload));
  const checksums = await findChecksums(ground, upload, parts, signal);
  try {
    const made = await sendList(ground, upload, partList(parts, checksums), condition, signal);
    await checkCompletion(ground, upload, made.etag, signal);
    ground.checksums.forget(upload.uploadId);
    return made;
  } catch (error) {
    throw await explainRefusal(ground, upload, error, signal);
  }
}

function partList(parts: readonly ListedPart[], checksums: readonly (string | undefined)[]): string {
  const listed = parts.map(({ partNumber, etag }, index) => {
    const checksum = checksums[index] === undefined ? '' : `<ChecksumCRC32>${checksums[index]}</ChecksumCRC32>`;
    const named = `<ETag>${escapeText(quotedEtag(etag))}</ETag>${checksum}<PartNumber>${partNumber}</PartNumber>`;
    return `<Part>${named}</Part>`;
  });
  const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
  return `<CompleteMultipartUpload xmlns="${namespace}">${listed.join('')}</CompleteMultipartUpload>`;
}

async function sendList(
  ground: S3Ground,
  upload: UploadName,
  list: string,
  condition: WriteCondition,
  signal: AbortSignal,
): Promise<StoredObject> {
  const { bucket, key, uploadId } = upload;
  const document = documentBody(list);
  const headers = { ...document.headers, ...conditionHeaders(condition) };
  return await ground.caller.run<StoredObject>(signal, {
    doing: `complete ${objectLabel(upload)}`,
    subject: { bucket, key, uploadId },
    changes: true,
    request: { method: 'POST', bucket, key, query: { uploadId }, ...document, headers },
    read: async (answer) => {
      const root = await readDocument(answer, 'CompleteMultipartUploadResult');
      const etag = bareEtag(textOf(root, 'ETag') ?? '');
      if (etag === '') throw unreadable(answer, 'it told no ETag');
      return { etag, ...versionOf(answer.headers) };
    },
  });
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
