import { SealpartError } from '../../errors.ts';
import { objectLabel } from '../directory/names.ts';
import type { StoredPart, UploadName } from '../object-store.ts';
import { bareEtag } from './etag.ts';
import { readDocument } from './signed/read-document.ts';
import type { S3Ground } from './store-ground.ts';
import { childrenOf, flagOf, numberOf, textOf } from './xml/fields.ts';

/**
 * The parts of an upload, page by page. Where the next page begins is not what the store says but the last number that
 * it gave, and numbers only go up: so a store that repeats itself cannot be listed for ever, and one whose markers are
 * wrong is listed all the same.
 */
export async function* listParts(
  ground: S3Ground,
  upload: UploadName,
  signal: AbortSignal,
): AsyncGenerator<StoredPart, void, undefined> {
  const { bucket, key, uploadId } = upload;
  const doing = `list the parts of ${objectLabel(upload)}`;
  const broken = (what: string) => new SealpartError('store', `${ground.name} could not ${doing}: ${what}.`);
  let after = 0;
  for (;;) {
    const marker = after === 0 ? {} : { 'part-number-marker': `${after}` };
    const answer = await ground.caller.run(signal, {
      doing,
      subject: { bucket, key, uploadId },
      changes: false,
      request: { method: 'GET', bucket, key, query: { uploadId, ...marker } },
      read: (answered) => readDocument(answered, 'ListPartsResult'),
    });
    const parts = childrenOf(answer, 'Part');
    for (const part of parts) {
      const [partNumber, sizeBytes] = [numberOf(part, 'PartNumber'), numberOf(part, 'Size')];
      const [tag, crc32] = [textOf(part, 'ETag'), textOf(part, 'ChecksumCRC32')];
      if (partNumber === undefined || sizeBytes === undefined || tag === undefined) {
        throw broken('a part in its list has no number, no size or no ETag');
      }
      if (partNumber <= after) throw broken(`its list goes back from part ${after} to part ${partNumber}`);
      after = partNumber;
      const etag = bareEtag(tag);
      if (crc32 !== undefined && ground.limits.checksums) ground.checksums.note(uploadId, partNumber, etag, crc32);
      yield { partNumber, sizeBytes, etag };
    }
    const isTruncated = flagOf(answer, 'IsTruncated');
    if (isTruncated === false) return;
    if (parts.length === 0) {
      if (isTruncated === true) throw broken('it says that there is more, but lists nothing');
      return;
    }
    // Where it is left out whether there is more, the next page tells: after the last part it is empty.
    if (isTruncated === undefined && (textOf(answer, 'NextPartNumberMarker') ?? '') === '') return;
  }
}
